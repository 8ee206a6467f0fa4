"""The clinic's account in the cloud: from rows and key files to a connection.

Keys come from the onboarding ledger, or from files under `clinic_home/keys/<account>` (an account moved here
with its credentials). They are encrypted with the installation's passphrase in both places.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from erepo.clinic.actor import archiving_actor
from erepo.clinic.archiving.errors import AccountMissing, CloudNotInUse
from erepo.clinic.connection import CloudConnection
from erepo.clinic.database import Database
from erepo.clinic.occupancy import CLOUD, EARCHIVE, active_kind, check_may_leave, repository_in_use
from erepo.clinic.rest import AccountClient
from erepo.clinic.tables import account, now, onboarding
from erepo.durable import write_durably
from erepo.pki.bundle import Bundle
from erepo.pki.keys import check_private, encrypt_key
from erepo.settings import Settings

_PURPOSES: Final = ("tls", "wss")


def load_connection(database: Database, settings: Settings) -> CloudConnection:
    """Return the connection to the active account, not opened yet.

    Raises:
        AccountMissing: no active account, or its keys are not here.
        CloudNotInUse: the eArchiwum is in use.
        PassphraseMissing: there is no passphrase for the keys.
        WrongPassphrase: it does not open them.
        UserUnknown: the archiving user has no valid PESEL or NPWZ.
    """
    with database.read() as connection:
        row = repository_in_use(connection, CLOUD)
        if row is None:
            raise no_account(connection)
        found = connection.execute(sa.select(onboarding).where(onboarding.c.account == row.account))
        ledger: Mapping[Any, Any] = found.mappings().one_or_none() or {}
        actor = archiving_actor(connection, row.account)
    tls, wss = (_bundle(purpose, row.account, ledger, settings) for purpose in _PURPOSES)
    return CloudConnection(
        account=row.account,
        service_url=row.service_url,
        registry_url=row.registry_url,
        repository_url=row.repository_url,
        repository_unique_id=row.repository_unique_id,
        source_id=row.source_id,
        tls=tls,
        wss=wss,
        trust_pem=row.trust_pem.encode(),
        service_signer=row.service_signer.encode(),
        actor=actor,
        settings=settings,
    )


def no_account(connection: sa.Connection) -> AccountMissing:
    """Return the error that says why there is no account in the cloud to be asked."""
    return CloudNotInUse() if active_kind(connection) == EARCHIVE else AccountMissing(what="account")


def load_bundles(database: Database, settings: Settings, name: str) -> tuple[Bundle, Bundle]:
    """Return the TLS and the WSS bundle of an account with their keys opened; keep them in memory only.

    Raises:
        AccountMissing: its keys are not here.
        PassphraseMissing: there is no passphrase for the keys.
        WrongPassphrase: it does not open them.
    """
    with database.read() as connection:
        found = connection.execute(sa.select(onboarding).where(onboarding.c.account == name))
        ledger: Mapping[Any, Any] = found.mappings().one_or_none() or {}
    tls, wss = (_bundle(purpose, name, ledger, settings) for purpose in _PURPOSES)
    return tls, wss


def rest_client(database: Database, settings: Settings, name: str) -> AccountClient:
    """Return a client of an account's REST services, for what machines ask; to be closed.

    Raises:
        AccountMissing: no such account, or its keys are not here.
        PassphraseMissing, WrongPassphrase: the keys do not open.
    """
    with database.read() as connection:
        row = connection.execute(
            sa.select(account.c.service_url, account.c.trust_pem).where(account.c.account == name)
        ).one_or_none()
    if row is None:
        raise AccountMissing(what="account")
    tls, _ = load_bundles(database, settings, name)
    return AccountClient(row.service_url, name, tls, row.trust_pem.encode(), settings.http)


def _bundle(purpose: str, name: str, ledger: Mapping[Any, Any], settings: Settings) -> Bundle:
    key, certificate = ledger.get(f"{purpose}_key_pem"), ledger.get(f"{purpose}_certificate")
    if key and certificate:
        return Bundle.from_pem(certificate, key, settings.passphrase, ledger["chain"] or b"")
    return Bundle.from_pem(*key_file(settings, name, purpose), settings.passphrase)


def key_file(settings: Settings, name: str, purpose: str) -> tuple[bytes, bytes]:
    """Return the certificate and the encrypted key of an account that was moved here with its credentials.

    Raises:
        AccountMissing: a file is not there.
    """
    folder = keys_folder(settings, name)
    try:
        return (folder / f"{purpose}.pem").read_bytes(), (folder / f"{purpose}.key").read_bytes()
    except FileNotFoundError:
        raise AccountMissing(what=f"{purpose.upper()} key") from None


def keys_folder(settings: Settings, name: str) -> Path:
    """Return where the key files of an account lie."""
    return settings.clinic_home / "keys" / name


def adopt_credentials(database: Database, settings: Settings, folder: Path) -> str:
    """Take over an account from a folder of credentials, as `erepo cloud tenant add --credentials` writes it.

    The keys are encrypted on the way; the folder itself is left as it is, and should be destroyed by its
    owner. Any other account stops being the active one.

    Args:
        database: the clinic's.
        settings: passphrase and home.
        folder: `account.json`, `ca.pem`, `tls.pem`, `tls.key`, `wss.pem`, `wss.key`.

    Returns:
        The account.

    Raises:
        AccountMissing: a file is not there.
        DocumentsElsewhere: the eArchiwum is in use and holds documents; nothing was changed.
    """
    try:
        facts = json.loads((folder / "account.json").read_bytes())
        trust = (folder / "ca.pem").read_text()
        pairs = [
            (purpose, (folder / f"{purpose}.{end}").read_bytes())
            for purpose in _PURPOSES
            for end in ("pem", "key")
        ]
    except FileNotFoundError as error:
        raise AccountMissing(what=Path(error.filename).name) from None
    name, home = facts["account"], keys_folder(settings, facts["account"])
    for (purpose, certificate), (_, key) in zip(pairs[::2], pairs[1::2], strict=True):
        private = check_private(load_pem_private_key(key, None))
        write_durably(home / f"{purpose}.pem", [certificate])
        write_durably(home / f"{purpose}.key", [encrypt_key(private, settings.passphrase)])
    row = {
        "account": name,
        "repository_kind": CLOUD,
        "active": True,
        "service_url": facts["service"],
        "registry_url": facts["registry"],
        "repository_url": facts["repository"],
        "repository_unique_id": facts["repositoryUniqueId"],
        "home_community_id": facts.get("homeCommunityId", ""),
        "source_id": facts["sourceId"],
        "service_signer": facts.get("serviceSigner", ""),
        "trust_pem": trust,
        "updated_at": now(),
    }
    with database.begin() as connection:
        if active_kind(connection) == EARCHIVE:
            check_may_leave(connection, EARCHIVE)
        connection.execute(account.update().values(active=False))
        connection.execute(account.delete().where(account.c.account == name))
        # The ledger's keys would go before those that are being given here.
        connection.execute(onboarding.delete().where(onboarding.c.account == name))
        connection.execute(account.insert().values(row))
    return str(name)
