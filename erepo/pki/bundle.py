"""A private key with its certificate and chain; in and out as PKCS#12 or PEM."""

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Self

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.serialization import pkcs12

from erepo.passphrase import tried
from erepo.pki.errors import (
    BundleIncomplete,
    BundleUnreadable,
    CertificateUnreadable,
    KeyMismatch,
    WrongPassphrase,
)
from erepo.pki.keys import PrivateKey, check_private, check_public, load_key, same_key
from erepo.pki.names import CertificatePurpose, parse_subject
from erepo.pki.pem import UNREADABLE, read_certificates, read_whole, write_certificates

_LARGEST = 1024**2
#: Rounds of key stretching in the PKCS#12 files we write; people carry them off under shorter passwords.
_ROUNDS = 100_000


@dataclass(frozen=True, eq=False)
class Bundle:
    """A private key and the certificate of exactly that key."""

    key: PrivateKey
    """The private key."""
    certificate: x509.Certificate
    """Its certificate."""
    chain: tuple[x509.Certificate, ...] = ()
    """Certificates of the issuers, as far as given; nothing is said about their trust."""

    @classmethod
    def from_pem(
        cls, certificate_pem: bytes, key_pem: bytes, passphrase: bytes | None = None, chain_pem: bytes = b""
    ) -> Self:
        """Put a key and its certificate together.

        Args:
            certificate_pem: one or more certificates; the key's own is picked, the others join the chain.
            key_pem: the private key, encrypted or not.
            passphrase: opens an encrypted key.
            chain_pem: more certificates of issuers.

        Raises:
            KeyMismatch: none of the certificates belongs to the key.
            CertificateUnreadable: no certificate there.
            KeyUnreadable, WrongPassphrase, KeyUnsupported, WeakKey: see `load_key`.
        """
        key = load_key(key_pem, passphrase)
        chain = read_certificates(chain_pem) if chain_pem.strip() else ()
        return cls._matching(key, (*read_certificates(certificate_pem), *chain))

    @classmethod
    def from_pkcs12(cls, data: bytes, passphrase: bytes) -> Self:
        """Read a `.p12` file, also one with the old ciphers (3DES, RC2) that P1 uses (polish-domain §4.11).

        Raises:
            BundleUnreadable: no PKCS#12.
            WrongPassphrase: the passphrase does not open it.
            BundleIncomplete: no key or no certificate in it.
            KeyMismatch: no certificate belongs to the key.
            KeyUnsupported, WeakKey: see `load_key`.
        """
        if len(data) > _LARGEST or not data.startswith(b"\x30"):
            raise BundleUnreadable
        try:
            store = _opened(data, passphrase)
            entries = ([store.cert] if store.cert else []) + list(store.additional_certs)
            for entry in entries:
                read_whole(entry.certificate)
        except ValueError as error:
            # The library has one exception for both; its text never quotes the input.
            raise (
                WrongPassphrase(what="PKCS#12") if "password" in str(error) else BundleUnreadable()
            ) from None
        except UNREADABLE:
            raise BundleUnreadable from None
        if store.key is None:
            raise BundleIncomplete(missing="private key / klucz prywatny")
        if not entries:
            raise BundleIncomplete(missing="certificate / certyfikat")
        return cls._matching(check_private(store.key), [entry.certificate for entry in entries])

    @classmethod
    def _matching(cls, key: PrivateKey, certificates: Iterable[x509.Certificate]) -> Self:
        public, others, own = key.public_key(), [], None
        for certificate in certificates:
            if own is None and _belongs(certificate, key):
                own = certificate
            elif certificate not in others:
                others.append(certificate)
        if own is None:
            raise KeyMismatch
        check_public(public)
        return cls(key, own, tuple(others))

    def to_pkcs12(self, passphrase: bytes, name: str = "") -> bytes:
        """Return a `.p12` file: PBESv2 with AES-256, HMAC-SHA-256.

        Args:
            passphrase: protects the file; an empty one is refused.
            name: the friendly name shown by browsers and key stores.

        Raises:
            WrongPassphrase: the passphrase is empty.
        """
        if not passphrase:
            raise WrongPassphrase(what="PKCS#12")
        encryption = (
            serialization.PrivateFormat.PKCS12.encryption_builder()
            .kdf_rounds(_ROUNDS)
            .key_cert_algorithm(pkcs12.PBES.PBESv2SHA256AndAES256CBC)
            .hmac_hash(hashes.SHA256())
            .build(passphrase)
        )
        friendly = name.encode() or None
        return pkcs12.serialize_key_and_certificates(
            friendly, self.key, self.certificate, self.chain, encryption
        )

    @property
    def certificate_pem(self) -> bytes:
        """The certificate and its chain in PEM, the certificate first."""
        return write_certificates((self.certificate, *self.chain))

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 of the certificate's DER, in hex."""
        return fingerprint(self.certificate)

    @property
    def subject_account(self) -> str:
        """The account that the certificate names.

        Raises:
            WrongSubject: it names none.
        """
        return parse_subject(self.certificate)[0]

    @property
    def subject_purpose(self) -> CertificatePurpose:
        """What the certificate is for.

        Raises:
            WrongSubject: its CN does not tell.
        """
        return parse_subject(self.certificate)[1]


def _opened(data: bytes, passphrase: bytes) -> pkcs12.PKCS12KeyAndCertificates:
    *first, last = tried(passphrase)
    for one in first:
        with suppress(ValueError):
            return pkcs12.load_pkcs12(data, one or None)
    return pkcs12.load_pkcs12(data, last or None)


@lru_cache(maxsize=1024)  # each message asks several times about the same few
def fingerprint(certificate: x509.Certificate) -> str:
    """Return the SHA-256 of a certificate's DER, in hex."""
    return certificate.fingerprint(hashes.SHA256()).hex()


def _belongs(certificate: x509.Certificate, key: PrivateKey) -> bool:
    try:
        public = certificate.public_key()
    except (ValueError, UnsupportedAlgorithm):
        raise CertificateUnreadable from None
    return type(public) is type(key.public_key()) and same_key(public, key.public_key())
