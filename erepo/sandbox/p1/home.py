"""The folder of the sandbox's P1: authorities, keys, databases, and the certificates it issues.

    secrets/passphrase                     opens the keys
    ca/services/ca.pem                     authority of its server and of all it signs: what clients trust
    ca/providers/ca.pem                    authority of the providers' certificates
    tls, wss, token (.key, .pem)           its server, its WS-Security, its SAML tokens
    admin/{ca.pem,tls.pem,tls.key}         the administrator's certificate; the key in clear, 0600
    p1.db, registry.db                     state; document index
    providers/<resort I>/                  where `erepo up` puts the first provider's files

Commit points: a key is durable before its certificate, so a certificate without its key cannot exist; a
certificate counts once it is in the database, which comes last. Everything may be repeated.
"""

import secrets
from pathlib import Path
from typing import Final, Self

import orjson
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.serialization import pkcs12

from erepo.durable import make_folder, write_durably
from erepo.identifiers import IdentifierInvalid
from erepo.identifiers.resort import check_part
from erepo.pki.authority import Authority
from erepo.pki.bundle import Bundle, fingerprint
from erepo.pki.keys import KeyType, PrivateKey, clear_key, encrypt_key, new_key
from erepo.pki.names import CertificatePurpose
from erepo.pki.pem import write_certificates
from erepo.sandbox.p1.errors import P1SandboxNotReady, ProviderMalformed
from erepo.sandbox.p1.registry import Registry
from erepo.sandbox.p1.store import Store

#: P1 takes RSA keys only, and certifies no other; its authorities' own keys are nobody's business.
_KEY: Final[KeyType] = "rsa-3072"
ADMIN = "ADMIN"


class Home:
    """One sandbox in one folder."""

    def __init__(self, folder: Path, services: Authority, providers: Authority, passphrase: bytes) -> None:
        self.folder, self.services, self.providers = folder, services, providers
        self._passphrase = passphrase
        self.store = Store(folder / "p1.db")

    @classmethod
    def initialise(cls, folder: Path, names: list[str]) -> Self:
        """Set the sandbox up; may be repeated at any time.

        Args:
            folder: its state.
            names: DNS names and addresses of its server.
        """
        passphrase = folder / "secrets" / "passphrase"
        if not passphrase.exists():
            write_durably(passphrase, [secrets.token_urlsafe(32).encode()])
        words = passphrase.read_bytes()
        services = Authority.load_or_create(folder / "ca" / "services", words, "erepo sandbox P1 CA")
        providers = Authority.load_or_create(folder / "ca" / "providers", words, "erepo sandbox P1 SubCA")
        home = cls(folder, services, providers, words)
        home.store.create()
        Registry.create(folder)
        home._make_own(names)
        home._make_admin()
        return home

    @classmethod
    def open(cls, folder: Path) -> Self:
        """Open a sandbox that was set up before.

        Raises:
            P1SandboxNotReady: it was not.
        """
        try:
            words = (folder / "secrets" / "passphrase").read_bytes()
            services = Authority.load(folder / "ca" / "services", words)
            providers = Authority.load(folder / "ca" / "providers", words)
        except FileNotFoundError:
            raise P1SandboxNotReady(folder=str(folder)) from None
        return cls(folder, services, providers, words)

    def bundle(self, name: str) -> Bundle:
        """Return one of its own keys: `tls`, `wss` or `token`."""
        certificate, key = ((self.folder / f"{name}.{end}").read_bytes() for end in ("pem", "key"))
        return Bundle.from_pem(certificate, key, self._passphrase)

    def _make_own(self, names: list[str]) -> None:
        # The server's certificate is cheap and its names may change: it is made anew each time.
        key = new_key("ec-p256")
        self._keep("tls", key, write_certificates([self.services.issue_server(key, names)]))
        for name, subject in (("wss", "P1 WSS"), ("token", "P1 SAML")):
            if not (self.folder / f"{name}.pem").exists():
                signing = new_key(_KEY)
                self._keep(name, signing, write_certificates([self.services.issue_signer(signing, subject)]))

    def _keep(self, name: str, key: PrivateKey, certificate: bytes) -> None:
        write_durably(self.folder / f"{name}.key", [encrypt_key(key, self._passphrase)])
        write_durably(self.folder / f"{name}.pem", [certificate], 0o644)

    def _make_admin(self) -> None:
        folder = self.folder / "admin"
        make_folder(folder)
        if not (folder / "tls.pem").exists():
            key = new_key("ec-p256")
            certificate = self.services.issue_visitor(key, "P1 sandbox administrator")
            write_durably(folder / "ca.pem", [self.services.pem], 0o644)
            write_durably(folder / "tls.key", [clear_key(key)])
            write_durably(folder / "tls.pem", [write_certificates([certificate])], 0o644)
        admin = Bundle.from_pem((folder / "tls.pem").read_bytes(), (folder / "tls.key").read_bytes())
        self.store.add_certificate(fingerprint(admin.certificate), ADMIN, None)

    def add_provider(self, resort_i: str, out: Path, *, legacy: bool = False) -> list[Path]:
        """Issue a provider's TLS and WSS certificates as `.p12` files; each call issues new ones.

        Args:
            resort_i: 12 digits.
            out: folder for `<name>-tls.p12`, `<name>-wss.p12` and `passwords.json` (all 0600).
            legacy: in the old cipher (3DES, SHA-1), as P1's own files are.

        Raises:
            ProviderMalformed: no resort part I.
        """
        try:
            resort_i = check_part("I", resort_i)
        except IdentifierInvalid:
            raise ProviderMalformed(given=ascii(resort_i)[:40]) from None
        make_folder(out)
        name, files, words = f"Podmiot_leczniczy_{resort_i}", [], dict[str, dict[str, str]]()
        for purpose in CertificatePurpose:
            bundle = self._issue(resort_i, purpose)
            file, password = out / f"{name}-{purpose.lower()}.p12", secrets.token_urlsafe(18)
            write_durably(file, [write_pkcs12(bundle, password.encode(), legacy=legacy)])
            words[purpose.lower()] = {"file": file.name, "password": password}
            self.store.add_certificate(fingerprint(bundle.certificate), purpose.value, resort_i)
            files.append(file)
        passwords = out / "passwords.json"
        write_durably(passwords, [orjson.dumps(words, option=orjson.OPT_INDENT_2)])
        return [*files, passwords]

    def _issue(self, resort_i: str, purpose: CertificatePurpose) -> Bundle:
        key = new_key(_KEY)
        subject = f"Podmiot leczniczy {resort_i} {purpose}"
        issue = (
            self.providers.issue_visitor if purpose is CertificatePurpose.TLS else self.providers.issue_signer
        )
        return Bundle(key, issue(key, subject), (self.providers.certificate,))


def write_pkcs12(bundle: Bundle, password: bytes, *, legacy: bool) -> bytes:
    """Return a `.p12` file: as ours are, or in the cipher of P1's own files."""
    if not legacy:
        return bundle.to_pkcs12(password, "P1")
    encryption = (
        serialization.PrivateFormat.PKCS12.encryption_builder()
        .kdf_rounds(2048)
        .key_cert_algorithm(pkcs12.PBES.PBESv1SHA1And3KeyTripleDESCBC)
        .hmac_hash(hashes.SHA1())  # noqa: S303  # what P1's files have
        .build(password)
    )
    return pkcs12.serialize_key_and_certificates(
        b"P1", bundle.key, bundle.certificate, bundle.chain, encryption
    )
