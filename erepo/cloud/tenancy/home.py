"""The service's folder: its own authority, its two certificates, whom it trusts, its database and blobs.

    secrets/passphrase    protects the keys below (0600); back it up apart from the rest
    secrets/master-key    protects what accounts entrust to the service (see `vault.keyring`), likewise
    ca/                   the service's own authority (ca.pem is what clients trust)
    tls.key, tls.pem      how it shows itself in the TLS handshake
    portal.key, portal.pem  the same of the patients' side, where the settings name no other
    wss.key, wss.pem      how it signs its answers (CN=erepo cloud WSS)
    operator/*.pem        certificates with which the operator's programs read /metrics
    trust/*.pem           other authorities whose client certificates are accepted, such as the office's
    blobs/                large contents
    cloud.db              everything else

`initialise` may run again at any time: each key is durable before its certificate, and what exists is kept.
"""

import ipaddress
import secrets
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

from cryptography import x509
from sqlalchemy import insert, select

from erepo.cloud.addresses import own_names
from erepo.cloud.errors import AuthorityUnfit, CloudNotInitialised, CredentialsInTheWay
from erepo.cloud.storage.database import Database
from erepo.cloud.storage.tables import service
from erepo.cloud.vault.keyring import Keyring, begin
from erepo.durable import make_folder, write_durably
from erepo.identifiers.oids import new_uuid_oid
from erepo.pki.authority import Authority
from erepo.pki.bundle import Bundle, fingerprint
from erepo.pki.keys import KeyType, PrivateKey, clear_key, encrypt_key, new_key
from erepo.pki.pem import read_certificate, read_certificates, write_certificates
from erepo.pki.trust import TrustStore
from erepo.settings import Settings

SIGNER = "erepo cloud WSS"
OPERATOR = "erepo cloud operator"
_RENEW = timedelta(days=30)
_Issue = Callable[[PrivateKey], x509.Certificate]


class Home:
    """Paths and keys of one service."""

    def __init__(self, settings: Settings) -> None:
        self.folder = settings.cloud_home
        self.blobs = self.folder / "blobs"
        self.trust = self.folder / "trust"
        self.operator = self.folder / "operator"
        self._settings = settings

    @property
    def passphrase(self) -> bytes:
        """What opens the service's own keys.

        Raises:
            CloudNotInitialised: there is none yet.
        """
        return self._read(self.folder / "secrets" / "passphrase")

    def authority(self) -> Authority:
        """The service's own authority.

        Raises:
            CloudNotInitialised: there is none yet.
        """
        self._read(self.folder / "ca" / "ca.pem")
        return Authority.load(self.folder / "ca", self.passphrase)

    def bundle(self, name: str) -> Bundle:
        """The key and certificate `tls` or `wss`.

        Raises:
            CloudNotInitialised: not made yet.
        """
        certificate, key = self._read(self.folder / f"{name}.pem"), self._read(self.folder / f"{name}.key")
        return Bundle.from_pem(certificate, key, self.passphrase)

    def operators(self) -> frozenset[str]:
        """The fingerprints of the certificates with which the operator's own programs come."""
        return frozenset(
            fingerprint(read_certificate(file.read_bytes())) for file in self.operator.glob("*.pem")
        )

    def add_operator(self, folder: Path, key_type: KeyType) -> None:
        """Make a certificate for a program of the operator; its key lies, in clear, in the folder alone.

        Raises:
            CredentialsInTheWay: the folder holds keys already.
            CloudNotInitialised: there is no authority yet.
        """
        names = ("ca.pem", "tls.key", "tls.pem")
        taken = next((name for name in names if (folder / name).exists()), None)
        if taken is not None:
            raise CredentialsInTheWay(folder=folder, name=taken)
        authority, key = self.authority(), new_key(key_type)
        certificate = authority.issue_visitor(key, OPERATOR)
        pem = write_certificates([certificate])
        write_durably(folder / "ca.pem", [authority.pem], mode=0o644)
        write_durably(folder / "tls.key", [clear_key(key)])
        write_durably(folder / "tls.pem", [pem], mode=0o644)
        write_durably(self.operator / f"{fingerprint(certificate)[:32]}.pem", [pem], mode=0o644)

    def trusted(self) -> TrustStore:
        """The authorities whose client certificates are accepted: our own and the added ones."""
        files = [self.folder / "ca" / "ca.pem", *sorted(self.trust.glob("*.pem"))]
        return TrustStore(each for file in files for each in read_certificates(self._read(file)))

    def add_trust(self, pem: bytes) -> int:
        """Accept client certificates of these authorities; a running service takes it up by itself.

        Returns:
            How many certificates the text holds.

        Raises:
            CertificateUnreadable: none in it.
            AuthorityUnfit: one of them is expired or no authority; none is taken.
        """
        certificates = read_certificates(pem)
        for number, each in enumerate(certificates, 1):
            _check_authority(number, each)
        for each in certificates:
            name = f"{fingerprint(each)[:32]}.pem"
            write_durably(self.trust / name, [write_certificates([each])], mode=0o644)
        return len(certificates)

    def _read(self, path: Path) -> bytes:
        try:
            return path.read_bytes().strip()
        except FileNotFoundError:
            raise CloudNotInitialised(home=str(self.folder)) from None


def _check_authority(number: int, certificate: x509.Certificate) -> None:
    if certificate.not_valid_after_utc <= datetime.now(UTC):
        raise AuthorityUnfit(number=number, reason="expired")
    try:
        constraints = certificate.extensions.get_extension_for_class(x509.BasicConstraints).value
    except x509.ExtensionNotFound:
        raise AuthorityUnfit(number=number, reason="BasicConstraints") from None
    if not constraints.ca:
        raise AuthorityUnfit(number=number, reason="CA:FALSE")


def initialise(settings: Settings, names: Sequence[str] = ()) -> Home:
    """Set the service up: keys, certificates, database, folders; keep what exists.

    Args:
        settings: where and on which address.
        names: further DNS names or addresses of the server's certificate.
    """
    home = Home(settings)
    for folder in (home.blobs, home.trust):
        make_folder(folder)
    if not (home.folder / "secrets" / "passphrase").exists():
        write_durably(home.folder / "secrets" / "passphrase", [secrets.token_urlsafe(32).encode()])
    authority = Authority.load_or_create(home.folder / "ca", home.passphrase, "erepo cloud CA")
    wanted = _names(settings, names)
    # Names that were asked for once stay, also when the certificate is made anew for its age.
    wanted = list(dict.fromkeys([*wanted, *_present_names(home)]))
    _keep(home, "tls", settings, lambda key: authority.issue_server(key, wanted, "erepo cloud"), wanted)
    seen = _names(settings, [name for name in [urlsplit(settings.portal_url).hostname] if name])
    _keep(home, "portal", settings, lambda key: authority.issue_server(key, seen, "erepo portal"), seen)
    _keep(home, "wss", settings, lambda key: authority.issue_signer(key, SIGNER), ())
    database = Database(settings.cloud_url)
    database.create()
    _name_community(database)
    with database.write() as connection:
        begin(connection, Keyring(settings))
    database.close()
    return home


def _names(settings: Settings, names: Iterable[str]) -> list[str]:
    return list(dict.fromkeys([*names, *own_names(settings), "localhost", "127.0.0.1", "::1"]))


def _keep(home: Home, name: str, settings: Settings, issue: _Issue, names: Sequence[str]) -> None:
    try:
        certificate = home.bundle(name).certificate
    except CloudNotInitialised:
        pass
    else:
        fresh = certificate.not_valid_after_utc - datetime.now(UTC) > _RENEW
        if fresh and set(_alternative(names)) <= set(_found(certificate)):
            return
    key = new_key(settings.key_type)
    # A crash between the two leaves a pair that does not match; the pair is then made anew.
    (home.folder / f"{name}.pem").unlink(missing_ok=True)
    write_durably(home.folder / f"{name}.key", [encrypt_key(key, home.passphrase)])
    write_durably(home.folder / f"{name}.pem", [write_certificates([issue(key)])], mode=0o644)


def _alternative(names: Iterable[str]) -> list[str]:
    return [_normal(name) for name in names]


def _present_names(home: Home) -> list[str]:
    try:
        return _found(home.bundle("tls").certificate)
    except CloudNotInitialised:
        return []


def _found(certificate: x509.Certificate) -> list[str]:
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return []
    return [_normal(str(name.value)) for name in names]


def _normal(name: str) -> str:
    try:
        return str(ipaddress.ip_address(name))
    except ValueError:
        return name.lower()


def _name_community(database: Database) -> None:
    with database.write() as connection:
        if connection.scalar(select(service.c.value).where(service.c.name == "home")) is None:
            connection.execute(insert(service), {"name": "home", "value": f"urn:oid:{new_uuid_oid()}"})
