"""Media types by the first octets, never by the name alone."""

from typing import Final

from erepo.cda.errors import DoctypeForbidden, NotXml, UnsupportedMedia
from erepo.cda.parsing import root_start
from erepo.content import Buffer

XML: Final = "text/xml"
PDF: Final = "application/pdf"
JPEG: Final = "image/jpeg"
PNG: Final = "image/png"
TIFF: Final = "image/tiff"

#: Usual file name suffix of every media type we take in.
SUFFIXES: Final = {XML: ".xml", PDF: ".pdf", JPEG: ".jpg", PNG: ".png", TIFF: ".tif"}

_MAGIC: Final = (
    (b"\xff\xd8\xff", JPEG),
    (b"\x89PNG\r\n\x1a\n", PNG),
    (b"II*\0", TIFF),
    (b"MM\0*", TIFF),
    (b"II+\0", TIFF),
    (b"MM\0+", TIFF),
    (b"%PDF-", PDF),
)


def media_type(octets: Buffer, name: str = "") -> str:  # noqa: ARG001 (part of the signature: a later type may need the name)
    """Return the media type of a document.

    Args:
        octets: the whole document, or at least its first 64 kB.
        name: its file name, if any; the content decides, so that a wrong suffix misleads nobody.

    Raises:
        DoctypeForbidden: XML with a DOCTYPE.
        UnsupportedMedia: none of the types a medical document may have here.
    """
    head = bytes(memoryview(octets)[:1024])
    for magic, found in _MAGIC:
        if head.startswith(magic):
            return found
    if head.lstrip(b"\xef\xbb\xbf\xff\xfe\0 \t\r\n").startswith(b"<") and _has_root(octets):
        return XML
    # PDF readers allow rubbish before the header, and some scanners write it.
    if b"%PDF-" in head:
        return PDF
    raise UnsupportedMedia


def _has_root(octets: Buffer) -> bool:
    try:
        root_start(octets)
    except DoctypeForbidden:
        raise
    except NotXml:
        return False
    return True
