"""Files that lie inside a CDA document in base64: PIK's alternative form, `observationMedia`, `nonXMLBody`.

Sources: PIK 1.3.1 entry 2.16.840.1.113883.3.4424.13.10.4.49 (`value`, `@mediaType`, `representation="B64"`);
CDA R2 4.3.1.1 (`nonXMLBody/text`).
"""

import binascii
from dataclasses import dataclass, field
from typing import Final

from erepo.cda.elements import V3
from erepo.cda.errors import DocumentTooLarge
from erepo.cda.media import media_type
from erepo.cda.parsing import parse_into
from erepo.cda.rendering import PICTURE
from erepo.content import Buffer
from erepo.errors import ErepoError

#: Most attachments of one document.
MOST: Final = 500
#: What a browser shows inside a page, by its first octets; and where our stylesheet looks for it.
_SHOWN: Final = {"image/png", "image/jpeg", "image/gif"}
_UNKNOWN: Final = "application/octet-stream"
_HOLDERS: Final = frozenset({f"{V3}value", f"{V3}text"})
_DISPLAYED: Final = frozenset({f"{V3}observationMedia", f"{V3}nonXMLBody"})


@dataclass(frozen=True)
class Embedded:
    """One file inside a document.

    Attributes:
        number: from 1, in the order of the document.
        octets: decoded.
        media_type: by the octets, never by what the document says; `application/octet-stream` if unknown.
        shown: whether a page of our stylesheet shows it: a picture, said to be one, where pictures belong.
    """

    number: int
    octets: bytes = field(repr=False)
    media_type: str
    shown: bool = False


def embedded_files(octets: Buffer, limit: int) -> list[Embedded]:
    """Return the files inside a document; broken base64 is left out, as a page leaves it out.

    Args:
        octets: the document as received.
        limit: most bytes accepted.

    Raises:
        DocumentTooLarge: more bytes, markup or attachments than accepted.
        NotXml, DoctypeForbidden: no document to look into.
    """
    found: list[Embedded] = parse_into(octets, limit, _Finder())
    return found


class _Finder:
    """Parser target: keeps the text of elements in base64, nothing else."""

    def __init__(self) -> None:
        self._found: list[Embedded] = []
        self._said, self._parents, self._in_place = "", list[str](), False
        self._inside = 0
        self._pieces: list[str] = []

    def start(self, tag: str, attributes: dict[str, str], nsmap: dict[str, str]) -> None:  # noqa: ARG002 (lxml's own signature)
        self._parents.append(tag)
        if self._inside:
            self._inside += 1
        elif tag in _HOLDERS and attributes.get("representation") == "B64":
            self._inside, self._said, self._pieces = 1, attributes.get("mediaType", "").strip(), []
            self._in_place = len(self._parents) > 1 and self._parents[-2] in _DISPLAYED

    def data(self, text: str) -> None:
        if self._inside == 1:
            self._pieces.append(text)

    def end(self, tag: str) -> None:  # noqa: ARG002 (lxml's own signature)
        self._parents.pop()
        if not self._inside:
            return
        self._inside -= 1
        if self._inside or not (text := "".join("".join(self._pieces).split())):
            return
        try:
            octets = binascii.a2b_base64(text, strict_mode=True)
        except (binascii.Error, ValueError):
            return
        if len(self._found) == MOST:
            raise DocumentTooLarge(size=MOST + 1, limit=MOST, unit="attachments")
        kind = _kind(octets)
        said = self._said in _SHOWN and kind == self._said
        shown = said and self._in_place and len(octets) <= PICTURE
        self._found.append(Embedded(len(self._found) + 1, octets, kind, shown))

    def close(self) -> list[Embedded]:
        return self._found


def _kind(octets: bytes) -> str:
    if octets.startswith(b"GIF8"):
        return "image/gif"
    try:
        return media_type(octets)
    except ErepoError:
        return _UNKNOWN
