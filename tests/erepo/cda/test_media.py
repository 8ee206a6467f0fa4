"""Media types by content."""

import pytest

from erepo.cda.errors import DoctypeForbidden, UnsupportedMedia
from erepo.cda.media import SUFFIXES, media_type
from tests.support.cda_documents import document


@pytest.mark.parametrize(
    ("octets", "media"),
    [
        (b"%PDF-1.7\n", "application/pdf"),
        (b"\r\nscanner 3000\r\n%PDF-1.4\n", "application/pdf"),
        (b"\xff\xd8\xff\xe0", "image/jpeg"),
        (b"\x89PNG\r\n\x1a\n", "image/png"),
        (b"II*\0", "image/tiff"),
        (b"MM\0*", "image/tiff"),
        (b"II+\0", "image/tiff"),
        (b"MM\0+", "image/tiff"),
        (b"<a/>", "text/xml"),
        (b"\xef\xbb\xbf<?xml version='1.0'?><a/>", "text/xml"),
        ("<a/>".encode("utf-16"), "text/xml"),
        (b"<a>%PDF-1.4</a>", "text/xml"),
        (document(), "text/xml"),
    ],
)
def test_content_decides(octets: bytes, media: str) -> None:
    """The first octets tell the type, whatever the file is called."""
    assert media_type(octets, "wrong.docx") == media
    assert media_type(memoryview(octets)) == media
    assert media in SUFFIXES


@pytest.mark.parametrize(
    "octets", [b"", b"PK\x03\x04", b"plain text", b"<", b"< a/>", b"GIF89a", b"\0\0\0\0", b"II"]
)
def test_other_types_are_refused(octets: bytes) -> None:
    """Archives, office files, plain text and empty files are no medical documents here."""
    with pytest.raises(UnsupportedMedia):
        media_type(octets, "scan.pdf")


def test_xml_with_doctype_is_refused() -> None:
    """An XML attachment with a DOCTYPE is refused for that, as a CDA document would be."""
    with pytest.raises(DoctypeForbidden):
        media_type(b"<!DOCTYPE html><html/>")
