"""MIME multipart packages (RFC 2046, RFC 2387): read with exact octets and bounded everywhere.

Only a whole delimiter line (`CRLF -- boundary [blanks] CRLF`) separates parts, so a document may hold
anything else: line ends of any kind at its end, the boundary inside a line, a longer boundary of its own.
"""

import binascii
import quopri
import re
from dataclasses import dataclass, field
from urllib.parse import unquote_to_bytes

import pybase64

from erepo.content import Buffer
from erepo.errors import ErepoError
from erepo.soap.errors import MalformedMultipart

_HEADER_BLOCK = 16 * 1024
_HEADERS = 32
_CONTENT_TYPE = 4096
_PREAMBLE = 4096
_WORD = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_MEDIA_TYPE = re.compile(rf"[ \t]*({_WORD}/{_WORD})[ \t]*")
_PARAMETER = re.compile(rf';[ \t]*(?:({_WORD})[ \t]*=[ \t]*(?:"((?:[^"\\]|\\.)*)"|([^\s";]+)))?[ \t]*')
_ESCAPED = re.compile(r"\\(.)")
_BOUNDARY = re.compile(r"[0-9A-Za-z'()+_,./:=? -]{0,69}[0-9A-Za-z'()+_,./:=?-]")
_FOLDED = re.compile(r"\r\n[ \t]+")
_FIELD = re.compile(rf"({_WORD})[ \t]*:[ \t]*(.*)", re.DOTALL)
_BASE64_BLANKS = b" \t\r\n"


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


def split_parts(body: bytes | bytearray, boundary: str, most: int) -> list[Part]:
    """Cut a multipart body into its parts, in their order; a part's octets are a view, not a copy.

    Args:
        body: everything after the HTTP headers.
        boundary: parameter of the Content-Type.
        most: most parts accepted.

    Raises:
        MalformedMultipart: broken syntax, no final boundary, or more than `most` parts.
    """
    if not _BOUNDARY.fullmatch(boundary):
        raise MalformedMultipart(rule="boundary is missing or not allowed")
    delimiter = b"\r\n--" + boundary.encode("ascii")
    view = memoryview(body)
    end = _first_delimiter(body, delimiter)
    parts: list[Part] = []
    while True:
        if body[end : end + 2] == b"--":
            return parts
        if len(parts) == most:
            raise MalformedMultipart(rule=f"more than {most} parts")
        start = body.index(b"\r\n", end) + 2
        content, fields = _read_fields(body, start)
        stop, end = _next_delimiter(body, delimiter, content - 2)
        # An empty part has its delimiter's CRLF where its header block ends.
        parts.append(Part(fields, _decode(view[content : max(stop, content)], fields)))


def _first_delimiter(body: bytes | bytearray, delimiter: bytes) -> int:
    if body.startswith(delimiter[2:]) and _closes_line(body, len(delimiter) - 2):
        return len(delimiter) - 2
    _, end = _next_delimiter(body, delimiter, 0, _PREAMBLE)
    return end


def _next_delimiter(
    body: bytes | bytearray, delimiter: bytes, start: int, within: int | None = None
) -> tuple[int, int]:
    limit = len(body) if within is None else within
    while True:
        stop = body.find(delimiter, start, limit)
        if stop < 0:
            raise MalformedMultipart(rule="a boundary line is missing")
        end = stop + len(delimiter)
        if _closes_line(body, end):
            return stop, end
        start = end


def _closes_line(body: bytes | bytearray, end: int) -> bool:
    if body[end : end + 2] in (b"--", b"\r\n"):
        return True
    blanks = bytes(body[end : end + 200]).lstrip(b" \t")
    return blanks.startswith(b"\r\n") and body[end : end + 1] in (b" ", b"\t")


def _read_fields(body: bytes | bytearray, start: int) -> tuple[int, dict[str, str]]:
    """Return (where the content starts, header fields) of the part whose header block starts at `start`."""
    if body[start : start + 2] == b"\r\n":
        return start + 2, {}
    stop = body.find(b"\r\n\r\n", start, start + _HEADER_BLOCK)
    if stop < 0:
        raise MalformedMultipart(
            rule=f"part without headers, or with more than {_HEADER_BLOCK} bytes of them"
        )
    try:
        text = bytes(body[start:stop]).decode("utf-8")
    except UnicodeDecodeError:
        raise MalformedMultipart(rule="part headers are not text") from None
    lines = _FOLDED.sub(" ", text).split("\r\n")
    if len(lines) > _HEADERS:
        raise MalformedMultipart(rule=f"more than {_HEADERS} headers in a part")
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


def decode_base64(octets: Buffer | str, error: type[ErepoError]) -> bytes:
    """Decode base64 that may be broken into lines; anything else outside the alphabet raises `error`."""
    raw = octets.encode("ascii", "replace") if isinstance(octets, str) else bytes(octets)
    try:
        return pybase64.b64decode(raw.translate(None, _BASE64_BLANKS), validate=True)
    except (binascii.Error, ValueError):
        raise error(rule="broken base64") from None


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
