"""MIME packages as other toolkits write them, of messages that are signed already."""

import base64
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from urllib.parse import quote

from erepo.soap.mtom import unpack
from erepo.soap.names import XOP
from tests.support.soap_messages import LIMITS

#: 11 octets a line, as some senders fold.
LINES = 15


def _documents(content_type: str, octets: bytes) -> dict[str, bytes]:
    """Return the documents of a package by their ids, in their order."""
    received = unpack(content_type, octets, LIMITS)
    return {cid: bytes(received.attachments[cid]) for cid in received.includes.values()}


@dataclass(frozen=True)
class Writer:
    """Another toolkit's way to write the package of a message that is signed already.

    Attributes:
        order: of the parts; 0 is the root.
        root: header lines of the root, without its id.
        encode: transfer encoding and what does it.
        outer: parameters of the HTTP Content-Type.
        cid: how an attachment's id is written, in the part and in the include.
        line: a header line of an attachment's id.
        inline: numbers of the documents in place, and how their base64 is written.
    """

    order: Sequence[int] = (0, 1, 2, 3)
    root: str = 'Content-Type: application/xop+xml; charset=UTF-8; type="application/soap+xml"'
    encode: tuple[str, Callable[[bytes], bytes]] = ("binary", bytes)
    outer: str = 'type="application/xop+xml"; start="<root@x>"; start-info="application/soap+xml"'
    cid: tuple[str, str] = ("document-{}@test", "document-{}@test")
    line: str = "Content-ID: <{}>"
    inline: Sequence[int] = ()
    boundary: str = "uuid:5d0c3f8e"
    preamble: bytes = b""
    epilogue: bytes = b""
    padding: bytes = b""
    root_encoding: tuple[str, Callable[[bytes], bytes]] = ("8bit", bytes)
    media: str = "multipart/related"
    around: str = "{}"

    def write(self, message: tuple[str, bytes]) -> tuple[str, bytes]:
        """Write a message of ours, signed or not, as another toolkit would.

        Args:
            message: Content-Type and octets of an MTOM package by `erepo.soap.message`.
        """
        content_type, octets = message
        documents = _documents(content_type, octets)
        start, end = octets.index(b"<soap:Envelope"), octets.index(b"</soap:Envelope>") + 16
        xml = octets[start:end].decode()
        parts: list[bytes] = []
        for number, (cid, document) in enumerate(documents.items()):
            include = f'<xop:Include xmlns:xop="{XOP}" href="cid:{cid}"></xop:Include>'
            assert include in xml
            ours = include.replace(cid, self.cid[1].format(number))
            if number in self.inline:
                ours = base64.b64encode(document).decode()
            else:
                parts.append(self._part(self.line.format(self.cid[0].format(number)), document, self.encode))
            xml = xml.replace(include, self.around.format(ours))
        parts.insert(0, self._part(f"{self.root}\r\nContent-ID: <root@x>", xml.encode(), self.root_encoding))
        chosen = [parts[number] for number in self.order if number < len(parts)]
        body = b"".join(chosen) + f"--{self.boundary}--".encode() + self.epilogue
        content_type = f'{self.media}; boundary="{self.boundary}"; {self.outer}'
        return content_type.rstrip("; "), self.preamble + body

    def _part(self, head: str, octets: bytes, encoding: tuple[str, Callable[[bytes], bytes]]) -> bytes:
        name, encode = encoding
        fields = f"{head}\r\nContent-Transfer-Encoding: {name}"
        line = f"--{self.boundary}".encode() + self.padding
        return line + b"\r\n" + fields.encode() + b"\r\n\r\n" + encode(octets) + b"\r\n"


def printable(octets: bytes) -> bytes:
    """Encode as quoted-printable in lines of 73, every octet escaped."""
    lines = [octets[at : at + 24] for at in range(0, len(octets), 24)]
    return b"=\r\n".join(b"".join(b"=%02X" % each for each in line) for line in lines)


def folded(octets: bytes) -> bytes:
    """Encode as base64 in short lines."""
    text = base64.b64encode(octets)
    return b"\r\n".join(text[at : at + LINES] for at in range(0, len(text), LINES))


plain = Writer()
XOP_ROOT = 'type="application/xop+xml"'
NAMED_TWICE = 'TYPE="Application/XOP+XML"; START="<root@x>"'
TEXT_ROOT = "Content-Type: text/xml; charset=UTF-8"
WRITERS = {
    "as we write": plain,
    "the root last": replace(plain, order=(1, 2, 3, 0)),
    "the root in the middle": replace(plain, order=(3, 1, 0, 2)),
    "attachments the other way round": replace(plain, order=(0, 3, 2, 1)),
    "no start": replace(plain, outer=XOP_ROOT),
    "no start and no type": replace(plain, outer=""),
    "start without brackets": replace(plain, outer='start="root@x"', order=(1, 0, 2, 3)),
    "start without quotes": replace(
        plain, outer="start=<root@x>; type=application/xop+xml", order=(2, 1, 0, 3)
    ),
    "7bit announced": replace(plain, encode=("7bit", bytes)),
    "8BIT announced": replace(plain, encode=("8BIT", bytes)),
    "base64": replace(plain, encode=("base64", base64.b64encode)),
    "Base64 in lines": replace(plain, encode=("Base64", base64.encodebytes)),
    "base64 in short lines": replace(plain, encode=("BASE64", folded)),
    "quoted-printable": replace(plain, encode=("quoted-printable", printable)),
    "the root in base64": replace(plain, root_encoding=("base64", base64.encodebytes)),
    "the root quoted-printable": replace(plain, root_encoding=("quoted-printable", printable)),
    "one document in place": replace(plain, inline=(1,), order=(0, 1, 2)),
    "the first and the empty one in place": replace(plain, inline=(0, 2), order=(1, 0)),
    "all in place, packaged all the same": replace(plain, inline=(0, 1, 2), order=(0,)),
    "escaped includes": replace(plain, cid=("document-{}@test", "document-{}%40test")),
    "strange ids": replace(plain, cid=("a b/c%d:é{}", quote("a b/c%d:é") + "{}")),
    "ids escaped on both sides": replace(plain, cid=("d%40{}", "d%40{}")),
    "ids without brackets": replace(plain, line="Content-ID: {}"),
    "header names in capitals": replace(
        plain, line="CONTENT-ID:<{}>", root=plain.root.replace("Content", "CONTENT")
    ),
    "header names in small letters": replace(plain, line="content-id:   <{}>  "),
    "folded headers": replace(plain, root=plain.root.replace("; ", ";\r\n  "), line="Content-ID:\r\n\t<{}>"),
    "other part headers": replace(
        plain, line='Content-ID: <{}>\r\nContent-Disposition: attachment; name="x"'
    ),
    "a preamble": replace(plain, preamble=b"This is a multipart message.\r\n\r\n"),
    "an empty line before": replace(plain, preamble=b"\r\n"),
    "an epilogue": replace(plain, epilogue=b"\r\nThat was it.\r\n"),
    "blanks after the boundary": replace(plain, padding=b" \t"),
    "a boundary of odd characters": replace(plain, boundary="--=_Part 1'()+,./:=?x"),
    "a boundary of 70": replace(plain, boundary="b" * 70),
    "media types in capitals": replace(plain, media="MULTIPART/Related", outer=NAMED_TWICE),
    "an action inside the root's type": replace(
        plain, root='Content-Type: application/xop+xml; type="application/soap+xml; action=\\"urn:x\\""'
    ),
    "a root without type": replace(plain, root="Content-Type: application/xop+xml"),
    "a root that calls itself SOAP": replace(plain, root="Content-Type: application/soap+xml; charset=utf-8"),
    "a root of text/xml inside": replace(plain, root='Content-Type: application/xop+xml; type="text/xml"'),
    "a root that is text/xml": replace(plain, root=TEXT_ROOT, outer='type="text/xml"'),
}
