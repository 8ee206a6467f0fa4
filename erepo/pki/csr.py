"""Certificate requests (PKCS#10): what leaves the clinic instead of the private key (manual 1.1.2)."""

from dataclasses import dataclass

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization

from erepo.pki.errors import RequestForged, RequestUnreadable
from erepo.pki.keys import PrivateKey, PublicKey, check_public
from erepo.pki.names import CertificatePurpose, parse_name, subject_name
from erepo.pki.pem import UNREADABLE

#: A request of ours is below 2 kB; far more is no request.
_LARGEST = 64 * 1024


@dataclass(frozen=True)
class RequestProven:
    """What `check_request` found true of a request."""

    account: str
    purpose: CertificatePurpose
    public_key: PublicKey


def make_csr(
    key: PrivateKey,
    *,
    account: str,
    purpose: CertificatePurpose,
    organisation: str,
    unit: str,
    country: str = "PL",
) -> x509.CertificateSigningRequest:
    """Make a request for one certificate, signed by its own key with SHA-256.

    Args:
        key: the private key; only its public half enters the request.
        account: 16 digits.
        purpose: TLS or WSS; becomes the end of the CN.
        organisation: O, cut to 64 characters; left out when empty.
        unit: OU, cut to 64 characters; left out when empty.
        country: C, two letters.

    Raises:
        SubjectInvalid: a field cannot stand in a certificate.
    """
    name = subject_name(account, purpose, organisation, unit, country)
    return x509.CertificateSigningRequestBuilder().subject_name(name).sign(key, hashes.SHA256())


def write_csr(csr: x509.CertificateSigningRequest) -> bytes:
    """Return a request in PEM."""
    return csr.public_bytes(serialization.Encoding.PEM)


def read_csr(pem: bytes) -> x509.CertificateSigningRequest:
    """Read a request from PEM and check that it is signed by the key it names.

    Raises:
        RequestUnreadable: no request in it, or more bytes than any request has.
        RequestForged: the signature is not of its own key.
    """
    if len(pem) > _LARGEST:
        raise RequestUnreadable
    try:
        csr = x509.load_pem_x509_csr(pem)
        _ = csr.subject, csr.extensions  # parsed late
        valid = csr.is_signature_valid
    except UNREADABLE:
        raise RequestUnreadable from None
    except InvalidSignature:
        valid = False
    if not valid:
        raise RequestForged
    return csr


def check_request(csr: x509.CertificateSigningRequest) -> RequestProven:
    """Return whose request it is and what for.

    Says nothing about the right of the sender to that account: that is the office's business.

    Raises:
        WrongSubject: the CN has not the agreed form.
        KeyUnsupported: a kind of key not used here.
        WeakKey: RSA below 2048 bits.
        RequestUnreadable: the key cannot be read.
    """
    account, purpose = parse_name(csr.subject)
    try:
        public = csr.public_key()
    except (ValueError, UnsupportedAlgorithm):
        raise RequestUnreadable from None
    return RequestProven(account, purpose, check_public(public))
