"""WS-Security signatures, written (WSS X.509 Token Profile 1.1; BSP 1.1).

A BinarySecurityToken in the header, pointed at by a SecurityTokenReference; exclusive canonicalisation;
SHA-256; one Reference per signed part. The template emits SignedInfo in canonical form, so it is signed as
it is sent.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pybase64
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256 as SHA256_HASH
from cryptography.hazmat.primitives.serialization import Encoding

from erepo.soap.errors import AlgorithmRefused
from erepo.soap.names import (
    BASE64,
    DS,
    ECDSA_SHA256,
    EXC_C14N,
    RSA_SHA256,
    SHA256,
    WSSE,
    WSU,
    X509_TOKEN,
)

if TYPE_CHECKING:
    from erepo.pki.bundle import Bundle

_REFERENCE = (
    f'<ds:Transforms><ds:Transform Algorithm="{EXC_C14N}"></ds:Transform></ds:Transforms>'
    f'<ds:DigestMethod Algorithm="{SHA256}"></ds:DigestMethod><ds:DigestValue>'
)
_KEY_INFO = (
    '<ds:KeyInfo><wsse:SecurityTokenReference><wsse:Reference URI="#x509" '
    f'ValueType="{X509_TOKEN}"></wsse:Reference></wsse:SecurityTokenReference></ds:KeyInfo>'
)


def sha256(octets: bytes) -> bytes:
    """Return the SHA-256 digest."""
    return hashlib.sha256(octets).digest()


@dataclass(frozen=True)
class ReadyAssertion:
    """A signed SAML assertion that many messages carry, made and hashed once.

    Attributes:
        identifier: its ID.
        octets: its exclusive canonical form; declares every prefix it uses.
        digest: SHA-256 of the octets.
    """

    identifier: str
    octets: bytes = field(repr=False)
    digest: bytes = field(repr=False)


class Signer:
    """Signs messages with one key; safe to share between threads and coroutines.

    Args:
        bundle: EC P-256 or RSA key and its certificate (`<account> WSS`).

    Attributes:
        algorithm: the XML-DSig identifier of its signatures.
        certificate: of the key.

    Raises:
        AlgorithmRefused: a key of another type.
    """

    def __init__(self, bundle: "Bundle") -> None:
        key = bundle.key
        if isinstance(key, ec.EllipticCurvePrivateKey) and isinstance(key.curve, ec.SECP256R1):
            self.algorithm = ECDSA_SHA256
        elif isinstance(key, rsa.RSAPrivateKey):
            self.algorithm = RSA_SHA256
        else:
            raise AlgorithmRefused(rule="signing key is neither EC P-256 nor RSA")
        self._key = key
        self.certificate = bundle.certificate
        token = pybase64.b64encode(bundle.certificate.public_bytes(Encoding.DER)).decode()
        self._start = (
            f'<wsse:Security xmlns:wsse="{WSSE}" xmlns:wsu="{WSU}" soap:mustUnderstand="1">'
            f'<wsse:BinarySecurityToken EncodingType="{BASE64}" ValueType="{X509_TOKEN}" wsu:Id="x509">'
            f"{token}</wsse:BinarySecurityToken>"
        ).encode()
        self._signed_info_start = (
            f'<ds:SignedInfo xmlns:ds="{DS}"><ds:CanonicalizationMethod Algorithm="{EXC_C14N}">'
            "</ds:CanonicalizationMethod>"
            f'<ds:SignatureMethod Algorithm="{self.algorithm}"></ds:SignatureMethod>'
        )

    def secure(
        self,
        digests: Mapping[str, bytes],
        created: datetime,
        life: float,
        assertion: ReadyAssertion | None = None,
        *,
        bearer: ReadyAssertion | None = None,
    ) -> bytes:
        """Return the wsse:Security header that signs the given parts and a new Timestamp.

        Args:
            digests: SHA-256 of each part's canonical octets, by its wsu:Id.
            created: Created of the Timestamp, UTC.
            life: seconds until Expires.
            assertion: who acts; carried, and signed as well, so that it cannot be exchanged.
            bearer: the same from P1, whose profile has its own signature protect it and nothing else.
        """
        carried = assertion or bearer
        timestamp = _timestamp(created, created + timedelta(seconds=life))
        parts = {"timestamp": sha256(timestamp)} | dict(digests)
        if assertion:
            parts[assertion.identifier] = assertion.digest
        references = "".join(
            f'<ds:Reference URI="#{name}">{_REFERENCE}{pybase64.b64encode(digest).decode()}'
            "</ds:DigestValue></ds:Reference>"
            for name, digest in parts.items()
        )
        signed_info = f"{self._signed_info_start}{references}</ds:SignedInfo>".encode()
        value = pybase64.b64encode(self.sign(signed_info))
        return b"".join(
            (
                self._start,
                timestamp,
                carried.octets if carried else b"",
                f'<ds:Signature xmlns:ds="{DS}">'.encode(),
                signed_info,
                b"<ds:SignatureValue>",
                value,
                b"</ds:SignatureValue>",
                _KEY_INFO.encode(),
                b"</ds:Signature></wsse:Security>",
            )
        )

    def sign(self, octets: bytes) -> bytes:
        """Return the XML-DSig signature value of canonical octets."""
        if isinstance(self._key, rsa.RSAPrivateKey):
            return self._key.sign(octets, padding.PKCS1v15(), SHA256_HASH())
        # XML-DSig wants the two integers side by side, not DER (RFC 4051 2.3.6).
        r, s = decode_dss_signature(self._key.sign(octets, ec.ECDSA(SHA256_HASH())))
        return r.to_bytes(32, "big") + s.to_bytes(32, "big")


def carry(assertion: ReadyAssertion) -> bytes:
    """Return a wsse:Security header that holds an assertion alone, for messages that are not signed."""
    start = f'<wsse:Security xmlns:wsse="{WSSE}" soap:mustUnderstand="1">'
    return start.encode() + assertion.octets + b"</wsse:Security>"


def _timestamp(created: datetime, expires: datetime) -> bytes:
    return (
        f'<wsu:Timestamp xmlns:wsu="{WSU}" wsu:Id="timestamp"><wsu:Created>{_utc(created)}</wsu:Created>'
        f"<wsu:Expires>{_utc(expires)}</wsu:Expires></wsu:Timestamp>"
    ).encode()


def _utc(moment: datetime) -> str:
    # At most three fraction digits (BSP R3220).
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"
