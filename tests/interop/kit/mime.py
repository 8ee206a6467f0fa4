"""The kit's own multipart writer and reader: every form that RFC 2387 and RFC 2045 allow."""

from __future__ import annotations

import base64
import quopri
import re
from dataclasses import dataclass

SOAP_TYPE = "application/soap+xml"
XOP_TYPE = "application/xop+xml"
BOUNDARY = "MIMEBoundary_0011223344"


@dataclass
class Part:
    """One part: its octets and how they are to be written."""

    content: bytes
    cid: str | None
    type: str = "application/octet-stream"
    encoding: str | None = "binary"
    brackets: bool = True
    extra: tuple[str, ...] = ()
    lower: bool = False

    def write(self) -> bytes:
        """Headers and body, without the boundary."""
        lines = [f"Content-Type: {self.type}"]
        if self.encoding:
            lines.append(f"Content-Transfer-Encoding: {self.encoding}")
        if self.cid is not None:
            lines.append(f"Content-ID: <{self.cid}>" if self.brackets else f"Content-ID: {self.cid}")
        lines += self.extra
        if self.lower:
            lines = [name.lower() + ":" + value for name, _, value in (line.partition(":") for line in lines)]
        kind = (self.encoding or "binary").lower()
        body = self.content
        if kind == "base64":
            body = base64.encodebytes(body).replace(b"\n", b"\r\n")
        elif kind == "quoted-printable":
            body = quoted_printable(body)
        return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def quoted_printable(content: bytes) -> bytes:
    """Quoted-printable of binary content: line ends and blanks written as codes, soft breaks by CRLF."""
    coded = "".join(chr(c) if 33 <= c <= 126 and c != 61 else f"={c:02X}" for c in content)
    pieces = re.findall(r"(?:=[0-9A-F]{2}|[^=]){1,24}", coded)
    return "=\r\n".join(pieces).encode()


def root(envelope: bytes, cid: str = "root@kit", **options: object) -> Part:
    """The root part with the usual type."""
    kind = options.pop("type", f'{XOP_TYPE}; charset=UTF-8; type="{SOAP_TYPE}"')
    return Part(envelope, cid, str(kind), **options)  # type: ignore[arg-type]


def write(parts: list[Part], boundary: str = BOUNDARY, preamble: bytes = b"", epilogue: bytes = b"") -> bytes:
    """The multipart body."""
    edge = b"--" + boundary.encode()
    body = b"".join(edge + b"\r\n" + part.write() + b"\r\n" for part in parts)
    return preamble + body + edge + b"--\r\n" + epilogue


def content_type(start: str | None = "root@kit", boundary: str = BOUNDARY, action: str = "") -> str:
    """The Content-Type of the message as the profile's samples write it."""
    written = f'multipart/related; type="{XOP_TYPE}"; '
    if start is not None:
        written += f'start="<{start}>"; '
    written += f'start-info="{SOAP_TYPE}"; boundary="{boundary}"'
    return written + (f'; action="{action}"' if action else "")


def parameter(header: str, name: str) -> str | None:
    """A parameter of a Content-Type."""
    found = re.search(rf';\s*{name}\s*=\s*(?:"([^"]*)"|([^\s;]+))', header, re.IGNORECASE)
    return None if found is None else found.group(1) or found.group(2)


def read(header: str, body: bytes) -> list[tuple[dict[str, str], bytes]]:
    """Parts of an answer, strictly: CRLF, closing boundary, headers in lower case."""
    boundary = parameter(header, "boundary")
    assert boundary, header
    edge = b"\r\n--" + boundary.encode()
    pieces = (b"\r\n" + body).split(edge)
    assert pieces[-1].startswith(b"--"), "no closing boundary"
    parts = []
    for piece in pieces[1:-1]:
        head, _, content = piece.removeprefix(b"\r\n").partition(b"\r\n\r\n")
        fields = dict(line.split(":", 1) for line in head.decode().split("\r\n"))
        headers = {name.strip().lower(): value.strip() for name, value in fields.items()}
        encoding = headers.get("content-transfer-encoding", "7bit").lower()
        if encoding == "base64":
            content = base64.b64decode(content)
        elif encoding == "quoted-printable":
            content = quopri.decodestring(content)
        parts.append((headers, content))
    return parts
