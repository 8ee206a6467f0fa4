"""The steps of a rotation; each asks the clinic's ledger and does nothing that is done or not due."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from typing import TypeVar

from prefect import get_run_logger, task
from prefect.cache_policies import NO_CACHE

from blocks import CloudAccount, MailServer, TenantCertificates
from blocks.loading import load
from erepo.clinic import rotation
from erepo.clinic.database import Database, open_clinic
from erepo.clinic.mail.errors import MailboxMissing
from erepo.clinic.onboarding import Pins
from erepo.clinic.onboarding.activation import Account, active_account
from erepo.clinic.onboarding.ledger import Entry
from erepo.clinic.rotation import Demand, alarms
from erepo.settings import Settings
from tasks.boundary import guarded
from tasks.events import emit
from tasks.publishing import save_blocks
from tasks.retrying import PATIENT
from tasks.waiting import mailbox_of

#: Name of the event that is emitted before certificates expire.
EXPIRING = "erepo.certificate.expiring"

R = TypeVar("R")


async def _with_database(work: Callable[[Database, Settings], R]) -> R:
    """Run blocking work on the clinic's database in a thread of its own."""

    def inside() -> R:
        settings = Settings()
        database = open_clinic(settings)
        try:
            return work(database, settings)
        finally:
            database.close()

    return await asyncio.to_thread(inside)


def _pins(settings: Settings) -> Pins:
    return Pins.of(settings)


@task(name="find-account", cache_policy=NO_CACHE)
@guarded
async def find_account(connection: str) -> str:
    """Return the account that a connection's block names."""
    return (await load(CloudAccount, connection)).account


@task(name="warn", **PATIENT)
@guarded
async def warn(account: str) -> int:
    """Emit the warnings about an expiry that were not emitted yet; return how many."""

    def waiting(database: Database, settings: Settings) -> list[alarms.Alarm]:
        keys = rotation.active(database, settings, account)
        alarms.note(database, keys)
        return list(alarms.due(database, keys, "told_at"))

    found = await _with_database(waiting)
    for alarm in found:
        await emit(EXPIRING, f"erepo.account.{account}", alarm.facts(), alarm.event_id)
        await _with_database(lambda database, _, told=alarm: alarms.mark(database, told, "told_at"))  # type: ignore[misc]
    return len(found)


@task(name="mail-warnings", **PATIENT)
@guarded
async def mail_warnings(account: str, mail_server: str, administrator: str) -> int:
    """Mail the warnings that were not mailed yet to the administrator; return how many."""
    mailer = (await load(MailServer, mail_server)).mailer()

    def work(database: Database, settings: Settings) -> int:
        return alarms.mail(database, rotation.active(database, settings, account), mailer, administrator)

    return await _with_database(work)


@task(name="start-rotation", cache_policy=NO_CACHE)
@guarded
async def start(account: str, demand: str) -> bool:
    """Make new keys and requests if it is time, or a person demands it; return whether a rotation is on."""
    wanted = Demand(demand) if demand in tuple(Demand) else None

    def work(database: Database, settings: Settings) -> rotation.Rotation | None:
        return rotation.start(database, settings, account, demand=wanted)

    found = await _with_database(work)
    get_run_logger().info(
        "rotation: %s", f"{found.stage.value}, {found.reason.value}" if found else "not due"
    )
    return found is not None


@task(name="mail-new-requests", **PATIENT)
@guarded
async def mail_requests(account: str, mail_server: str, office: str) -> None:
    """Mail both requests to the office, once."""
    mailer = (await load(MailServer, mail_server)).mailer()
    await _with_database(lambda database, _: rotation.mail_requests(database, account, mailer, office))


@task(name="receive-pasted", cache_policy=NO_CACHE)
@guarded
async def receive_pasted(account: str, texts: list[str]) -> None:
    """Check certificates that a person pasted, completely, and keep them."""

    def work(database: Database, settings: Settings) -> None:
        rotation.receive_pasted(database, account, texts, _pins(settings))

    await _with_database(work)


@task(name="collect-certificates", **PATIENT)
@guarded
async def collect(account: str, mail_server: str, reply_folder: str) -> bool:
    """Look once into the mailbox; return whether the certificates are here and have passed every check.

    Where no mailbox is configured, certificates come by form or command.
    """
    found = await _with_database(lambda database, _: rotation.under_way(database, account))
    mailed_at = found.mailed_at if found else None
    mailbox = await mailbox_of(Settings(), mail_server, reply_folder, mailed_at)
    if mailbox is None:
        return False

    def work(database: Database, settings: Settings) -> bool:
        try:
            return rotation.collect_certificates(database, account, mailbox, _pins(settings))
        except MailboxMissing:
            if reply_folder:
                raise
            return False  # the sandbox's office makes the folder with its first answer

    return await _with_database(work)


@task(name="register-certificates", **PATIENT)
@guarded
async def register(account: str) -> None:
    """Have the service accept old and new."""

    def work(database: Database, settings: Settings) -> None:
        rotation.register(database, settings, account, _pins(settings))

    await _with_database(work)


@task(name="cut-over", **PATIENT)
@guarded
async def cut_over(account: str, overlap_days: int) -> None:
    """Prove the new pair and use it alone from now on."""

    def work(database: Database, settings: Settings) -> None:
        rotation.cut_over(database, settings, account, timedelta(days=overlap_days))

    await _with_database(work)


@task(name="publish-generation", **PATIENT)
@guarded
async def publish(account: str, name: str) -> None:
    """Let the connection's block name the generation in use, whichever way it came to be; note that it does.

    The new generation's block is saved before the account's block names it; the old one's stays.
    """

    def read(database: Database, settings: Settings) -> tuple[Settings, Entry, Account]:
        return settings, rotation.active(database, settings, account), active_account(database, account)

    settings, entry, facts = await _with_database(read)
    opened = entry.open(settings.passphrase)
    block = TenantCertificates.of(account, opened.tls, opened.wss, settings.passphrase)
    if (await load(CloudAccount, name)).certificates != block.generation:
        await save_blocks(name, settings, facts, block)
    await _with_database(lambda database, _: rotation.published(database, account))


@task(name="retire-certificates", **PATIENT)
@guarded
async def retire(account: str) -> bool:
    """Once the overlap is over, have the service refuse the old ones; return whether that is done now."""
    return await _with_database(lambda database, settings: rotation.retire(database, settings, account))


@task(name="read-rotation", cache_policy=NO_CACHE)
@guarded
async def read(account: str) -> rotation.Status:
    """Return how the certificates in use stand, and how far their replacement has come."""

    def work(database: Database, settings: Settings) -> rotation.Status:
        return rotation.read_status(database, rotation.active(database, settings, account))

    return await _with_database(work)


@task(name="remove-old-block", cache_policy=NO_CACHE)
@guarded
async def remove_old_block(account: str, name: str) -> None:
    """Remove the block of the generation that the last rotation put out of use, if it is there still."""
    old = await _with_database(lambda database, _: rotation.out_of_use(database, account))
    if old is None:
        return
    block = TenantCertificates.named(account, old)
    if (await load(CloudAccount, name)).certificates != block:
        with suppress(ValueError):
            await TenantCertificates.adelete(block)
