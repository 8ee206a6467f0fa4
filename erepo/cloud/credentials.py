"""An account with everything ready to use, in a folder: for IHE peers, tests, small installations.

The real way is the office: the clinic makes its keys itself and only requests leave it. Here the service's
own authority makes keys and certificates, so they have to be carried to the clinic over a safe way.
"""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import orjson
from cryptography import x509

from erepo.cloud import operating
from erepo.cloud.addresses import service_url
from erepo.cloud.errors import CredentialsInTheWay
from erepo.cloud.storage.database import Database
from erepo.cloud.tenancy import tenants
from erepo.cloud.tenancy.home import Home
from erepo.cloud.tenancy.tenants import Order, Tenant
from erepo.cloud.web.accounts import facts
from erepo.durable import write_durably
from erepo.pki.authority import Authority
from erepo.pki.bundle import Bundle
from erepo.pki.csr import make_csr
from erepo.pki.keys import clear_key, new_key
from erepo.pki.names import CertificatePurpose
from erepo.settings import Settings

FILES = ("ca.pem", "tls.key", "tls.pem", "wss.key", "wss.pem", "account.json")


@dataclass(frozen=True)
class Issued:
    """Both bundles of an account."""

    tls: Bundle
    wss: Bundle

    @property
    def certificates(self) -> tuple[x509.Certificate, x509.Certificate]:
        """Both certificates, TLS first."""
        return self.tls.certificate, self.wss.certificate


def add_tenant(settings: Settings, wanted: Order, folder: Path | None = None) -> Tenant:
    """Add an account; with a folder also make it active and write its credentials there.

    Commit point: the files are durable before the account becomes active, so an active account always has
    them. When it does not come to that, they are removed again.

    Args:
        settings: the service's home.
        wanted: the account and its limits.
        folder: where to write ca.pem, tls.pem, tls.key, wss.pem, wss.key and account.json; None orders only.

    Raises:
        TenantExists, AccountMalformed, TermOver, CredentialsInTheWay, CloudNotInitialised,
            PublicAddressMissing: nothing was changed.
    """
    with closing(Database(settings.cloud_url)) as database:
        database.check()
        if folder is None:
            with database.everyone("an account is added", write=True) as connection:
                operating.add(connection, wanted, None)
                return tenants.find(connection, wanted.account)
        with database.everyone("an account is looked for") as connection:
            tenants.check_new(connection, wanted)
        with _prepared(settings, wanted.account, folder) as ready:
            with database.everyone("an account is added", write=True) as connection:
                operating.add(connection, wanted, ready.issued.certificates)
                tenant = tenants.find(connection, wanted.account)
                ready.write(tenant)
            return tenant


def renew_tenant(settings: Settings, account: str, folder: Path, *, retire: bool = False) -> Tenant:
    """Make new keys and certificates of an account and write them to a folder.

    Args:
        settings: the service's home.
        account: which one; one that waits for its activation becomes active.
        folder: as in `add_tenant`.
        retire: whether the earlier certificates end now; without it they serve until they expire.

    Raises:
        TenantUnknown, CredentialsInTheWay, CloudNotInitialised, PublicAddressMissing: nothing was changed.
    """
    with closing(Database(settings.cloud_url)) as database:
        database.check()
        with database.everyone("an account is looked for") as connection:
            tenants.find(connection, account)
        with _prepared(settings, account, folder) as ready:
            with database.everyone("certificates are registered", write=True) as connection:
                operating.renew(connection, account, *ready.issued.certificates, retire=retire)
                tenant = tenants.find(connection, account)
                ready.write(tenant)
            return tenant


@dataclass(frozen=True)
class _Ready:
    """Keys and certificates that are made, and where they will be written."""

    folder: Path
    home: Home
    authority: Authority
    issued: Issued
    url: str

    def write(self, tenant: Tenant) -> None:
        """Write everything, durably."""
        _write_bundles(self.folder, self.authority, self.issued)
        content = facts(tenant, self.url, self.home.bundle("wss"))
        octets = orjson.dumps(content, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
        write_durably(self.folder / "account.json", [octets], mode=0o644)


@contextmanager
def _prepared(settings: Settings, account: str, folder: Path) -> Iterator[_Ready]:
    """Make keys and certificates before anything is locked; remove the files if the block fails."""
    taken = next((name for name in FILES if (folder / name).exists()), None)
    if taken is not None:
        raise CredentialsInTheWay(folder=folder, name=taken)
    home, url = Home(settings), service_url(settings)
    authority = home.authority()
    try:
        yield _Ready(folder, home, authority, issue(authority, account, settings), url)
    except BaseException:
        for name in FILES:
            (folder / name).unlink(missing_ok=True)
        raise


def issue(authority: Authority, account: str, settings: Settings) -> Issued:
    """Make keys and certificates of an account with the service's own authority."""

    def make(purpose: CertificatePurpose) -> Bundle:
        key = new_key(settings.key_type)
        csr = make_csr(key, account=account, purpose=purpose, organisation=f"Account {account}", unit="EDM")
        return Bundle(key, authority.issue_client(csr, account, purpose))

    return Issued(make(CertificatePurpose.TLS), make(CertificatePurpose.WSS))


def _write_bundles(folder: Path, authority: Authority, issued: Issued) -> None:
    write_durably(folder / "ca.pem", [authority.pem], mode=0o644)
    for name, bundle in (("tls", issued.tls), ("wss", issued.wss)):
        write_durably(folder / f"{name}.key", [clear_key(bundle.key)])
        write_durably(folder / f"{name}.pem", [bundle.certificate_pem], mode=0o644)
