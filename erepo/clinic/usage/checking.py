"""Ask the service for the account's state and keep it: the work of `check-account`.

Commit point: one transaction with the account's row, the history and the alarms. Before it nothing is known,
after it everything is; asking again is harmless. Two that ask at once take turns at the account's row.
"""

import contextlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from erepo.clinic.archiving.errors import AccountMissing
from erepo.clinic.database import Database
from erepo.clinic.earchive import EArchive, open_archive
from erepo.clinic.earchive.checking import count
from erepo.clinic.occupancy import name_in_use
from erepo.clinic.rest import AccountClient, AccountState
from erepo.clinic.tables import account as accounts
from erepo.clinic.tables import now
from erepo.clinic.tables_account import RESOURCES
from erepo.clinic.usage.alarms import Alarm, open_alarms, settle
from erepo.clinic.usage.forecast import WINDOW, Forecast, forecast
from erepo.clinic.usage.history import Check, keep, read_history


@dataclass(frozen=True)
class Report:
    """The account now, what came before, what stands open, and what is to come.

    Attributes:
        check: the newest.
        history: of the time asked for, oldest first.
        alarms: open crossings of the warning line.
        forecasts: one a limit.
    """

    check: Check
    history: tuple[Check, ...]
    alarms: tuple[Alarm, ...]
    forecasts: tuple[Forecast, ...]

    def as_json(self) -> dict[str, Any]:
        """Return plain data, without the history."""
        return {
            **self.check.as_json(),
            "nearlyFull": [one.resource for one in self.alarms],
            "forecasts": [one.as_json() for one in self.forecasts],
        }


def ask(client: AccountClient, database: Database) -> Check:
    """Ask the service and keep the answer.

    Raises:
        ServiceRefusal, AddressUnknown, SecureChannelFailed, RetryableError…: see `AccountClient.activate`.
    """
    answer = client.state()
    check = _check(answer, now())
    values = {
        "valid_until": check.valid_until,
        "limit_bytes": check.limit_bytes,
        "limit_documents": check.limit_documents,
        "used_bytes": check.used_bytes,
        "used_documents": check.used_documents,
        "checked_at": check.at,
    }
    with database.begin() as connection:
        connection.execute(accounts.update().where(accounts.c.account == check.account).values(values))
        keep(connection, check)
        settle(connection, check)
    return check


def measure(archive: EArchive, database: Database) -> Check:
    """Measure the eArchiwum and keep what it holds; its limit is the disk, of which nobody was promised any.

    Raises:
        FolderMissing, IndexDamaged, …: it cannot be opened, see `open_archive`.
    """
    with contextlib.closing(open_archive(archive.place, archive.index_file)) as opened:
        check = Check(archive.account, now(), None, opened.octets(), None, count(opened), None)
    with database.begin() as connection:
        keep(connection, check)
    return check


def report(database: Database, account: str = "", since: timedelta = WINDOW) -> Report:
    """Return what is known of an account, from the clinic's own tables; nobody is asked.

    Args:
        database: the clinic's.
        account: 16 digits, or the name of the eArchiwum; empty: what is in use.
        since: how far the history goes back; the forecast always rests on its own window.

    Raises:
        AccountMissing: nothing is in use, or it was never checked.
    """
    with database.read() as connection:
        account = account or _in_use(connection)
        history = read_history(connection, account, max(since, WINDOW))
        alarms = tuple(open_alarms(connection, account))
    if not history:
        raise AccountMissing(what="erepo account show")
    check = history[-1]
    forecasts = tuple(forecast(history, resource) for resource in RESOURCES)
    shown = tuple(one for one in history if check.at - one.at <= since)
    return Report(check, shown, alarms, forecasts)


def _in_use(connection: sa.Connection) -> str:
    found = name_in_use(connection)
    if found is None:
        raise AccountMissing(what="account")
    return found


def _check(answer: AccountState, at: datetime) -> Check:
    return Check(
        account=answer.account,
        at=at,
        valid_until=answer.valid_until,
        used_bytes=answer.used_bytes,
        limit_bytes=answer.limit_bytes,
        used_documents=answer.used_documents,
        limit_documents=answer.limit_documents,
    )
