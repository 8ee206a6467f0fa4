"""Whom we believe: authorities, and the proof of a certificate's path to one of them (RFC 5280 §6)."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Self

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.x509 import verification

from erepo.pki.bundle import fingerprint
from erepo.pki.errors import (
    CertificateExpired,
    CertificateNotYetValid,
    CertificateRefused,
    CertificateUnreadable,
    ChainRefused,
    SelfSigned,
    UnknownExtension,
    UntrustedIssuer,
    WeakSignature,
)
from erepo.pki.keys import check_public
from erepo.pki.pem import read_certificates, write_certificates
from erepo.texts import moment_words

_Certificates = Sequence[x509.Certificate]

#: How long a positive answer is remembered.
CACHE_LIFE = timedelta(minutes=5)
_CACHE_SIZE = 4096
#: Certificates between leaf and root.
_DEEPEST = 4
_WEAK_HASHES = (hashes.SHA1, hashes.MD5)


class TrustStore:
    """Trusted authorities.

    Not covered: whether a certificate was revoked, see `erepo.pki.revocation`.
    """

    def __init__(self, authorities: Iterable[x509.Certificate]) -> None:
        """Trust these certificates as roots; an empty set trusts nobody."""
        self.authorities = tuple(authorities)
        self._store = verification.Store(list(self.authorities)) if self.authorities else None
        self._cache: dict[tuple[str, ...], tuple[datetime, datetime]] = {}
        self._issuers: dict[str, x509.Certificate | None] = {}

    @classmethod
    def from_pem(cls, pem: bytes) -> Self:
        """Trust every certificate of a PEM text.

        Raises:
            CertificateUnreadable: none in it.
        """
        return cls(read_certificates(pem))

    @classmethod
    def from_folder(cls, path: Path) -> Self:
        """Trust every certificate in the `*.pem` files of a folder; a missing folder trusts nobody.

        Raises:
            CertificateUnreadable: a file holds none.
        """
        files = sorted(path.glob("*.pem"))
        return cls(certificate for file in files for certificate in read_certificates(file.read_bytes()))

    @property
    def pem(self) -> bytes:
        """The authorities in PEM, for a TLS context."""
        return write_certificates(self.authorities)

    def verify(
        self, certificate: x509.Certificate, intermediates: Sequence[x509.Certificate] = (), *, at: datetime
    ) -> None:
        """Prove that a trusted authority vouches for the certificate at that moment.

        A positive answer is remembered for five minutes, never beyond the end of any certificate in question.

        Args:
            certificate: the leaf.
            intermediates: certificates that may lie between it and a root; not trusted by themselves.
            at: an aware time.

        Raises:
            CertificateExpired, CertificateNotYetValid: the leaf's time.
            WeakKey, KeyUnsupported, WeakSignature: its strength.
            SelfSigned, UntrustedIssuer, UnknownExtension, ChainRefused: its path.
        """
        key = tuple(fingerprint(each) for each in (certificate, *intermediates))
        since, until = self._cache.get(key, (at, at))
        if since <= at < until:
            return
        check_time(certificate, at=at)
        check_strength(certificate)
        chain = self._path(certificate, intermediates, at)
        if len(self._cache) >= _CACHE_SIZE:
            self._cache.clear()
        end = min(each.not_valid_after_utc for each in chain)
        self._cache[key] = (at, min(at + CACHE_LIFE, end))

    def path(
        self, certificate: x509.Certificate, intermediates: Sequence[x509.Certificate] = (), *, at: datetime
    ) -> Sequence[x509.Certificate]:
        """Return the proven path from the certificate (first) to a trusted authority (last).

        Raises:
            CertificateRefused: as `verify`.
        """
        check_time(certificate, at=at)
        check_strength(certificate)
        return self._path(certificate, intermediates, at)

    def issuer_of(self, certificate: x509.Certificate) -> x509.Certificate | None:
        """Return the trusted authority that signed a certificate, None where none did so itself."""
        key = fingerprint(certificate)
        if key not in self._issuers:
            if len(self._issuers) >= _CACHE_SIZE:
                self._issuers.clear()
            found = (each for each in self.authorities if _issued(certificate, each))
            self._issuers[key] = next(found, None)
        return self._issuers[key]

    def _path(
        self, certificate: x509.Certificate, intermediates: Sequence[x509.Certificate], at: datetime
    ) -> Sequence[x509.Certificate]:
        if self._store is None:
            raise _reason(certificate, (), (), "no authority is trusted")
        policy = (
            verification.PolicyBuilder()
            .store(self._store)
            .time(at.astimezone(UTC))
            .max_chain_depth(_DEEPEST)
            # What a leaf may be used for is judged by `checks`; the webpki rules ask for names we do not use.
            .extension_policies(
                ca_policy=verification.ExtensionPolicy.webpki_defaults_ca(),
                ee_policy=verification.ExtensionPolicy.permit_all(),
            )
        )
        try:
            return policy.build_client_verifier().verify(certificate, list(intermediates)).chain
        except verification.VerificationError as error:
            raise _reason(certificate, intermediates, self.authorities, str(error)) from None


def check_time(certificate: x509.Certificate, *, at: datetime) -> None:
    """Prove that the certificate is valid at that moment (aware time).

    Raises:
        CertificateExpired: not any more.
        CertificateNotYetValid: not yet.
    """
    if at > certificate.not_valid_after_utc:
        raise CertificateExpired(until=moment_words(certificate.not_valid_after_utc))
    if at < certificate.not_valid_before_utc:
        raise CertificateNotYetValid(since=moment_words(certificate.not_valid_before_utc))


def check_strength(certificate: x509.Certificate) -> None:
    """Prove that the certificate's key and its issuer's signature are strong enough.

    Raises:
        WeakKey: RSA below 2048 bits.
        KeyUnsupported: a kind of key not used here.
        WeakSignature: MD5, SHA-1 or an algorithm that is not known.
        CertificateUnreadable: the key cannot be read.
    """
    try:
        check_public(certificate.public_key())
        algorithm = certificate.signature_hash_algorithm
    except UnsupportedAlgorithm:
        raise WeakSignature(algorithm=certificate.signature_algorithm_oid.dotted_string) from None
    except ValueError:
        raise CertificateUnreadable from None
    if algorithm is None or isinstance(algorithm, _WEAK_HASHES):
        name = algorithm.name if algorithm else certificate.signature_algorithm_oid.dotted_string
        raise WeakSignature(algorithm=name)


def _reason(
    certificate: x509.Certificate, intermediates: _Certificates, trusted: _Certificates, detail: str
) -> CertificateRefused:
    """Turn the verifier's one failure into the defect a person can act on."""
    if certificate.issuer == certificate.subject:
        return SelfSigned()
    for extension in certificate.extensions:
        if extension.critical and isinstance(extension.value, x509.UnrecognizedExtension):
            return UnknownExtension(oid=extension.oid.dotted_string)
    if not _leads_to_trust(certificate, intermediates, trusted):
        return UntrustedIssuer()
    return ChainRefused(detail=ascii(detail)[1:161])


def _leads_to_trust(certificate: x509.Certificate, between: _Certificates, trusted: _Certificates) -> bool:
    """Tell whether signatures lead from the certificate to a trusted authority, whatever else is wrong."""
    reached, level = [certificate], [certificate]
    for _ in range(_DEEPEST + 1):
        if any(_issued(each, authority) for each in level for authority in trusted):
            return True
        level = [each for each in between if each not in reached and any(_issued(low, each) for low in level)]
        reached += level
    return False


def _issued(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(issuer)
    except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm):
        return False
    return True
