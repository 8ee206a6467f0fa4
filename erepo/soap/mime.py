"""MIME multipart packages (RFC 2046, RFC 2387): read with exact octets and bounded everywhere.

Only a whole delimiter line (`CRLF -- boundary [blanks] CRLF`) separates parts, so a document may hold
anything else: line ends of any kind at its end, the boundary inside a line, a longer boundary of its own.
"""

import quopri
import re
from dataclasses import dataclass, field
from urllib.parse import unquote_to_bytes

from erepo.settings import Limits
from erepo.soap.errors import MalformedMultipart
from erepo.xmlsig.forms import decode_base64

_CONTENT_TYPE = 4096
_PREAMBLE = 4096
#: Lines that begin like the boundary and go on otherwise: RFC 2046 forbids them, some documents hold a few.
_NEAR_BOUNDARIES = 1000
_WORD = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_MEDIA_TYPE = re.compile(rf"[ \t]*({_WORD}/{_WORD})[ \t]*")
_PARAMETER = re.compile(rf';[ \t]*(?:({_WORD})[ \t]*=[ \t]*(?:"((?:[^"\\]|\\.)*)"|([^\s";]+)))?[ \t]*')
_ESCAPED = re.compile(r"\\(.)")
_BOUNDARY = re.compile(r"[0-9A-Za-z'()+_,./:=? -]{0,69}[0-9A-Za-z'()+_,./:=?-]")
_FOLDED = re.compile(r"\r\n[ \t]+")
_FIELD = re.compile(rf"({_WORD})[ \t]*:[ \t]*(.*)", re.DOTALL)


@dataclass(frozen=True)
class MediaType:
    """A parsed Content-Type: `value` in lower case, parameters by lower-case name."""

    value: str
    parameters: dict[str, str]


@dataclass(frozen=True)
class Part:
    """One part: its header fields by lower-case name and its decoded octets."""

    fields: dict[str, str] = field(repr=False)
    octets: memoryview = field(repr=False)

    @property
    def content_id(self) -> str:
        """Content-ID without its angle brackets; empty where there is none."""
        return self.fields.get("content-id", "").strip("<> ")


def parse_media_type(text: str) -> MediaType:
    """Parse a Content-Type header.

    Raises:
        MalformedMultipart: it is too long, has broken syntax or a parameter twice.
    """
    found = _MEDIA_TYPE.match(text) if len(text) <= _CONTENT_TYPE else None
    if not found:
        raise MalformedMultipart(rule="Content-Type is broken")
    parameters: dict[str, str] = {}
    position = found.end()
    while position < len(text):
        piece = _PARAMETER.match(text, position)
        if not piece:
            raise MalformedMultipart(rule="Content-Type has a broken parameter")
        position = piece.end()
        if piece[1] is None:
            continue
        name = piece[1].lower()
        if name in parameters:
            raise MalformedMultipart(rule="Content-Type has a parameter twice")
        parameters[name] = _unquoted(piece[2]) if piece[2] is not None else piece[3]
    return MediaType(found[1].lower(), parameters)


def _unquoted(text: str) -> str:
    return _ESCAPED.sub(r"\1", text) if "\\" in text else text


def split_parts(body: bytes | bytearray, boundary: str, limits: Limits) -> list[Part]:
    """Cut a multipart body into its parts, in their order; a part's octets are a view, not a copy.

    Args:
        body: everything after the HTTP headers.
        boundary: parameter of the Content-Type.
        limits: bounds the number of parts and their headers.

    Raises:
        MalformedMultipart: broken syntax, no final boundary, or more than the limits allow.
    """
    if not _BOUNDARY.fullmatch(boundary):
        raise MalformedMultipart(rule="boundary is missing or not allowed")
    lines = _Lines(body, b"\r\n--" + boundary.encode("ascii"))
    view, most = memoryview(body), limits.message_documents + 1
    end = lines.first()
    parts: list[Part] = []
    while body[end : end + 2] != b"--":
        if len(parts) == most:
            raise MalformedMultipart(rule=f"more than {most} parts")
        start = body.index(b"\r\n", end) + 2
        content, fields = _read_fields(body, start, limits)
        stop, end = lines.following(content - 2)
        # An empty part has its delimiter's CRLF where its header block ends.
        parts.append(Part(fields, _decode(view[content : max(stop, content)], fields)))
    return parts


class _Lines:
    """Finds the delimiter lines of a body."""

    def __init__(self, body: bytes | bytearray, delimiter: bytes) -> None:
        self._body, self._delimiter = body, delimiter
        self._near = 0

    def first(self) -> int:
        """Return the end of the first delimiter, after the preamble."""
        length = len(self._delimiter) - 2
        if self._body.startswith(self._delimiter[2:]) and self._closes(length):
            return length
        return self.following(0, _PREAMBLE)[1]

    def following(self, start: int, limit: int | None = None) -> tuple[int, int]:
        """Return (start, end) of the next delimiter, before `limit` if there is one."""
        while True:
            stop = self._body.find(self._delimiter, start, len(self._body) if limit is None else limit)
            if stop < 0:
                raise MalformedMultipart(rule="a boundary line is missing")
            end = stop + len(self._delimiter)
            if self._closes(end):
                return stop, end
            self._near += 1
            if self._near > _NEAR_BOUNDARIES:
                raise MalformedMultipart(rule="the boundary stands inside the parts")
            start = end

    def _closes(self, end: int) -> bool:
        if self._body[end : end + 2] in (b"--", b"\r\n"):
            return True
        blanks = bytes(self._body[end : end + 200]).lstrip(b" \t")
        return blanks.startswith(b"\r\n") and self._body[end : end + 1] in (b" ", b"\t")


def _read_fields(body: bytes | bytearray, start: int, limits: Limits) -> tuple[int, dict[str, str]]:
    """Return (where the content starts, header fields) of the part whose header block starts at `start`."""
    if body[start : start + 2] == b"\r\n":
        return start + 2, {}
    stop = body.find(b"\r\n\r\n", start, start + limits.part_header)
    if stop < 0:
        raise MalformedMultipart(
            rule=f"part without headers, or with more than {limits.part_header} bytes of them"
        )
    try:
        text = bytes(body[start:stop]).decode("utf-8")
    except UnicodeDecodeError:
        raise MalformedMultipart(rule="part headers are not text") from None
    lines = _FOLDED.sub(" ", text).split("\r\n")
    if len(lines) > limits.part_headers:
        raise MalformedMultipart(rule=f"more than {limits.part_headers} headers in a part")
    fields: dict[str, str] = {}
    for line in lines:
        found = _FIELD.fullmatch(line)
        if not found or "\n" in line or "\r" in line or "\0" in line:
            raise MalformedMultipart(rule="broken part header")
        name = found[1].lower()
        if name in fields:
            raise MalformedMultipart(rule="a part header twice")
        fields[name] = found[2].rstrip()
    return stop + 4, fields


def _decode(octets: memoryview, fields: dict[str, str]) -> memoryview:
    encoding = fields.get("content-transfer-encoding", "binary").lower()
    if encoding in ("binary", "8bit", "7bit"):
        return octets
    if encoding == "base64":
        return memoryview(decode_base64(bytes(octets), MalformedMultipart))
    if encoding == "quoted-printable":
        return memoryview(_decode_quoted_printable(bytes(octets)))
    raise MalformedMultipart(rule="unknown Content-Transfer-Encoding")


def _decode_quoted_printable(octets: bytes) -> bytes:
    if re.search(rb"=(?![0-9A-Fa-f]{2}|[ \t]*\r\n|[ \t]*\Z)", octets):
        raise MalformedMultipart(rule="broken quoted-printable")
    return quopri.decodestring(octets)


def content_id_of(href: str) -> str:
    """Return the content id that a `cid:` URL names (RFC 2392), percent-decoded.

    Raises:
        MalformedMultipart: another scheme, or broken escapes.
    """
    if not href.startswith("cid:") or re.search(r"%(?![0-9A-Fa-f]{2})", href):
        raise MalformedMultipart(rule="reference to an attachment is no cid: URL")
    try:
        text = unquote_to_bytes(href[4:]).decode("utf-8")
    except UnicodeDecodeError:
        raise MalformedMultipart(rule="reference to an attachment is no text") from None
    if not text or not text.isprintable():
        raise MalformedMultipart(rule="reference to an attachment has control characters")
    return text
