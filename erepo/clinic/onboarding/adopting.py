"""The two other ways in: keys and certificates that exist already (manual 1.1.1, 1.1.2 "Użyj istniejących").

    adopt        keys and certificates of an account      ledger: received; `activate` goes on from there

Both ways lead to the same row as the way by requests: keys encrypted under this installation's passphrase,
certificates, and requests made anew of the keys, by which every later check knows what belongs together.
Commit point: one transaction, after the complete check. The same pair again changes nothing. Activating an
account at a second location with the same certificates changes nothing at the service either.
"""

from dataclasses import dataclass

import sqlalchemy as sa
from cryptography import x509
from cryptography.x509.oid import NameOID

from erepo.clinic.audit import note
from erepo.clinic.database import Database
from erepo.clinic.onboarding import ledger
from erepo.clinic.onboarding.errors import CertificatesInUse, FilesSwapped, OnboardingUnderWay
from erepo.clinic.onboarding.ledger import Step
from erepo.clinic.onboarding.pins import Pins
from erepo.clinic.tables import now, onboarding
from erepo.pki import Bundle, CertificatePurpose, Proven, TrustStore, check_certificate, encrypt_key, make_csr
from erepo.pki.csr import write_csr
from erepo.pki.errors import KeyMismatch, WrongAccount
from erepo.pki.pem import write_certificates
from erepo.pki.serials import check_serials

_NO_PINS = Pins()


@dataclass(frozen=True)
class PemPair:
    """A certificate and its private key, as two PEM files; the names are told in errors."""

    certificate: bytes
    key: bytes
    certificate_name: str = "TLS"
    key_name: str = "TLS"
    password: bytes | None = None


def read_pairs(tls: PemPair, wss: PemPair) -> tuple[Bundle, Bundle]:
    """Put four PEM files together.

    Raises:
        FilesSwapped: the keys, or the certificates, stand in each other's places.
        KeyMismatch: a certificate belongs to another key.
        CertificateUnreadable, KeyUnreadable, WrongPassphrase, KeyUnsupported, WeakKey: see `erepo.pki`.
    """
    try:
        return _pair(tls), _pair(wss)
    except KeyMismatch:
        crossed = [
            Bundle.from_pem(tls.certificate, wss.key, wss.password),
            Bundle.from_pem(wss.certificate, tls.key, tls.password),
        ]
        # Crosswise they fit: either the certificates or the keys stand in each other's places.
        certificates = crossed[0].subject_purpose is CertificatePurpose.WSS
        first, second = (
            (tls.certificate_name, wss.certificate_name) if certificates else (tls.key_name, wss.key_name)
        )
        raise FilesSwapped(tls=first, wss=second) from None


def _pair(files: PemPair) -> Bundle:
    return Bundle.from_pem(files.certificate, files.key, files.password)


def adopt(  # noqa: PLR0913 — whom to believe and what to call the files is said by keyword
    database: Database,
    tls: Bundle,
    wss: Bundle,
    passphrase: bytes,
    *,
    account: str = "",
    service_authority: bytes = b"",
    pins: Pins = _NO_PINS,
    names: tuple[str, str] = ("TLS", "WSS"),
) -> tuple[Proven, Proven]:
    """Take an account over with its keys and certificates; `activate` is the next step.

    Args:
        database: the clinic's.
        tls: key and certificate of the channel.
        wss: key and certificate that sign messages.
        passphrase: protects the keys at rest from now on.
        account: 16 digits; empty takes the one that the TLS certificate names.
        service_authority: PEM of the authority that vouches for the service.
        pins: fixed authorities.
        names: what to call the two in errors, such as the names of the files.

    Raises:
        FilesSwapped: each is the other.
        CertificateRefused: one does not pass; the leaf class says why.
        StatusUnknown, StatusUntrusted: nobody proves that neither was revoked.
        OnboardingUnderWay: other keys were made here for the account.
        CertificatesInUse: the account is active with others.
        OtherRepositoryActive: the clinic uses another external repository.
        WrongPassphrase: the passphrase is empty.
    """
    found = [bundle.subject_purpose for bundle in (tls, wss)]
    if found == [CertificatePurpose.WSS, CertificatePurpose.TLS]:
        raise FilesSwapped(tls=names[0], wss=names[1])
    number = account or tls.subject_account
    proven = (
        _prove(tls, number, CertificatePurpose.TLS, pins),
        _prove(wss, number, CertificatePurpose.WSS, pins),
    )
    check_serials((tls.certificate, wss.certificate))
    values = _row(number, tls, wss, passphrase, service_authority or pins.service)
    with database.begin() as connection:
        entry = ledger.find(connection, number)
        if entry is not None:
            _same(entry, proven)
            return proven
        ledger.refuse_second(connection, number)
        connection.execute(sa.insert(onboarding).values(values))
        detail = {"tls_serial": proven[0].serial, "wss_serial": proven[1].serial}
        note(connection, "account_adopted", subject="account", subject_id=number, detail=detail)
    return proven


def _same(entry: ledger.Entry, proven: tuple[Proven, Proven]) -> None:
    """Accept the pair that is there already, and nothing else."""
    if entry.step in (Step.REQUESTED, Step.MAILED):
        raise OnboardingUnderWay(account=entry.account)
    if entry.fingerprints != (proven[0].fingerprint, proven[1].fingerprint):
        raise CertificatesInUse(account=entry.account)


def _prove(bundle: Bundle, account: str, purpose: CertificatePurpose, pins: Pins) -> Proven:
    named = bundle.subject_account
    if named != account:
        raise WrongAccount(expected=account, found=named)
    above = [each for each in bundle.chain if _vouches(each, bundle.certificate)]
    trust = pins.office_trust or (TrustStore(above) if above else None)
    moment = now()
    proven = check_certificate(
        bundle.certificate,
        account=account,
        purpose=purpose,
        key=bundle.key,
        trust=trust,
        intermediates=bundle.chain,
        at=moment,
    )
    pins.expect_unrevoked(bundle.certificate, bundle.chain, trust, moment)
    return proven


def _vouches(authority: x509.Certificate, leaf: x509.Certificate) -> bool:
    return authority.subject == leaf.issuer


def _row(account: str, tls: Bundle, wss: Bundle, passphrase: bytes, authority: bytes) -> dict[str, object]:
    chain = [each for bundle in (tls, wss) for each in bundle.chain]
    above = list(dict.fromkeys(chain))
    issuers = [each for each in above if any(_vouches(each, one.certificate) for one in (tls, wss))]
    values: dict[str, object] = {"account": account, "state": Step.RECEIVED.value}
    for purpose, bundle in zip(CertificatePurpose, (tls, wss), strict=True):
        part = purpose.lower()
        values[f"{part}_key_pem"] = encrypt_key(bundle.key, passphrase)
        values[f"{part}_certificate"] = write_certificates([bundle.certificate])
        values[f"{part}_csr"] = write_csr(
            make_csr(
                bundle.key,
                account=account,
                purpose=purpose,
                organisation=_field(bundle, NameOID.ORGANIZATION_NAME),
                unit=_field(bundle, NameOID.ORGANIZATIONAL_UNIT_NAME),
                country=_field(bundle, NameOID.COUNTRY_NAME) or "PL",
            )
        )
    told = authority or write_certificates([each for each in above if each not in issuers] or issuers)
    values["chain"] = write_certificates(issuers)
    values["activation"] = {"serviceAuthority": told.decode("ascii")}
    return values


def _field(bundle: Bundle, oid: x509.ObjectIdentifier) -> str:
    values = bundle.certificate.subject.get_attributes_for_oid(oid)
    return str(values[0].value) if values else ""
