"""Any MIME package that the profile allows is read, signed documents and all (IHE ITI TF-2 V.8)."""

import base64
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from urllib.parse import quote

import pytest

from erepo.soap.mtom import octets_of, unpack
from erepo.soap.names import XOP
from tests.support.attack_kit import Kit
from tests.support.soap_messages import LIMITS, XDS, Identity, identity

DOCUMENTS = (b"first\r\ndocument\r\n", "zażółć = \t\n".encode() * 30, b"")
#: 11 octets a line, as some senders fold.
LINES = 15


@pytest.fixture(scope="module")
def kit(elliptic: Identity) -> Kit:
    """Return a signer."""
    return Kit(elliptic, identity("rsa-3072", elliptic.authority), identity())


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

    def write(self, kit: Kit) -> tuple[str, bytes]:
        """Write a signed message."""
        _, octets = kit.mtom(*DOCUMENTS)
        start, end = octets.index(b"<soap:Envelope"), octets.index(b"</soap:Envelope>") + 16
        xml = octets[start:end].decode()
        parts: list[bytes] = []
        for number, document in enumerate(DOCUMENTS):
            include = f'<xop:Include xmlns:xop="{XOP}" href="cid:document-{number}@test"></xop:Include>'
            assert include in xml
            ours = include.replace(f"document-{number}@test", self.cid[1].format(number))
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


@pytest.mark.parametrize("name", WRITERS)
def test_packages_of_other_toolkits_are_read(name: str, kit: Kit) -> None:
    """However the package is written, the signature holds and the documents come out octet for octet."""
    received = unpack(*WRITERS[name].write(kit), LIMITS)
    verified = kit.victim.verifier().verify(received)
    places = verified.payload.findall(f"{{{XDS}}}Document")
    assert tuple(bytes(octets_of(received, place)) for place in places) == DOCUMENTS


@pytest.mark.parametrize("encoded", [base64.b64encode, base64.encodebytes, folded])
def test_documents_in_place_may_have_lines(encoded: Callable[[bytes], bytes], kit: Kit) -> None:
    """Simple SOAP with base64 in lines is read; nobody but the sender can sign such lines."""
    text = encoded(b"document" * 20).decode()
    octets = kit.octets().decode().replace(base64.b64encode(b"octets").decode(), f"\n{text}\t ")
    received = unpack("application/soap+xml", octets.encode(), LIMITS)
    place = received.envelope[1][0].find(f"{{{XDS}}}Document")
    assert place is not None
    assert bytes(octets_of(received, place)) == b"document" * 20


def test_includes_may_be_indented(kit: Kit) -> None:
    """White space around an Include is part of what was signed, and no part of the document."""
    writer = replace(plain, around="\n  {}\n")
    received = unpack(*writer.write(kit), LIMITS)
    place = received.envelope[1][0].find(f"{{{XDS}}}Document")
    assert place is not None
    assert bytes(octets_of(received, place)) == DOCUMENTS[0]
