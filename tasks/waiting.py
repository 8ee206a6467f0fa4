"""Waiting for the office: looking into the mailbox, taking what a person gave, waking runs, reminding.

A run that waits has no process. Its question lies in Prefect (the form) and in the ledger (which run asked,
under which key); whoever brings the certificates (the form, the command line, the watch over the mailbox)
puts them into the ledger, and the run that wakes up finds them there.
"""

import asyncio
import time
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

from prefect import get_run_logger, task
from prefect.cache_policies import NO_CACHE
from prefect.client.orchestration import get_client
from prefect.events import emit_event
from prefect.exceptions import ObjectNotFound
from prefect.input.actions import adelete_flow_run_input

from blocks import MailServer
from blocks.loading import load
from erepo.clinic import onboarding
from erepo.clinic.database import Database
from erepo.clinic.mail import Mailbox, MaildirMailbox
from erepo.clinic.mail.errors import MailboxMissing, MailboxRefused, MailboxUnavailable
from erepo.clinic.onboarding import Pins, Step
from erepo.clinic.onboarding.errors import CertificatesAwaited, PrivateKeyGiven
from erepo.clinic.onboarding.ledger import require
from erepo.errors import ConfigurationError, ErepoError, InvalidInput, RemoteRefused
from erepo.pki.revocation import StatusUnknown, StatusUntrusted
from erepo.settings import Settings
from erepo.texts import language
from tasks.boundary import guarded
from tasks.onboarding import opened_ledger

#: Seconds between two looks into the mailbox: the first soon, later ones every half minute.
_PAUSES = (0.2, 0.5, 1, 2, 5, 10, 30)

_THERE = (Step.RECEIVED, Step.ACTIVE)


@task(name="look-for-certificates", cache_policy=NO_CACHE)
@guarded
async def look_for_certificates(
    account: str, connection: str, reply_folder: str, minutes: float, run: str
) -> tuple[str, bool]:
    """Look into the mailbox until the certificates are there, or the time is over, or bad ones came.

    Args:
        account: 16 digits.
        connection: name of the MailServer block.
        reply_folder: Maildir of the answers, where one was given.
        minutes: how long to look; once a person was asked, one look is enough.
        run: the run that will ask a person; empty where it cannot.

    Returns:
        Empty once the certificates are in the ledger, else the key of the question to be asked; and whether
        it is a new one.

    Raises:
        CertificatesAwaited: they did not come, and nobody can be asked.
        InvalidInput, RemoteRefused, MailboxRefused: what came was refused, and nobody can be asked.
    """
    settings = Settings()
    with opened_ledger(settings) as database:
        entry = require(database, account)
        if entry.step in _THERE:
            onboarding.answered(database, account, run)
            return "", False
        if run in entry.waiting.runs:
            return entry.waiting.runs[run], False
        mailbox = await mailbox_of(settings, connection, reply_folder, entry.mailed_at)
        patience = 0 if entry.waiting.round else minutes
        trouble = await _look(database, account, mailbox, settings, patience)
        if trouble is None:
            return "", False
        if not run:
            raise trouble
        if not isinstance(trouble, CertificatesAwaited | MailboxUnavailable):
            _tell(trouble)
            onboarding.refuse(database, account, trouble)
        return onboarding.ask(database, account, run, connection=connection, folder=reply_folder), True


@task(name="take-form", cache_policy=NO_CACHE)
@guarded
async def take_form(account: str, run: str, key: str, tls: str, wss: str, authority: str) -> None:
    """Check what a person gave, keep it or the reason why not, and close the question.

    A private key that was pasted by mistake is taken out of Prefect's database again.
    """
    settings = Settings()
    pins = Pins.of(settings)
    with opened_ledger(settings) as database:
        try:
            await asyncio.to_thread(onboarding.collect_texts, database, account, tls, wss, authority, pins)
        except (InvalidInput, ConfigurationError, StatusUnknown, StatusUntrusted) as refusal:
            _tell(refusal)
            if isinstance(refusal, PrivateKeyGiven):
                await adelete_flow_run_input(f"suspended-{key}-response", flow_run_id=UUID(run))
            onboarding.refuse(database, account, refusal)
        onboarding.answered(database, account, run)


@task(name="waiting-accounts", cache_policy=NO_CACHE)
@guarded
async def waiting_accounts() -> list[str]:
    """Return the accounts whose certificates are awaited, or whose runs have not been woken."""
    with opened_ledger(Settings()) as database:
        return [entry.account for entry in onboarding.open_accounts(database)]


@task(name="watch-account", cache_policy=NO_CACHE)
@guarded
async def watch_account(account: str, remind_days: float) -> str:
    """Look into the mailbox once; wake the runs if the certificates are there, else remind if that is due.

    Returns:
        What was done: `woken`, `refused`, `reminded`, `waiting`.
    """
    settings = Settings()
    with opened_ledger(settings) as database:
        entry = require(database, account)
        connection = entry.waiting.connection
        if not connection:
            # No run has come to waiting yet: it still looks for itself, or has to be started again.
            return "waiting"
        if entry.step not in _THERE:
            mailbox = await mailbox_of(settings, connection, entry.waiting.folder, entry.mailed_at)
            trouble = await _look(database, account, mailbox, settings, 0)
            if isinstance(trouble, CertificatesAwaited | MailboxUnavailable):
                return await _remind(database, account, connection, remind_days)
            if trouble is not None:
                _tell(trouble)
                onboarding.refuse(database, account, trouble)
        # A run is woken by what came, good or bad: it says so on its page and asks again.
        for run in require(database, account).waiting.runs:
            # One that is just about to suspend stays noted, for the next look.
            if await wake(run):
                onboarding.answered(database, account, run)
        return "woken" if require(database, account).step in _THERE else "refused"


async def wake(run: str) -> bool:
    """Let a suspended run go on, with an empty form.

    Returns:
        Whether nothing is left to be done: it goes on, has ended, or is not known (any more).
    """
    async with get_client() as client:
        try:
            found = await client.read_flow_run(UUID(run))
        except (ObjectNotFound, ValueError):
            return True
        if found.state is not None and found.state.is_paused():
            await client.resume_flow_run(found.id, run_input={})
            return True
        return found.state is not None and found.state.is_final()


async def _remind(database: Database, account: str, connection: str, days: float) -> str:
    mailer = (await load(MailServer, connection)).mailer()
    sent = await asyncio.to_thread(onboarding.remind, database, account, mailer, timedelta(days=days))
    if sent is None:
        return "waiting"
    entry = require(database, account)
    get_run_logger().warning("the office was reminded, number %d", entry.reminders)
    emit_event(
        "erepo.onboarding.reminded",
        resource={"prefect.resource.id": f"erepo.account.{account}"},
        payload={"account": account, "number": entry.reminders},
    )
    return "reminded"


async def mailbox_of(
    settings: Settings, connection: str, folder: str, mailed_at: datetime | None
) -> Mailbox | None:
    """Return where the answers arrive: the folder given, the mailbox configured, or the sandbox's."""
    if folder:
        return MaildirMailbox(Path(folder))
    block = await load(MailServer, connection)
    since = (mailed_at - timedelta(days=1)).date() if mailed_at else None
    if (configured := block.mailbox(since)) is not None:
        return configured
    sandbox = MaildirMailbox(settings.office_home / "mail" / block.sender)
    return sandbox if sandbox.folder.is_dir() or settings.office_home.is_dir() else None


async def _look(
    database: Database, account: str, mailbox: Mailbox | None, settings: Settings, minutes: float
) -> ErepoError | None:
    """Look until certificates came or the time is over; return what is in the way of going on."""
    pins = Pins.of(settings)
    end, pauses, pause = time.monotonic() + 60 * minutes, iter(_PAUSES), 0.0
    while mailbox is not None:
        trouble: ErepoError
        try:
            await asyncio.to_thread(onboarding.collect_certificates, database, account, mailbox, pins)
        except (CertificatesAwaited, MailboxUnavailable, StatusUnknown) as later:
            trouble = later
        except MailboxMissing:
            if not _of_sandbox(mailbox, settings):
                raise
            # The sandbox's office makes the folder with its first answer.
            trouble = CertificatesAwaited(account=account)
        except (InvalidInput, RemoteRefused, MailboxRefused, StatusUntrusted) as refusal:
            return refusal
        else:
            return None
        if time.monotonic() > end:
            return trouble
        pause = next(pauses, pause)
        await asyncio.sleep(pause)
    return CertificatesAwaited(account=account)


def _of_sandbox(mailbox: Mailbox, settings: Settings) -> bool:
    return isinstance(mailbox, MaildirMailbox) and mailbox.folder.is_relative_to(settings.office_home)


def _tell(trouble: ErepoError) -> None:
    get_run_logger().warning("%s", " ".join(trouble.explain(language())))
