"""The clinic's database and its connection to the service, opened once per run from the blocks.

The open objects never become arguments or results of tasks (Prefect would try to hash and keep those): they
lie in a context variable that every task of the run sees.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from contextvars import ContextVar
from dataclasses import dataclass

from prefect.client.schemas.objects import State
from prefect.states import Completed

from blocks import ClinicDatabase, CloudAccount, TenantCertificates
from blocks.loading import load
from erepo.clinic.actor import archiving_actor
from erepo.clinic.connection import CloudConnection
from erepo.clinic.database import Database
from erepo.clinic.occupancy import CLOUD, EARCHIVE, active_kind
from erepo.clinic.repositories import listing, load_earchive
from erepo.clinic.repository import Cloud
from erepo.clinic.retention import begin_replay
from erepo.settings import Settings
from erepo.texts import Text, language

_NO_ACCOUNT = Text(
    "The eArchiwum is in use, there is no account in the cloud: nothing to do.",
    "W użyciu jest eArchiwum, nie ma konta w chmurze: nie ma nic do zrobienia.",
)


@dataclass(frozen=True)
class Clinic:
    """What the tasks of an archiving run work with."""

    database: Database
    connection: CloudConnection
    settings: Settings


@dataclass(frozen=True)
class Depositing:
    """The same for whatever repository is in use.

    Attributes:
        database: the clinic's.
        connection: to the repository in use, opened.
        settings: of the installation.
    """

    database: Database
    connection: Cloud
    settings: Settings


_open: ContextVar[Clinic] = ContextVar("clinic")
_depositing: ContextVar[Depositing] = ContextVar("depositing")


def current() -> Clinic:
    """Return what `opened` has opened for this run."""
    return _open.get()


def depositing() -> Depositing:
    """Return what `opened_repository` has opened for this run."""
    return _depositing.get()


@asynccontextmanager
async def opened_database(name: str) -> AsyncIterator[Database]:
    """Open the clinic's database from its block.

    Raises:
        BlockMissing: the block was never written.
    """
    block = await load(ClinicDatabase, name)
    database = block.open()
    try:
        yield database
    finally:
        database.close()


async def not_needed(name: str) -> State[None] | None:
    """Return the end of a run about the cloud's account, where the eArchiwum is used and there is no account.

    Raises:
        BlockMissing: the block ClinicDatabase was never written.
    """
    async with opened_database(name) as database:
        with database.read() as reading:
            if active_kind(reading) != EARCHIVE or CLOUD in {one.kind for one in listing(reading)}:
                return None
    return Completed(message=_NO_ACCOUNT.fill(language()))


@asynccontextmanager
async def opened(name: str) -> AsyncIterator[Clinic]:
    """Open database and connection from the blocks ClinicDatabase, CloudAccount and TenantCertificates.

    Raises:
        BlockMissing: a block was never written.
        BundleUnreadable: the keys do not open with the passphrase.
        PassphraseMissing: there is no passphrase.
        UserUnknown: the archiving user has no valid PESEL or NPWZ.
    """
    settings = Settings()
    async with (
        opened_database(name) as database,
        await _connection(name, database, settings) as connection,
    ):
        token = _open.set(Clinic(database, connection, settings))
        try:
            yield _open.get()
        finally:
            _open.reset(token)


@asynccontextmanager
async def opened_repository(name: str) -> AsyncIterator[Depositing]:
    """Open the database and the repository in use: the eArchiwum needs the block ClinicDatabase alone.

    What a restored backup has brought back is nobody's document from here on, and is sent to nobody.

    Raises:
        BlockMissing: a block was never written.
        BundleUnreadable, PassphraseMissing, UserUnknown: the account's keys and user, as in `opened`.
        FolderMissing, ForeignArchive, IndexDamaged, …: the eArchiwum cannot be opened.
    """
    settings = Settings()
    async with opened_database(name) as database:
        await asyncio.to_thread(begin_replay, database, settings)
        with database.read() as reading:
            kind = active_kind(reading)
        local = load_earchive(database, settings) if kind == EARCHIVE else None
        async with local or await _connection(name, database, settings) as connection:
            token = _depositing.set(Depositing(database, connection, settings))
            try:
                yield _depositing.get()
            finally:
                _depositing.reset(token)


async def _connection(name: str, database: Database, settings: Settings) -> CloudConnection:
    account = await load(CloudAccount, name)
    certificates = await load(TenantCertificates, account.certificates)
    connection = CloudConnection(
        account=account.account,
        service_url=account.service_url,
        registry_url=account.registry_url,
        repository_url=account.repository_url,
        repository_unique_id=account.repository_unique_id,
        source_id=account.source_id,
        tls=certificates.tls(settings.passphrase),
        wss=certificates.wss(settings.passphrase),
        trust_pem=account.service_authority.encode(),
        service_signer=account.service_signer.encode(),
        settings=settings,
    )
    with database.read() as reading:
        connection.actor = archiving_actor(reading, account.account)
    return connection
