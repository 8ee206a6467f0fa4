"""Files that patients give: what is taken, and what is refused for which reason."""

import random
import zipfile
from contextlib import nullcontext, suppress
from io import BytesIO
from itertools import count

import pytest

from erepo.cda.errors import (
    DoctypeForbidden,
    DocumentTooLarge,
    GivenActive,
    GivenDamaged,
    GivenPatientDiffers,
    GivenPictureTooLarge,
    GivenTypeRefused,
    NotXml,
)
from erepo.cda.given import _PIECE, given_type
from erepo.cda.media import JPEG, PDF, PNG, XML
from erepo.cda.samples.pages import MEDIA, page
from erepo.errors import InvalidInput
from tests.support import cda_documents as cda
from tests.support.patients_own import OTHER, PATIENT, jpeg, pdf, png

LIMIT = 1024 * 1024


def archive() -> bytes:
    """Return a ZIP archive whose one file would fill 10 MB."""
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("wynik.pdf", bytes(10 * 1024**2))
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("octets", "wanted"),
    [
        (pdf(), PDF),
        (pdf(b"/S /GoTo /Type /Annot"), PDF),
        (jpeg(), JPEG),
        (jpeg(behind=b"what a phone writes behind"), JPEG),
        (png(), PNG),
        (png(behind=b"left over of a larger one"), PNG),
        (cda.document(), XML),
    ],
    ids=count(),  # the octets bear the moment they were made in, and each process of tests must name the same
)
def test_what_is_taken(octets: bytes, wanted: str) -> None:
    """PDF, pictures and the patient's own CDA documents pass, by their octets."""
    assert given_type(octets, PATIENT, LIMIT) == wanted


@pytest.mark.parametrize("media", [media for media in MEDIA if media in (PDF, JPEG, PNG)])
def test_pages_that_programs_have_written(media: str) -> None:
    """Whole pages, as real programs write them, pass."""
    assert given_type(page(media, 0, 60_000), PATIENT, LIMIT) == media


@pytest.mark.parametrize(
    ("octets", "wanted"),
    [
        (b"", GivenTypeRefused),
        (b"MZ\x90\0 a program", GivenTypeRefused),
        (archive(), GivenTypeRefused),
        (archive() + pdf(), GivenTypeRefused),
        (b"GIF89a" + pdf(), GivenTypeRefused),
        (b"\n" + pdf(), GivenTypeRefused),
        (b"<html><script>alert(1)</script></html>", GivenTypeRefused),
        (b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", GivenTypeRefused),
        (b"%PDF-1.7 cut off", GivenDamaged),
        (pdf() + bytes(4096), GivenDamaged),
        (pdf(b"<< /S /JavaScript /JS (app.alert) >>"), GivenActive),
        (pdf(b"<< /S /J#61vaScript /JS (app.alert) >>"), GivenActive),
        (pdf(b"<< /S /#4aavaScript >>"), GivenActive),
        (pdf(b"<< /S /#4A#61#76#61#53#63#72#69#70#74 >>"), GivenActive),
        (pdf(b"<< /S /Launch /F (cmd.exe) >>"), GivenActive),
        (cda.document(rest=f"<a>{'=' * 400_000}</a>"), DocumentTooLarge),
        (pdf(b"<< /Encrypt 5 0 R >>"), GivenActive),
        (jpeg()[:-2], GivenDamaged),
        (jpeg()[:20], GivenDamaged),
        (b"\xff\xd8\xff\xe0", GivenDamaged),
        (jpeg(60_000, 60_000), GivenPictureTooLarge),
        (jpeg(0, 5), GivenDamaged),
        (b"\xff\xd8" + b"\xff" * 900_000, GivenDamaged),
        (b"\xff\xd8" + b"\xff\xe1\0\2" * 200_000, GivenDamaged),
        (png()[:33] + bytes(4) + b"tEXt" + bytes(900_000), GivenDamaged),
        (png()[:-8], GivenDamaged),
        (png(50_000, 50_000), GivenPictureTooLarge),
        (cda.document(template=""), GivenTypeRefused),
        (cda.document()[:-5], NotXml),
        (cda.document(prolog='<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "b">]>'), DoctypeForbidden),
        (pdf(bytes(LIMIT)), DocumentTooLarge),
    ],
    ids=count(),
)
def test_what_is_refused(octets: bytes, wanted: type[InvalidInput]) -> None:
    """Programs, archives, pages with scripts, bombs, halves and disguises: each with its own reason."""
    with pytest.raises(wanted) as raised:
        given_type(octets, PATIENT, LIMIT)
    for language in ("pl", "en"):
        assert all(raised.value.explain(language))


def test_names_are_found_wherever_they_stand() -> None:
    """A PDF is searched in pieces: a name at any place across their border is found, a longer one is none."""
    for place in range(_PIECE - 34, _PIECE + 2):
        for name, refused in ((b"/#4a#61#76#61#53#63#72#69#70#74 ", True), (b"/JavaScripted ", False)):
            octets = b"%PDF-1.7\n".ljust(place, b" ") + name + b"\n%%EOF\n"
            with pytest.raises(GivenActive) if refused else nullcontext():
                assert given_type(octets, PATIENT, LIMIT) == PDF


def test_documents_of_others_are_refused() -> None:
    """A CDA document must bear the number of the one who gives it, and no second one."""
    with pytest.raises(GivenPatientDiffers):
        given_type(cda.document(), OTHER, LIMIT)
    both = cda.PATIENT.replace(
        "<patientRole>", f'<patientRole><id root="{OTHER.authority_oid}" extension="{OTHER.id}"/>'
    )
    with pytest.raises(GivenPatientDiffers):
        given_type(cda.document(patient=both), PATIENT, LIMIT)


def test_rubbish_ends_in_typed_refusals() -> None:
    """Whatever is done to a file, it passes or is refused by one of our errors; nothing else is raised."""
    chance = random.Random(8)
    for start in (pdf(), jpeg(), png(), cda.document()):
        for _ in range(300):
            octets = bytearray(start)
            for _ in range(chance.randint(1, 6)):
                octets[chance.randrange(len(octets))] = chance.randrange(256)
            with suppress(InvalidInput):
                given_type(octets[: chance.randint(1, len(octets))], PATIENT, LIMIT)
