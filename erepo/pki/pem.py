"""Certificates from and to PEM."""

from collections.abc import Iterable
from typing import Final

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization

from erepo.pki.errors import CertificateUnreadable

#: What the library raises for certificates and requests that it cannot read, at once or asked for a part.
UNREADABLE: Final = (
    TypeError,
    ValueError,
    UnsupportedAlgorithm,
    x509.InvalidVersion,
    x509.DuplicateExtension,
    x509.UnsupportedGeneralNameType,
)
#: A chain of four certificates is about 10 kB; far more is no chain.
_LARGEST = 1024**2
#: Bits of a serial number: RFC 5280 allows 160, and Python writes no number of many thousands in decimal.
_LONGEST_SERIAL: Final = 1024


def read_certificates(pem: bytes) -> tuple[x509.Certificate, ...]:
    """Read every certificate of a PEM text, at least one.

    Raises:
        CertificateUnreadable: none in it, one is broken, or more bytes than any chain has.
    """
    if len(pem) > _LARGEST:
        raise CertificateUnreadable
    try:
        certificates = x509.load_pem_x509_certificates(pem)
        for certificate in certificates:
            read_whole(certificate)
    except UNREADABLE:
        raise CertificateUnreadable from None
    return tuple(certificates)


def read_whole(certificate: x509.Certificate) -> None:
    """Read what the library parses late: a broken part must come out here, not in the middle of a check.

    Raises:
        UNREADABLE: one of these, for a broken part.
    """
    _ = certificate.version, certificate.subject, certificate.issuer, certificate.extensions
    _ = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    if certificate.serial_number.bit_length() > _LONGEST_SERIAL:
        raise ValueError


def read_certificate(pem: bytes) -> x509.Certificate:
    """Read the one certificate (or the first) of a PEM text.

    Raises:
        CertificateUnreadable: as `read_certificates`.
    """
    return read_certificates(pem)[0]


def write_certificates(certificates: Iterable[x509.Certificate]) -> bytes:
    """Return certificates in PEM, one after the other."""
    return b"".join(certificate.public_bytes(serialization.Encoding.PEM) for certificate in certificates)
