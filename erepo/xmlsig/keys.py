"""Keys of signers, and whether a signature is theirs.

The key decides about the algorithm, never the message: what a signature method names must fit the key that
the certificate holds, so no public key can be taken for a secret one.
"""

import hashlib
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from lxml import etree

from erepo.pki.pem import UNREADABLE, read_whole
from erepo.xmlsig.forms import Forms
from erepo.xmlsig.names import (
    DS,
    ECDSA_SHA256,
    RSA_SHA256,
    RSA_SHA384,
    RSA_SHA512,
    SHA1,
    SHA256,
    SHA384,
    SHA512,
)
from erepo.xmlsig.refusals import Refusals

PublicKey = rsa.RSAPublicKey | ec.EllipticCurvePublicKey

#: Largest certificate that is looked at, in bytes.
LARGEST_CERTIFICATE: Final = 32 * 1024
#: Digest methods, by identifier; SHA-1 is for those who say so themselves.
DIGESTS: Final[Mapping[str, str]] = {SHA1: "sha1", SHA256: "sha256", SHA384: "sha384", SHA512: "sha512"}
_NUMBERS: Final = [f"{{{DS}}}Modulus", f"{{{DS}}}Exponent"]
_RSA: Final[Mapping[str, hashes.HashAlgorithm]] = {
    RSA_SHA256: hashes.SHA256(),
    RSA_SHA384: hashes.SHA384(),
    RSA_SHA512: hashes.SHA512(),
}


def hasher(method: str) -> Any:
    """Return a new hash object for a digest method of `DIGESTS`."""
    return hashlib.new(DIGESTS[method], usedforsecurity=method != SHA1)


class _Unusable(Exception):
    """A certificate that may not sign here."""

    def __init__(self, field: str, rule: str) -> None:
        super().__init__(rule)
        self.field, self.rule = field, rule


def load_certificate(der: bytes, refusals: Refusals) -> tuple[x509.Certificate, PublicKey]:
    """Return a certificate and its key, if that is of a kind that may sign here.

    Raises:
        refusals.signer: unreadable or too large.
        refusals.algorithm: neither EC P-256 nor RSA of 2048 to 8192 bits.
    """
    try:
        return _load(der)
    except _Unusable as error:
        refused = refusals.signer if error.field == "signer" else refusals.algorithm
        raise refused(rule=error.rule) from None


@lru_cache(maxsize=1024)
def _load(der: bytes) -> tuple[x509.Certificate, PublicKey]:
    if len(der) > LARGEST_CERTIFICATE:
        raise _Unusable("signer", "certificate is too large")
    try:
        certificate = x509.load_der_x509_certificate(der)
        key = certificate.public_key()
        read_whole(certificate)
    except UNREADABLE:
        raise _Unusable("signer", "certificate is unreadable") from None
    if isinstance(key, ec.EllipticCurvePublicKey) and isinstance(key.curve, ec.SECP256R1):
        return certificate, key
    if isinstance(key, rsa.RSAPublicKey) and 2048 <= key.key_size <= 8192 and key.public_numbers().e >= 65537:
        return certificate, key
    raise _Unusable("algorithm", "the signer's key is neither EC P-256 nor RSA of 2048 to 8192 bits")


def check_signature(
    key: PublicKey, algorithm: str, value: bytes, canonical: bytes, refusals: Refusals
) -> None:
    """Return if the signature over canonical octets is this key's; the key decides about the algorithm.

    Raises:
        refusals.algorithm: another algorithm than the key's.
        refusals.wrong: it is wrong.
    """
    try:
        if isinstance(key, rsa.RSAPublicKey) and algorithm in _RSA:
            key.verify(value, canonical, padding.PKCS1v15(), _RSA[algorithm])
        elif isinstance(key, ec.EllipticCurvePublicKey) and algorithm == ECDSA_SHA256:
            key.verify(_der(value, refusals), canonical, ec.ECDSA(hashes.SHA256()))
        else:
            raise refusals.algorithm(rule="signature method does not fit the key")
    except InvalidSignature:
        raise refusals.wrong(rule="the signature is wrong") from None


def _der(value: bytes, refusals: Refusals) -> bytes:
    if len(value) != 64:
        raise refusals.wrong(rule="an ECDSA signature has another length than 64 bytes")
    return encode_dss_signature(int.from_bytes(value[:32], "big"), int.from_bytes(value[32:], "big"))


def names_key(value: etree._Element, key: PublicKey, refusals: Refusals) -> bool:
    """Tell whether a ds:KeyValue is this key.

    Raises:
        refusals.form: it is neither an RSAKeyValue nor an ECKeyValue.
    """
    forms = Forms(refusals)
    (held,) = value if len(value) == 1 else (None,)
    if held is not None and held.tag == f"{{{DS}}}RSAKeyValue" and [each.tag for each in held] == _NUMBERS:
        numbers = [int.from_bytes(forms.octets(each), "big") for each in held]
        public = key.public_numbers()
        return [getattr(public, "n", None), getattr(public, "e", None)] == numbers
    if held is not None and _local(held) == "ECKeyValue":
        points = [each for each in held if _local(each) == "PublicKey"]
        if len(points) == 1 and isinstance(key, ec.EllipticCurvePublicKey):
            return forms.octets(points[0]) == key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        return False
    raise refusals.form(rule="KeyValue of another form")


def _local(node: etree._Element) -> str:
    """Return the local name of an element, "" of anything else."""
    return etree.QName(node).localname if isinstance(node.tag, str) else ""
