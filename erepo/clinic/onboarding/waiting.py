"""Waiting for people: who has asked, what was refused, when the office is reminded, when one gives up.

    ask        a run asks for the certificates and may end      ledger: `waiting.runs`
    answered   its answer was dealt with, well or badly          ledger: `waiting.round`, `refusal`
    remind     the office is written to once more                ledger: `reminders`, `reminded_at`
    abandon    keys and requests are destroyed                   ledger: the row is gone

A question has a key of its own, made of the round, so that a run which asks, ends and begins anew finds its
own question, and after each answer asks a new one. A crash between an answer and `answered` lets the same
answer be dealt with again, which changes nothing. A reminder is sent before it is noted: a crash in between
sends it again with the same Message-ID. Giving up is one transaction.
"""

from dataclasses import asdict, replace
from datetime import datetime, timedelta

import sqlalchemy as sa

from erepo.clinic.audit import note
from erepo.clinic.database import Database
from erepo.clinic.mail import Mailer
from erepo.clinic.onboarding import ledger
from erepo.clinic.onboarding.errors import AccountInUse, NotRequested
from erepo.clinic.onboarding.ledger import Entry, Refusal, Step, Waiting
from erepo.clinic.onboarding.mailing import write_reminder
from erepo.clinic.tables import now, onboarding
from erepo.errors import ErepoError

_OPEN = (Step.REQUESTED, Step.MAILED)


def ask(database: Database, account: str, run: str, *, connection: str = "", folder: str = "") -> str:
    """Note that a run asks a person for the certificates, and where else they may arrive.

    Args:
        database: the clinic's.
        account: 16 digits.
        run: names the run towards those who wake it; kept as it is.
        connection: name of the mail server's settings.
        folder: Maildir of the office's answers, where one was given.

    Returns:
        The key of its question: the same one until `answered` is called for this run.

    Raises:
        NotRequested: no keys were made.
    """
    with database.begin() as transaction:
        waiting = _entry(transaction, account).waiting
        key = waiting.runs.get(run) or f"certificates-{waiting.round + 1}"
        runs = {**waiting.runs, run: key}
        _keep(transaction, account, replace(waiting, runs=runs, connection=connection, folder=folder))
    return key


def answered(database: Database, account: str, run: str) -> None:
    """Note that the answer to a run's question was dealt with; its next question is a new one.

    Raises:
        NotRequested: no keys were made.
    """
    with database.begin() as transaction:
        waiting = _entry(transaction, account).waiting
        if run in waiting.runs:
            runs = {key: value for key, value in waiting.runs.items() if key != run}
            _keep(transaction, account, replace(waiting, round=waiting.round + 1, runs=runs))


def refuse(database: Database, account: str, error: ErepoError) -> None:
    """Keep why certificates were not taken, for whoever is asked next.

    Raises:
        NotRequested: no keys were made.
    """
    with database.begin() as transaction:
        _entry(transaction, account)
        ledger.write(transaction, account, refusal=asdict(Refusal.of(error)))
        detail = {"code": error.code}
        note(transaction, "account_refused", subject="account", subject_id=account, detail=detail)


def open_accounts(database: Database) -> list[Entry]:
    """Return the accounts whose certificates are awaited, and those whose runs have not been woken since."""
    found = ledger.entries(database)
    return [entry for entry in found if entry.step in _OPEN or entry.waiting.runs]


def remind(database: Database, account: str, mailer: Mailer, after: timedelta) -> datetime | None:
    """Write to the office once more where it has been silent for too long.

    Args:
        database: the clinic's.
        account: 16 digits.
        mailer: the outgoing mail server.
        after: how long to wait after the request, and after each reminder.

    Returns:
        When the mail server took the reminder; None where none was due.

    Raises:
        NotRequested: no keys were made.
        MailRefused, MailUnavailable: not sent; the next call tries again.
    """
    entry = ledger.require(database, account)
    last = entry.reminded_at or entry.mailed_at
    if entry.step is not Step.MAILED or not entry.office or last is None or now() - last < after:
        return None
    mailer.send(write_reminder(entry, mailer.sender, entry.reminders + 1))
    moment = now()
    with database.begin() as transaction:
        ledger.write(transaction, account, reminders=entry.reminders + 1, reminded_at=moment)
        detail = {"number": entry.reminders + 1}
        note(transaction, "office_reminded", subject="account", subject_id=account, detail=detail)
    return moment


def abandon(database: Database, account: str) -> Entry:
    """Give an onboarding up: its keys and requests are destroyed, and certificates for them are worthless.

    Returns:
        What was given up; its `waiting.runs` are to be ended by the caller.

    Raises:
        NotRequested: there is nothing to give up.
        AccountInUse: the account is active; its keys are needed.
    """
    with database.begin() as transaction:
        entry = _entry(transaction, account)
        if entry.step is Step.ACTIVE:
            raise AccountInUse(account=account)
        transaction.execute(sa.delete(onboarding).where(onboarding.c.account == account))
        detail = {"step": entry.step.value}
        note(transaction, "account_abandoned", subject="account", subject_id=account, detail=detail)
    return entry


def _entry(transaction: sa.Connection, account: str) -> Entry:
    entry = ledger.find(transaction, account)
    if entry is None:
        raise NotRequested(account=account)
    return entry


def _keep(transaction: sa.Connection, account: str, waiting: Waiting) -> None:
    ledger.write(transaction, account, waiting=asdict(waiting))
