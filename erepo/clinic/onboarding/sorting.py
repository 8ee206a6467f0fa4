"""Certificates as they come (in a letter, in files, in any order) sorted into their places."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from email.message import EmailMessage
from itertools import islice

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm

from erepo.clinic.onboarding.errors import CertificatesIncomplete
from erepo.pki import CertificatePurpose, parse_subject
from erepo.pki.errors import CertificateRefused, WrongPurpose, WrongSubject
from erepo.pki.pem import read_certificates, write_certificates

_MOST_PARTS = 30


@dataclass(frozen=True)
class Given:
    """What was found, in PEM."""

    tls: bytes
    """Claims to be the TLS certificate."""
    wss: bytes
    """Claims to be the WSS certificate."""
    issuers: bytes
    """Authorities that signed one of the two."""
    service_authority: bytes
    """Authorities that signed neither: the service's; where there is none, the issuers."""


def attached(message: EmailMessage) -> list[bytes]:
    """Return the PEM files attached to a letter."""
    return list(_attached(message))


def _attached(message: EmailMessage) -> Iterator[bytes]:
    for part in islice(message.walk(), _MOST_PARTS):
        content = None if part.is_multipart() else part.get_payload(decode=True)
        if isinstance(content, bytes) and b"-----BEGIN CERTIFICATE-----" in content:
            yield content


def names(pems: Iterable[bytes], account: str) -> bool:
    """Tell whether one of the certificates names the account; unreadable ones do not."""
    for pem in pems:
        try:
            if any(_subject(certificate)[0] == account for certificate in read_certificates(pem)):
                return True
        except CertificateRefused:
            continue
    return False


def sort(pems: Iterable[bytes], account: str) -> Given:
    """Find the account's two certificates and the authorities among what was given.

    Says nothing about whether they are good: `check_certificate` does.

    Raises:
        CertificateUnreadable: a file holds no certificate.
        WrongSubject: a certificate that is no authority's names no account.
        WrongPurpose: two certificates, both for the same purpose.
        CertificatesIncomplete: TLS or WSS is missing.
    """
    found = [certificate for pem in pems for certificate in read_certificates(pem)]
    authorities = [each for each in found if is_authority(each)]
    own = {parse_subject(each)[1]: each for each in found if each not in authorities}
    for purpose in CertificatePurpose:
        if purpose not in own:
            if len(found) - len(authorities) > 1:
                raise WrongPurpose(expected=purpose.value, found=next(iter(own)).value)
            raise CertificatesIncomplete(account=account, missing=purpose.value)
    issuers = [each for each in authorities if any(_issued(leaf, each) for leaf in own.values())]
    others = [each for each in authorities if each not in issuers] or issuers
    return Given(
        tls=write_certificates([own[CertificatePurpose.TLS]]),
        wss=write_certificates([own[CertificatePurpose.WSS]]),
        issuers=write_certificates(issuers),
        service_authority=write_certificates(others),
    )


def _subject(certificate: x509.Certificate) -> tuple[str, str]:
    try:
        return parse_subject(certificate)
    except WrongSubject:
        return "", ""


def is_authority(certificate: x509.Certificate) -> bool:
    """Tell whether a certificate is an authority's."""
    try:
        return certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except x509.ExtensionNotFound:
        return False


def _issued(leaf: x509.Certificate, issuer: x509.Certificate) -> bool:
    try:
        leaf.verify_directly_issued_by(issuer)
    except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm):
        return False
    return True
