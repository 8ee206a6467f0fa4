"""Octets to an XML tree, safely: our limits first, then libxml2 with its own lifted.

libxml2 refuses text nodes over 10 MB, and PIK documents carry larger scans in one node; `huge_tree` lifts
that limit together with libxml2's protection against entity attacks. So a DOCTYPE, the only door to entities,
is refused before the parser runs, and sizes and amounts of markup are bounded here.
"""

import re
from typing import Any, Final

from lxml import etree

from erepo.cda.errors import DoctypeForbidden, DocumentTooLarge, NotXml
from erepo.content import Buffer

#: Most `<` and `=` in a document: about that many tags and attributes. libxml2 needs some 200 bytes for each.
MARKUP_LIMIT: Final = 4_000_000
#: Above this, in bytes, a document with little markup (a scan in base64) is read without keeping its text.
LARGE: Final = 1024 * 1024
#: Bytes of the prolog examined at most; official documents need 120.
PROLOG: Final = 64 * 1024
_STEP: Final = 64 * 1024

_UTF16: Final = {b"\xff\xfe": "utf-16-le", b"\xfe\xff": "utf-16-be", b"<\0": "utf-16-le", b"\0<": "utf-16-be"}
_UTF32: Final = {
    b"\xff\xfe\0\0": "utf-32-le",
    b"\0\0\xfe\xff": "utf-32-be",
    b"<\0\0\0": "utf-32-le",
    b"\0\0\0<": "utf-32-be",
}
_ENCODING: Final = re.compile(rb"""^<\?xml\s[^>]*?\bencoding\s*=\s*["']([A-Za-z][\w.-]*)["']""")
_ASCII_BASED: Final = re.compile(rb"utf-?8|us-ascii|ascii|iso-8859-\d+|windows-125\d|cp125\d", re.IGNORECASE)
#: Encodings that are not read here, but in which markup stands as ASCII as well.
_PLAIN_TOO: Final = re.compile(
    rb"(?:utf|ucs)-?(?:16|32|2|4)(?:[lb]e)?|koi8-[a-z]+|iso_8859-\d+|latin-?\d+|gb2312|gbk|gb18030|big5|shift_jis|euc-[a-z]+",
    re.IGNORECASE,
)
_MISC: Final = re.compile(rb"(?>\s+|<\?(?!xml\s).*?\?>|<!--.*?-->)*+", re.DOTALL)
_DECLARATION: Final = re.compile(rb"^<\?xml\s.*?\?>", re.DOTALL)
#: Passed to lxml; a mapping of Any because its type stubs take no unpacked dictionaries of mixed keywords.
_OPTIONS: Final[dict[str, Any]] = {
    "resolve_entities": False,
    "no_network": True,
    "load_dtd": False,
    "dtd_validation": False,
    "huge_tree": True,
    "remove_comments": True,
    "remove_pis": True,
    "recover": False,
}


def root_start(octets: Buffer) -> bytes:
    """Return the document from the `<` of its root element on (at most 64 kB of it), as UTF-8.

    Raises:
        DoctypeForbidden: a DOCTYPE comes before the root.
        NotXml: no root element follows the prolog, or the encoding is one that could hide markup.
    """
    head = _head(octets)
    declaration = _DECLARATION.match(head)
    misc = _MISC.match(head, declaration.end() if declaration else 0)
    rest = head[misc.end() if misc else 0 :]
    if rest[:9].upper() == b"<!DOCTYPE":
        raise DoctypeForbidden
    if not re.match(rb"<[^\s!?<>/]", rest):
        raise NotXml(line=1, column=1)
    return rest


def plain(octets: Buffer) -> Buffer:
    """Return a document whose markup can be searched as ASCII: itself, or, of UTF-16 and -32, its UTF-8."""
    start = bytes(memoryview(octets)[:4])
    wide = _UTF32.get(start) or _UTF16.get(start[:2])
    if wide is None:
        return octets
    return bytes(octets).decode(wide, "ignore").lstrip("\ufeff").encode(errors="ignore")


def hides_markup(octets: Buffer) -> bool:
    """Tell whether a document names an encoding in which markup may stand without its ASCII (UTF-7, say)."""
    start = bytes(memoryview(octets)[:PROLOG]).removeprefix(b"\xef\xbb\xbf")
    named = _ENCODING.match(start)
    return bool(named and not _ASCII_BASED.fullmatch(named[1]) and not _PLAIN_TOO.fullmatch(named[1]))


def _head(octets: Buffer) -> bytes:
    head = bytes(memoryview(octets)[:PROLOG])
    if utf16 := _UTF16.get(head[:2]):
        head = head.decode(utf16, "ignore").lstrip("\ufeff").encode(errors="ignore")
        if b"\0" in head:  # UTF-32 begins alike, and no document holds this character
            raise NotXml(line=1, column=1)
        return head
    head = head.removeprefix(b"\xef\xbb\xbf")
    named = _ENCODING.match(head)
    if named and not _ASCII_BASED.fullmatch(named[1]):
        raise NotXml(line=1, column=1)
    return head


def parse(octets: Buffer, limit: int) -> etree._Element:
    """Parse a whole document and return its root; well-formedness of every byte is checked.

    The root of a large document with little markup lacks the text of elements after the header (`component`).

    Args:
        octets: the document; not copied as a whole when large.
        limit: most bytes accepted.

    Raises:
        DocumentTooLarge: more bytes or more markup than accepted.
        DoctypeForbidden: the document has a DOCTYPE.
        NotXml: the document is not well-formed.
    """
    size = len(octets)
    if size > limit:
        raise DocumentTooLarge(size=size, limit=limit, unit="bytes")
    root_start(octets)
    markup = check_markup(octets, MARKUP_LIMIT)
    try:
        root = _parse_large(octets) if size > LARGE and markup * 256 < size else _parse_small(octets)
    except etree.XMLSyntaxError as error:
        line, column = error.position
        raise NotXml(line=line, column=column) from None
    if root.getroottree().docinfo.internalDTD is not None:
        raise DoctypeForbidden
    return root


def check_markup(octets: Buffer, limit: int) -> int:
    """Return about how many tags and attributes a document has; nothing is parsed.

    Raises:
        DocumentTooLarge: more than that.
    """
    count = 0
    for start in range(0, len(octets), LARGE):
        piece = bytes(memoryview(octets)[start : start + LARGE])
        count += piece.count(b"<") + piece.count(b"=")
    if count > limit:
        raise DocumentTooLarge(size=count, limit=limit, unit="tags and attributes")
    return count


def _parse_small(octets: Buffer) -> etree._Element:
    root: etree._Element = etree.fromstring(bytes(octets), etree.XMLParser(**_OPTIONS))
    return root


def _parse_large(octets: Buffer) -> etree._Element:
    root: etree._Element = _feed(octets, _WithoutBodyText())
    return root


def parse_into(octets: Buffer, limit: int, target: Any) -> Any:
    """Parse a whole document into a target of one's own (lxml's parser target), within the same limits.

    Returns:
        What the target's `close` returns.

    Raises:
        DocumentTooLarge, DoctypeForbidden, NotXml: see `parse`.
    """
    if len(octets) > limit:
        raise DocumentTooLarge(size=len(octets), limit=limit, unit="bytes")
    root_start(octets)
    check_markup(octets, MARKUP_LIMIT)
    try:
        return _feed(octets, target)
    except etree.XMLSyntaxError as error:
        line, column = error.position
        raise NotXml(line=line, column=column) from None


def _feed(octets: Buffer, target: Any) -> Any:  # the stubs know no target that is told of namespaces
    parser = etree.XMLParser(target=target, **_OPTIONS)
    view = memoryview(octets)
    for start in range(0, len(view), _STEP):
        parser.feed(bytes(view[start : start + _STEP]))
    return parser.close()


class _WithoutBodyText:
    """Parser target: builds the same tree without the text of the body, so that memory stays flat."""

    def __init__(self) -> None:
        builder: Any = etree.TreeBuilder()
        self._builder, self.end, self.close = builder, builder.end, builder.close
        self._in_body = False

    def start(self, tag: str, attributes: dict[str, str], nsmap: dict[str, str]) -> None:
        self._in_body = self._in_body or tag == "{urn:hl7-org:v3}component"
        # The parser names the default namespace "", the builder wants None.
        self._builder.start(tag, attributes, {prefix or None: uri for prefix, uri in nsmap.items()})

    def data(self, text: str) -> None:
        if not self._in_body:
            self._builder.data(text)
