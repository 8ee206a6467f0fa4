"""Files that patients give: which of them are taken at all, by their octets alone.

Nothing is opened, unpacked or drawn here: markers are looked for, and what they say is bounded. A file that
passes is still never trusted: it is kept as it is, and given out as a download of exactly one type. Scripts
that hide in a PDF's compressed objects are not found; no program of ours would run them.
"""

import re
from collections.abc import Sequence
from typing import Final

from erepo.cda.errors import (
    DocumentTooLarge,
    GivenActive,
    GivenDamaged,
    GivenPatientDiffers,
    GivenPictureTooLarge,
    GivenTypeRefused,
)
from erepo.cda.header import is_cda, read_header
from erepo.cda.media import JPEG, PDF, PNG, XML
from erepo.cda.parsing import check_markup
from erepo.content import Buffer
from erepo.identifiers.hl7 import CX
from erepo.identifiers.oids import PESEL
from erepo.texts import Text

#: Types that patients may give, by what they are here.
TYPES: Final = (PDF, JPEG, PNG, XML)
#: Most pixels of a picture, in millions: a sheet of A3 at 600 dpi has 70.
PIXELS: Final = 100

#: Most segments or chunks looked at: files of 20 MB have some thousands, hostile ones millions.
_STEPS: Final = 50_000
_PNG: Final = b"\x89PNG\r\n\x1a\n"
#: `%%EOF` stands in the last kilobyte of a PDF (ISO 32000-1, annex H.3.18); some programs write more behind.
_TAIL: Final = 2048
_SCRIPT: Final = Text("a script", "skrypt")
_LAUNCH: Final = Text("a program to start", "uruchamianie programu")
_LOCKED: Final = Text("a password", "hasło")
_ACTIVE: Final = {b"JavaScript": _SCRIPT, b"Launch": _LAUNCH, b"Encrypt": _LOCKED}
#: Markers of JPEG that begin a frame: SOF0 to SOF15 without DHT, JPG and DAC.
_FRAMES: Final = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
#: Octets searched at one go, and more than the longest of the names with what shows its end.
_PIECE, _LONGEST = 256 * 1024, 64
#: Most tags and attributes: ten times what the largest documents of hospitals have, a second's work to read.
_MARKUP: Final = 400_000


def _spelt(name: bytes) -> bytes:
    """Return what finds a name of PDF: each letter may be written as `#4a` (ISO 32000-1, 7.3.5)."""
    return b"".join(b"(?:%c|#(?i:%02x))" % (letter, letter) for letter in name)


#: One search for all: patients' files are large, and hostile ones made of names.
_NAMES: Final = re.compile(
    b"/(?:%b)(?![A-Za-z]|#[0-9A-Fa-f]{2})" % b"|".join(b"(%b)" % _spelt(each) for each in _ACTIVE)
)


def given_type(octets: Buffer, patient: CX, limit: int) -> str:
    """Return the media type of a file that a patient gives.

    Args:
        octets: the file.
        patient: who gives it; a CDA document must be about them.
        limit: most bytes accepted.

    Raises:
        DocumentTooLarge: more bytes than that.
        GivenRefused: one of its leaves; the file is not taken.
        NotXml, DoctypeForbidden, HeaderIncomplete: it claims to be a CDA document and is none.
    """
    size = len(octets)
    if size > limit:
        raise DocumentTooLarge(size=size, limit=limit, unit="bytes")
    start = bytes(memoryview(octets)[:8])
    if start.startswith(b"%PDF-"):
        _check_pdf(octets)
        return PDF
    if start.startswith(b"\xff\xd8\xff"):
        _check_jpeg(octets)
        return JPEG
    if start == _PNG:
        _check_png(octets)
        return PNG
    if is_cda(octets):
        _check_cda(octets, patient, limit)
        return XML
    raise GivenTypeRefused


def _check_cda(octets: Buffer, patient: CX, limit: int) -> None:
    check_markup(octets, _MARKUP)
    header = read_header(octets, limit=limit)
    if not header.template_root:
        raise GivenTypeRefused
    _expect_patient(patient, [CX(each.extension, each.root) for each in header.patient.ids])


def _expect_patient(patient: CX, named: Sequence[CX]) -> None:
    """Only numbers of one register can be compared; a document without one is nobody's for sure.

    Raises:
        GivenPatientDiffers: it is somebody else's, or may be.
    """
    theirs = {each.id for each in named if each.authority_oid == patient.authority_oid}
    if patient.id not in theirs or (patient.authority_oid == PESEL and len(theirs) > 1):
        raise GivenPatientDiffers


def _check_pdf(octets: Buffer) -> None:
    whole = memoryview(octets)
    if b"%%EOF" not in bytes(whole[-_TAIL:]):
        raise GivenDamaged
    for start in range(0, len(whole), _PIECE):  # others get their turn in between: a search lets nobody in
        found = _NAMES.search(whole, start, start + _PIECE + _LONGEST)
        if found is not None and found.lastindex is not None and found.start() < start + _PIECE:
            raise GivenActive(what=list(_ACTIVE.values())[found.lastindex - 1])


def _check_jpeg(octets: Buffer) -> None:
    """Walk the segments up to the first scan; behind the picture phones write what they like."""
    whole, place = memoryview(octets), 2
    seen = False
    for _ in range(_STEPS):
        if place + 4 > len(whole) or whole[place] != 0xFF:
            raise GivenDamaged
        marker = whole[place + 1]
        if marker == 0xFF:  # filling
            place += 1
            continue
        length = int.from_bytes(whole[place + 2 : place + 4], "big")
        if length < 2:
            raise GivenDamaged
        if marker in _FRAMES:
            if length < 8 or place + 9 > len(whole):
                raise GivenDamaged
            high, wide = (int.from_bytes(whole[place + at : place + at + 2], "big") for at in (5, 7))
            _check_pixels(wide, high)
            seen = True
        place += 2 + length
        if marker == 0xDA:
            break
    else:
        raise GivenDamaged
    if not seen or bytes(octets).rfind(b"\xff\xd9", place) < 0:
        raise GivenDamaged


def _check_png(octets: Buffer) -> None:
    """Walk the chunks from IHDR to IEND; nothing is unpacked."""
    whole, place, first = memoryview(octets), 8, True
    for _ in range(_STEPS):
        if place + 12 > len(whole):
            break
        length = int.from_bytes(whole[place : place + 4], "big")
        name = bytes(whole[place + 4 : place + 8])
        if first:
            if name != b"IHDR" or length != 13:
                raise GivenDamaged
            wide, high = (int.from_bytes(whole[place + at : place + at + 4], "big") for at in (8, 12))
            _check_pixels(wide, high)
            first = False
        place += 12 + length
        if name == b"IEND":
            if place > len(whole):
                raise GivenDamaged
            return
    raise GivenDamaged


def _check_pixels(wide: int, high: int) -> None:
    if not wide or not high:
        raise GivenDamaged
    if wide * high > PIXELS * 1_000_000:
        raise GivenPictureTooLarge(limit=PIXELS)
