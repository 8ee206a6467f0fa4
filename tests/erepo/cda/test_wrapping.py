"""A patient's file inside a document of PIK's alternative form."""

import base64
from dataclasses import replace
from datetime import datetime

import pytest
from lxml import etree

from erepo.cda.attachments import embedded_files
from erepo.cda.header import read_header
from erepo.cda.kinds import Kind, recognise
from erepo.cda.media import JPEG, PDF, PNG
from erepo.cda.model import II
from erepo.cda.wrapping import Person, Wrapped, facts_of_pesel, wrap
from erepo.identifiers import oids
from tests.support.cda_documents import SCHEMA, needs_schema
from tests.support.patients_own import jpeg, pdf, png

ID = II("2.25.1234567890", "0f1e2d3c-0000-4000-8000-000000000001")
JAN = Person(II(oids.PESEL, "44051401359"), "Jan", "Kowalski & <Syn>", "19440514", "M")
NOBODY = Person(II(oids.PESEL, "44051401359"))
GIVEN = Wrapped(
    ID,
    'Wynik <"morfologia"> & Żółć',
    datetime.fromisoformat("2031-05-01T08:15:30"),
    JAN,
    II(oids.PROVIDER, "000000927722"),
    PDF,
    pdf(),
)


@pytest.mark.parametrize(("media", "octets"), [(PDF, pdf()), (JPEG, jpeg()), (PNG, png())])
def test_the_very_octets_come_out_again(media: str, octets: bytes) -> None:
    """What lies inside is what was given, and its type is told."""
    made = wrap(replace(GIVEN, media_type=media, octets=octets))
    (inside,) = embedded_files(made, len(made))
    assert (inside.octets, inside.media_type) == (octets, media)
    assert read_header(made).body_media_type == media


def test_the_header_says_who_gave_it() -> None:
    """Patient, author and signer are one, the provider keeps it; nothing of the header is odd."""
    header = read_header(wrap(GIVEN))
    assert header.warnings == ()
    assert recognise(header) is Kind.OWN_PATIENT_DOCUMENT
    assert header.document_id == header.set_id == ID
    assert (header.title, header.effective_time) == (GIVEN.title, "20310501081530")
    assert (header.patient.given, header.patient.family) == ("Jan", "Kowalski & <Syn>")
    assert header.patient.id_of(oids.PESEL) == JAN.id.extension
    assert header.legal_authenticator is not None
    assert header.author.id == header.legal_authenticator.id == JAN.id
    assert header.custodian == (GIVEN.custodian,)


def test_equal_files_are_equal_documents() -> None:
    """The same giving makes the same octets: that is how a crash makes no second document."""
    assert wrap(GIVEN) == wrap(replace(GIVEN))
    assert wrap(GIVEN) != wrap(replace(GIVEN, id=II(ID.root, "another")))


@needs_schema
@pytest.mark.parametrize(
    "given", [GIVEN, replace(GIVEN, patient=NOBODY, custodian=None), replace(GIVEN, media_type=PNG)]
)
def test_it_is_valid(given: Wrapped) -> None:
    """The official schema of PIK 1.3.1 accepts it, whatever is known of the patient."""
    schema = etree.XMLSchema(etree.parse(SCHEMA))
    assert schema.validate(etree.fromstring(wrap(given))), schema.error_log.last_error


def test_what_a_pesel_tells() -> None:
    """Birth date and sex stand in a PESEL; other numbers tell nothing."""
    assert facts_of_pesel("44051401359") == ("19440514", "M")
    assert facts_of_pesel("44051401358") == ("", "")
    assert base64.b64encode(GIVEN.octets) in wrap(GIVEN)
