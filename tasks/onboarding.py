"""The steps of onboarding; each asks the ledger in the clinic's database and does nothing that is done."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

from prefect import task
from prefect.cache_policies import NO_CACHE

from blocks import MailServer
from blocks.errors import BlockMissing
from blocks.loading import load
from erepo.clinic import onboarding
from erepo.clinic.database import Database, open_clinic
from erepo.clinic.onboarding import Form, Pins
from erepo.clinic.onboarding.ledger import require
from erepo.clinic.structure import read_provider
from erepo.pki.keys import KeyType
from erepo.settings import Settings
from tasks.boundary import guarded
from tasks.retrying import PATIENT

#: The port of mail submission (RFC 6409), where somebody names a server and no port.
SUBMISSION = 587


@contextmanager
def opened_ledger(settings: Settings) -> Iterator[Database]:
    """The database's block is written at the end of onboarding: until then the settings say where it is."""
    database = open_clinic(settings)
    try:
        yield database
    finally:
        database.close()


@task(name="write-mail-server", cache_policy=NO_CACHE)
@guarded
async def write_mail_server(name: str, host: str, port: int, sender: str) -> None:
    """Make sure the MailServer block exists; given values win over what is there, user and password stay.

    Without a block and without a host, the sandbox's office on this machine is meant: no encryption, no
    login.
    """
    settings = Settings()
    try:
        block = await load(MailServer, name)
        changes = {"host": host or block.host, "port": port or block.port, "sender": sender or block.sender}
        block = block.model_copy(update=changes)
    except BlockMissing:
        local = not host or host in ("127.0.0.1", "::1", "localhost")
        block = MailServer(
            host=host or settings.host,
            port=port or (SUBMISSION if host else settings.office_port),
            sender=sender or "clinic@erepo.example",
            tls="none" if local else "starttls",
        )
    await block.asave(name, overwrite=True)


@task(name="make-requests", cache_policy=NO_CACHE)
@guarded
async def make_requests(
    account: str, organisation: str, department: str, country: str, key_type: KeyType
) -> None:
    """Make both keys and requests; organisation and department come from the structure unless given."""
    settings = Settings()

    def work() -> None:
        with opened_ledger(settings) as database:
            owner, first = _structure(database)
            form = Form(account, organisation or owner, department or first, country, key_type)
            onboarding.make_requests(database, form, settings.passphrase)

    await asyncio.to_thread(work)


@task(name="mail-requests", **PATIENT)
@guarded
async def mail_requests(account: str, mail_server: str, office: str) -> None:
    """Mail both requests to the office, once."""
    mailer = (await load(MailServer, mail_server)).mailer()

    def work() -> None:
        with opened_ledger(Settings()) as database:
            onboarding.mail_requests(database, account, mailer, office)

    await asyncio.to_thread(work)


@task(name="activate", **PATIENT)
@guarded
async def activate(account: str, service: str) -> None:
    """Have the service register the certificates, and keep the technical identifiers in our account table."""
    settings = Settings()

    def work() -> None:
        pins = Pins.of(settings)
        root = service or f"https://{settings.host}:{settings.cloud_port}"
        with opened_ledger(settings) as database:
            onboarding.activate(
                database, account, root, settings.passphrase, pins=pins, timeouts=settings.http
            )

    await asyncio.to_thread(work)


async def entry_of(account: str) -> onboarding.Entry:
    """Read how far the account has come; no task, for what it returns holds (encrypted) keys.

    Raises:
        NotRequested: no keys were made.
    """

    def work() -> onboarding.Entry:
        with opened_ledger(Settings()) as database:
            return require(database, account)

    return await asyncio.to_thread(work)


def _structure(database: Database) -> tuple[str, str]:
    """Return the names of the provider and of its first unit; empty where there is no structure yet."""
    with database.read() as connection:
        found = read_provider(connection)
    if found is None:
        return "", ""
    return found.name, found.units[0].name if found.units else ""
