"""A small certificate authority: the service's own, and the sandbox office's.

Kept as two files in one folder: `ca.key` (PKCS#8, encrypted, 0600) and `ca.pem`. Commit point of `save`: the
key is durable before the certificate appears, so a certificate without its key cannot exist; a key without a
certificate is an unfinished creation and is simply replaced.
"""

import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Self

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from erepo.durable import write_durably
from erepo.pki.bundle import Bundle
from erepo.pki.keys import KeyType, PrivateKey, PublicKey, check_public, encrypt_key, new_key
from erepo.pki.names import CertificatePurpose, common_name
from erepo.pki.pem import write_certificates

#: Issued this long before now, so that a client with a slow clock can use it at once.
_BACKDATED = timedelta(minutes=5)
_FROM_REQUEST = (NameOID.COUNTRY_NAME, NameOID.ORGANIZATION_NAME, NameOID.ORGANIZATIONAL_UNIT_NAME)


@dataclass(frozen=True, eq=False)
class Authority:
    """An authority that signs leaf certificates and no other authorities."""

    key: PrivateKey
    """Signs everything."""
    certificate: x509.Certificate
    """Self-signed; what others are asked to trust."""
    crl_url: str = ""
    """Where it publishes what it has revoked: stands in what it issues; empty: nowhere."""

    @classmethod
    def create(cls, name: str, key_type: KeyType = "ec-p256", days: int = 3650) -> Self:
        """Make a new authority with this common name, valid for so many days."""
        key = new_key(key_type)
        subject = _name(name)
        public = key.public_key()
        since, until = _validity(days)
        certificate = (
            _builder(subject, subject, public, since, until)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(_usage(certificates=True), critical=True)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(public), critical=False)
            .sign(key, hashes.SHA256())
        )
        return cls(key, certificate)

    @classmethod
    def load(cls, folder: Path, passphrase: bytes) -> Self:
        """Read an authority that `save` wrote.

        Raises:
            FileNotFoundError: there is none.
            WrongPassphrase: the passphrase does not open its key.
            KeyMismatch: the two files do not belong together.
        """
        certificate = (folder / "ca.pem").read_bytes()
        bundle = Bundle.from_pem(certificate, (folder / "ca.key").read_bytes(), passphrase)
        return cls(bundle.key, bundle.certificate)

    @classmethod
    def load_or_create(
        cls, folder: Path, passphrase: bytes, name: str, key_type: KeyType = "ec-p256"
    ) -> Self:
        """Read the authority of a folder, or make and save one; safe to repeat after a crash.

        Raises:
            WrongPassphrase, KeyMismatch: as `load`.
        """
        try:
            return cls.load(folder, passphrase)
        except FileNotFoundError:
            authority = cls.create(name, key_type)
            authority.save(folder, passphrase)
            return authority

    def save(self, folder: Path, passphrase: bytes) -> None:
        """Write `ca.key` (encrypted), then `ca.pem`.

        Raises:
            OSError: the disk refused.
        """
        write_durably(folder / "ca.key", [encrypt_key(self.key, passphrase)])
        write_durably(folder / "ca.pem", [self.pem], mode=0o644)

    @property
    def pem(self) -> bytes:
        """The authority's certificate in PEM."""
        return write_certificates([self.certificate])

    def issue_client(
        self, csr: x509.CertificateSigningRequest, account: str, purpose: CertificatePurpose, days: int = 730
    ) -> x509.Certificate:
        """Issue an account's certificate for the key of a request.

        The CN is written anew from `account` and `purpose`; only C, O and OU are taken from the request,
        and no extension is. Check the request first (`read_csr`, `check_request`).

        Raises:
            SubjectInvalid: the account is not 16 digits.
            WeakKey, KeyUnsupported: the key is not acceptable.
        """
        attributes = [a for oid in _FROM_REQUEST for a in csr.subject.get_attributes_for_oid(oid)]
        attributes.append(x509.NameAttribute(NameOID.COMMON_NAME, common_name(account, purpose)))
        builder = self._leaf(x509.Name(attributes), check_public(csr.public_key()), days)
        if purpose is CertificatePurpose.TLS:
            extended = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH])
            builder = builder.add_extension(extended, critical=False)
        return builder.sign(self.key, hashes.SHA256())

    def issue_server(
        self, key: PrivateKey, names: list[str], common_name: str = "", days: int = 730
    ) -> x509.Certificate:
        """Issue a TLS server's certificate for DNS names and IP addresses (the first is the default CN)."""
        alternative = x509.SubjectAlternativeName([_general_name(name) for name in names])
        return (
            self._leaf(_name(common_name or names[0]), key.public_key(), days)
            .add_extension(alternative, critical=False)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
            .sign(self.key, hashes.SHA256())
        )

    def issue_visitor(self, key: PrivateKey, common_name: str, days: int = 730) -> x509.Certificate:
        """Issue a TLS client's certificate that names no account: for the operator's own programs."""
        return (
            self._leaf(_name(common_name), key.public_key(), days)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]), critical=False)
            .sign(self.key, hashes.SHA256())
        )

    def issue_signer(self, key: PrivateKey, common_name: str, days: int = 730) -> x509.Certificate:
        """Issue the certificate with which a service signs its answers."""
        return self._leaf(_name(common_name), key.public_key(), days).sign(self.key, hashes.SHA256())

    def revocation_list(
        self, revoked: Iterable[tuple[int, datetime, x509.ReasonFlags]], life: timedelta
    ) -> bytes:
        """Return a list (CRL, DER) of serial numbers, moments and reasons, made now and good for so long."""
        now = datetime.now(UTC).replace(microsecond=0)
        builder = (
            x509.CertificateRevocationListBuilder()
            .issuer_name(self.certificate.subject)
            .last_update(now)
            .next_update(now + life)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key()), critical=False
            )
            .add_extension(x509.CRLNumber(int(now.timestamp())), critical=False)
        )
        for serial, at, reason in revoked:
            entry = x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(at)
            if reason is not x509.ReasonFlags.unspecified:
                entry = entry.add_extension(x509.CRLReason(reason), critical=False)
            builder = builder.add_revoked_certificate(entry.build())
        return builder.sign(self.key, hashes.SHA256()).public_bytes(serialization.Encoding.DER)

    def _leaf(self, subject: x509.Name, public: PublicKey, days: int) -> x509.CertificateBuilder:
        since, until = _validity(days)
        issuer = self.certificate
        builder = (
            _builder(subject, issuer.subject, public, since, min(until, issuer.not_valid_after_utc))
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_usage(certificates=False), critical=True)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key()), critical=False
            )
        )
        if not self.crl_url:
            return builder
        place = x509.UniformResourceIdentifier(self.crl_url)
        point = x509.DistributionPoint([place], relative_name=None, reasons=None, crl_issuer=None)
        return builder.add_extension(x509.CRLDistributionPoints([point]), critical=False)


def _builder(
    subject: x509.Name, issuer: x509.Name, public: PublicKey, since: datetime, until: datetime
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(since)
        .not_valid_after(until)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
    )


def _validity(days: int) -> tuple[datetime, datetime]:
    now = datetime.now(UTC).replace(microsecond=0)
    return now - _BACKDATED, now + timedelta(days=days)


def _name(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def _general_name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _usage(*, certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=certificates,
        crl_sign=certificates,
        encipher_only=False,
        decipher_only=False,
    )
