"""The complete check of a certificate that came back from the office, before it is saved (manual 2.3-2.5)."""

from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID

from erepo.pki.bundle import fingerprint
from erepo.pki.errors import (
    IsAuthority,
    KeyMismatch,
    MissingUsage,
    UnknownExtension,
    WrongAccount,
    WrongPurpose,
)
from erepo.pki.keys import PrivateKey, PublicKey, check_signing, describe, public_key_of, same_key
from erepo.pki.names import CertificatePurpose, parse_subject
from erepo.pki.trust import TrustStore, check_strength, check_time

_T = TypeVar("_T", bound=x509.ExtensionType)


@dataclass(frozen=True)
class Proven:
    """What the check found true of a certificate."""

    account: str
    """The account in its CN."""
    purpose: CertificatePurpose
    """TLS or WSS."""
    serial: str
    """Serial number in lower-case hex."""
    fingerprint: str
    """SHA-256 of the DER, hex."""
    key: str
    """Kind of key in words, for example `EC secp256r1`."""
    not_before: datetime
    """Start of validity, UTC."""
    not_after: datetime
    """End of validity, UTC."""


def check_certificate(
    certificate: x509.Certificate,
    *,
    account: str,
    purpose: CertificatePurpose,
    key: PrivateKey | PublicKey,
    trust: TrustStore | None,
    at: datetime,
    intermediates: tuple[x509.Certificate, ...] = (),
) -> Proven:
    """Prove that a certificate may be used for one purpose of one account with one key.

    Whose it is comes first (a swapped file is the commonest mistake), then the key, time, strength, permitted
    use and last the path to an authority; the first defect found is raised.

    Args:
        certificate: what the office sent.
        account: the 16 digits it must name.
        purpose: what it must be for.
        key: the private key (or its public half) it must belong to.
        trust: authorities that may vouch for it; None leaves the issuer unproven (the service will judge it).
        at: the moment of use, aware.
        intermediates: certificates between it and an authority.

    Raises:
        CertificateRefused: the leaf class names the defect; see the tree in `errors`.
        KeyUnsupported, WeakKey: its key is none that is used here.
    """
    check_identity(certificate, account=account, purpose=purpose)
    public = key.public_key() if isinstance(key, PrivateKey) else key
    if not same_key(public_key_of(certificate), public):
        raise KeyMismatch
    if purpose is CertificatePurpose.WSS:
        check_signing(public)
    check_time(certificate, at=at)
    check_strength(certificate)
    check_usage(certificate, purpose)
    if trust is not None:
        trust.verify(certificate, intermediates, at=at)
    return Proven(
        account=account,
        purpose=purpose,
        serial=f"{certificate.serial_number:X}",
        fingerprint=fingerprint(certificate),
        key=describe(public),
        not_before=certificate.not_valid_before_utc,
        not_after=certificate.not_valid_after_utc,
    )


def check_identity(certificate: x509.Certificate, *, account: str, purpose: CertificatePurpose) -> None:
    """Prove that the subject names this account and this purpose.

    Raises:
        WrongSubject: the CN has another form.
        WrongPurpose: TLS instead of WSS or the reverse.
        WrongAccount: another account's.
    """
    found_account, found_purpose = parse_subject(certificate)
    if found_purpose != purpose:
        raise WrongPurpose(expected=purpose.value, found=found_purpose.value)
    if found_account != account:
        raise WrongAccount(expected=account, found=found_account)


def check_usage(certificate: x509.Certificate, purpose: CertificatePurpose) -> None:
    """Prove that the certificate permits what the purpose needs.

    TLS needs digitalSignature (where key usage is stated) and clientAuth; WSS needs digitalSignature.

    Raises:
        IsAuthority: it is a CA's certificate.
        MissingUsage: `usage` names what is missing.
        UnknownExtension: a critical extension that is not understood.
    """
    for extension in certificate.extensions:
        if extension.critical and isinstance(extension.value, x509.UnrecognizedExtension):
            raise UnknownExtension(oid=extension.oid.dotted_string)
    basic = _extension(certificate, x509.BasicConstraints)
    if basic is not None and basic.ca:
        raise IsAuthority
    usage = _extension(certificate, x509.KeyUsage)
    if not (usage.digital_signature if usage else purpose is CertificatePurpose.TLS):
        raise MissingUsage(usage="digitalSignature")
    extended = _extension(certificate, x509.ExtendedKeyUsage)
    if purpose is CertificatePurpose.TLS and (
        extended is None or ExtendedKeyUsageOID.CLIENT_AUTH not in extended
    ):
        raise MissingUsage(usage="clientAuth")


def _extension(certificate: x509.Certificate, kind: type[_T]) -> _T | None:
    try:
        return certificate.extensions.get_extension_for_class(kind).value
    except x509.ExtensionNotFound:
        return None
