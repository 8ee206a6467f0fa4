"""An account with everything ready to use, in a folder: for IHE peers, tests, small installations.

The real way is the office: the clinic makes its keys itself and only requests leave it. Here the service's
own authority makes keys and certificates, so they have to be carried to the clinic over a safe way.
"""

from dataclasses import dataclass
from pathlib import Path

import orjson
from cryptography.hazmat.primitives import serialization

from erepo.cloud.service import service_url
from erepo.cloud.storage.database import Database
from erepo.cloud.tenancy import tenants
from erepo.cloud.tenancy.home import Home
from erepo.cloud.tenancy.tenants import Order, Tenant
from erepo.cloud.web.accounts import facts
from erepo.durable import write_durably
from erepo.pki.authority import Authority
from erepo.pki.bundle import Bundle
from erepo.pki.csr import make_csr
from erepo.pki.keys import new_key
from erepo.pki.names import CertificatePurpose
from erepo.settings import Settings


@dataclass(frozen=True)
class Issued:
    """Both bundles of an account."""

    tls: Bundle
    wss: Bundle


def add_tenant(settings: Settings, wanted: Order, folder: Path | None = None) -> Tenant:
    """Add an account; with a folder also make it active and write its credentials there.

    Commit point: the files are durable before the account becomes active, so an active account always has
    them.

    Args:
        settings: the service's home.
        wanted: the account and its limits.
        folder: where to write ca.pem, tls.pem, tls.key, wss.pem, wss.key and account.json; None orders only.

    Raises:
        TenantExists, AccountMalformed, CloudNotInitialised: nothing was changed.
    """
    home = Home(settings)
    database = Database(settings.cloud_url)
    try:
        database.check()
        with database.write() as connection:
            tenants.order(connection, wanted)
            if folder is not None:
                authority = home.authority()
                issued = issue(authority, wanted.account, settings)
                _write_bundles(folder, authority, issued)
                tenants.activate(connection, wanted.account, issued.tls.certificate, issued.wss.certificate)
            tenant = tenants.find(connection, wanted.account)
            if folder is not None:
                _write_facts(folder, home, tenant, settings)
        return tenant
    finally:
        database.close()


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
        write_durably(folder / f"{name}.key", [_clear(bundle)])
        write_durably(folder / f"{name}.pem", [bundle.certificate_pem], mode=0o644)


def _clear(bundle: Bundle) -> bytes:
    # Not encrypted, as `tls.key` for curl or a test kit must be; the file is 0600.
    return bundle.key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _write_facts(folder: Path, home: Home, tenant: Tenant, settings: Settings) -> None:
    content = facts(tenant, service_url(settings), home.bundle("wss"))
    write_durably(folder / "account.json", [orjson.dumps(content, option=orjson.OPT_INDENT_2)], mode=0o644)
