"""What is fuzzed: readers of octets that come from outside. Each either returns or raises an error of ours.

mtom       the MIME package and its includes; the first line is the Content-Type
envelope   the XML front door and the verifier; whatever is accepted must say what its signer said
ebrim      the requests and answers of every transaction, inside an envelope that is well-formed otherwise
assertion  the SAML assertion of the acting user, with a proof of possession around it
pem        certificates, as PEM and as DER
key        a key with its certificate, as PEM and as DER
pkcs12     the .p12 container
csr        a certificate request, as PEM and as DER
signature  the signature inside a CDA document; whatever is proven must say what its signer said
"""

import base64
import textwrap
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from functools import cache

from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    pkcs12,
)
from lxml import etree

from erepo.cda.signature import carries_signature, is_suspect, verify_document
from erepo.errors import ErepoError
from erepo.pki.bundle import Bundle
from erepo.pki.csr import check_request, make_csr, read_csr
from erepo.pki.names import CertificatePurpose, parse_subject
from erepo.pki.pem import read_certificates
from erepo.settings import Limits
from erepo.soap.canonical import canonical_octets
from erepo.soap.faults import read_fault
from erepo.soap.mtom import octets_of, unpack
from erepo.soap.names import XOP_INCLUDE
from erepo.soap.verifying import Verified, read_unsigned
from erepo.xds import iti18, iti41, iti42, iti43, iti57, iti62, iti86
from erepo.xds.responses import read_registry_response
from tests.fuzz import seeds
from tests.support.soap_messages import LIMITS, receive_soap

SIMPLE = "application/soap+xml; charset=utf-8"


@dataclass(frozen=True)
class Target:
    """One thing to be fuzzed.

    Attributes:
        run: takes octets; raises anything but an `ErepoError` where there is a bug.
        seeds: good octets to start from.
        words: pieces that a mutation may put in.
    """

    run: Callable[[bytes], None]
    seeds: Callable[[], Iterable[bytes]]
    words: tuple[bytes, ...] = ()


def _mtom(octets: bytes) -> None:
    content_type, _, body = octets.partition(b"\n")
    with suppress(ErepoError):
        received = unpack(content_type.decode("latin-1"), body, Limits(message_documents=20))
        for node in received.envelope.iter(XOP_INCLUDE):
            octets_of(received, node.getparent())  # type: ignore[arg-type]
        for element in received.envelope.iter():
            with suppress(ErepoError):
                octets_of(received, element)


@cache
def _signed() -> frozenset[bytes]:
    """Return what the signer of the seeds ever said: the canonical payloads."""
    payloads = (receive_soap(octets).envelope[1][0] for octets in seeds.envelopes())
    return frozenset(canonical_octets(payload, ()) for payload in payloads)


def _envelope(octets: bytes) -> None:
    verifier = seeds.signer().verifier(clock=lambda: seeds.NOW)
    with suppress(ErepoError):
        read_unsigned(unpack(SIMPLE, octets, LIMITS))
    with suppress(ErepoError):
        verified = verifier.verify(unpack(SIMPLE, octets, LIMITS))
        assert canonical_octets(verified.payload, ()) in _signed(), "a payload that nobody signed"


_READERS: tuple[Callable[[Verified], object], ...] = (
    iti18.read_query,
    iti18.read_response,
    iti41.read_request,
    iti42.read_request,
    iti43.read_request,
    iti43.read_response,
    iti57.read_request,
    iti62.read_request,
    iti86.read_request,
    lambda verified: read_registry_response(verified.payload),
    lambda verified: read_fault(verified.payload),
)


def _ebrim(octets: bytes) -> None:
    with suppress(ErepoError):
        verified = read_unsigned(unpack(SIMPLE, seeds.around(octets), LIMITS))
        for read in _READERS:
            with suppress(ErepoError):
                read(verified)


def _in_pem(octets: bytes, label: str) -> bytes:
    """Return octets as they are if they look like PEM, else as the DER inside a PEM."""
    if b"-----BEGIN" in octets:
        return octets
    lines = "\n".join(textwrap.wrap(base64.b64encode(octets).decode(), 64))
    return f"-----BEGIN {label}-----\n{lines}\n-----END {label}-----\n".encode()


def _pem(octets: bytes) -> None:
    with suppress(ErepoError):
        for certificate in read_certificates(_in_pem(octets, "CERTIFICATE")):
            with suppress(ErepoError):
                parse_subject(certificate)


def _key(octets: bytes) -> None:
    certificate = seeds.signer().bundle.certificate_pem
    for passphrase in (None, seeds.PASSPHRASE):
        with suppress(ErepoError):
            Bundle.from_pem(certificate, _in_pem(octets, "PRIVATE KEY"), passphrase)


def _pkcs12(octets: bytes) -> None:
    for passphrase in (b"", seeds.PASSPHRASE):
        with suppress(ErepoError):
            Bundle.from_pkcs12(octets, passphrase)


def _csr(octets: bytes) -> None:
    with suppress(ErepoError):
        check_request(read_csr(_in_pem(octets, "CERTIFICATE REQUEST")))


def _keys() -> Iterable[bytes]:
    for each in (seeds.signer(), seeds.elder()):
        key = each.bundle.key
        for form in (PrivateFormat.PKCS8, PrivateFormat.TraditionalOpenSSL):
            yield key.private_bytes(Encoding.DER, form, NoEncryption())
        for encoding in (Encoding.DER, Encoding.PEM):
            yield key.private_bytes(encoding, PrivateFormat.PKCS8, BestAvailableEncryption(seeds.PASSPHRASE))


def _containers() -> Iterable[bytes]:
    for each in (seeds.signer(), seeds.elder()):
        for encryption in (NoEncryption(), seeds.QUICK):
            bundle = each.bundle
            yield pkcs12.serialize_key_and_certificates(
                b"x", bundle.key, bundle.certificate, None, encryption
            )


def _certificates() -> Iterable[bytes]:
    for each in (seeds.signer(), seeds.elder()):
        for certificate in (each.bundle.certificate, each.authority.certificate):
            yield certificate.public_bytes(Encoding.DER)
    yield seeds.signer().bundle.certificate_pem * 2


def _requests() -> Iterable[bytes]:
    for each in (seeds.signer(), seeds.elder()):
        for purpose in CertificatePurpose:
            csr = make_csr(
                each.bundle.key, account="0000000000001003", purpose=purpose, organisation="O", unit="U"
            )
            yield csr.public_bytes(Encoding.DER)
            yield csr.public_bytes(Encoding.PEM)


@cache
def _signed_documents() -> frozenset[bytes]:
    """Return what the signers of the seeds ever said: the canonical documents without their signatures."""
    proven = (verify_document(octets).root for octets in seeds.signed_documents())
    return frozenset(_canonical(root) for root in proven)


def _canonical(root: etree._Element) -> bytes:
    tree = root.getroottree()
    return etree.tostring(tree, method="c14n", exclusive=True, with_comments=False)  # type: ignore[call-overload, no-any-return]


def _signature(octets: bytes) -> None:
    carries_signature(octets)
    is_suspect(octets)
    with suppress(ErepoError):
        root = verify_document(octets).root
        assert _canonical(root) in _signed_documents(), "a document that nobody signed"


_DER = (b"\x30\x80", b"\x02\x01\x00", b"\x06\x03\x55\x04\x03", b"\xa0\x84\xff\xff\xff\xff", b"\x05\x00")
TARGETS = {
    "mtom": Target(_mtom, seeds.packages, seeds.MIME_WORDS),
    "envelope": Target(_envelope, seeds.envelopes, seeds.XML_WORDS),
    "ebrim": Target(_ebrim, seeds.payloads, seeds.XML_WORDS),
    "assertion": Target(seeds.read_asserted, seeds.asserted, seeds.XML_WORDS),
    "pem": Target(_pem, _certificates, _DER),
    "key": Target(_key, _keys, _DER),
    "pkcs12": Target(_pkcs12, _containers, _DER),
    "csr": Target(_csr, _requests, _DER),
    "signature": Target(_signature, seeds.signed_documents, seeds.SIGNATURE_WORDS),
}
__all__ = ["TARGETS", "Target", "etree"]
