"""Identities and messages for tests of the wire."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from lxml import etree

from erepo.content import MemoryContent
from erepo.pki.authority import Authority
from erepo.pki.bundle import Bundle
from erepo.pki.keys import KeyType, new_key
from erepo.pki.trust import TrustStore
from erepo.settings import Limits
from erepo.soap.message import Outgoing, Packed, pack
from erepo.soap.mtom import Attachment, Received, include, unpack
from erepo.soap.signing import Signer
from erepo.soap.verifying import Verifier

ACTION = "urn:ihe:iti:2007:ProvideAndRegisterDocumentSet-b"
TO = "https://cloud.example/services/0000000000001003/xds/repository"
LIMITS = Limits()
XDS = "urn:ihe:iti:xds-b:2007"
RIM = "urn:oasis:names:tc:ebxml-regrep:xsd:rim:3.0"


@dataclass(frozen=True)
class Identity:
    """A signer with the authority that vouches for it."""

    authority: Authority
    bundle: Bundle

    @property
    def signer(self) -> Signer:
        """Signs as this identity."""
        return Signer(self.bundle)

    @property
    def trust(self) -> TrustStore:
        """Trusts this identity's authority only."""
        return TrustStore([self.authority.certificate])

    def verifier(self, **options: object) -> Verifier:
        """Verify messages of this identity."""
        return Verifier(self.trust, **options)  # type: ignore[arg-type]


def identity(key_type: KeyType = "ec-p256", authority: Authority | None = None) -> Identity:
    """Make a new identity, by default under an authority of its own."""
    authority = authority or Authority.create("test authority")
    key = new_key(key_type)
    return Identity(authority, Bundle(key, authority.issue_signer(key, "0000000000001003 WSS"), ()))


@dataclass(frozen=True)
class Sample:
    """A submission-like message with documents."""

    documents: Sequence[bytes] = ()
    mtom: bool = True
    relates_to: str | None = None
    now: datetime | None = None
    title: str = "Zażółć gęślą jaźń & <tytuł>\t\u00a0"
    life: float = 300
    action: str = ACTION
    to: str = TO
    reply_to: str | None = None

    def outgoing(self) -> Outgoing:
        """Return the message before packing."""
        root = etree.Element(f"{{{XDS}}}Request", nsmap={"xds": XDS, "rim": RIM})
        etree.SubElement(root, f"{{{RIM}}}Title", value=self.title).text = self.title
        attachments = []
        for number, octets in enumerate(self.documents):
            cid = f"document-{number}@test"
            place = etree.SubElement(root, f"{{{XDS}}}Document", id=f"Document{number}")
            place.append(include(cid))
            attachments.append(Attachment(cid, MemoryContent(octets), "text/xml"))
        return Outgoing(
            self.action,
            self.to,
            root,
            attachments,
            relates_to=self.relates_to,
            reply_to=self.reply_to,
        )

    def pack(self, signer: Signer | None) -> Packed:
        """Return the message ready for the wire."""
        return pack(
            self.outgoing(), signer, mtom=self.mtom, now=self.now or datetime.now(UTC), life=self.life
        )

    def receive(self, signer: Signer | None) -> Received:
        """Return the message as its receiver unpacks it."""
        packed = self.pack(signer)
        return unpack(packed.content_type, wire(packed), LIMITS)

    def envelope(self, signer: Signer | None) -> bytes:
        """Return the octets of the message as simple SOAP."""
        return wire(replace(self, mtom=False).pack(signer))


def wire(packed: Packed) -> bytes:
    """Return all octets of a packed message."""
    return b"".join(packed.chunks())


def receive_soap(envelope: bytes) -> Received:
    """Unpack a simple SOAP message."""
    return unpack("application/soap+xml; charset=utf-8", envelope, LIMITS)


def multipart(
    parts: Sequence[tuple[str, bytes]], *, boundary: str = "b", start: str = "", line: bytes = b"\r\n"
) -> tuple[str, bytes]:
    """Write a multipart package by hand; each part is (its header lines, its octets)."""
    pieces = []
    for headers, octets in parts:
        head = headers.encode().replace(b"\n", line)
        pieces.append(b"--" + boundary.encode() + line + head + line + line + octets + line)
    body = b"".join(pieces) + b"--" + boundary.encode() + b"--" + line
    content_type = f'multipart/related; type="application/xop+xml"; boundary="{boundary}"'
    return content_type + (f'; start="{start}"' if start else ""), body


ROOT_HEADERS = 'Content-Type: application/xop+xml; type="application/soap+xml"\nContent-ID: <root@test>'
