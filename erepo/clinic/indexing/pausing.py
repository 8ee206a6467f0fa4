"""Leaving P1 alone for a while: after an outage thousands of clinics must not all return at once.

A run that met an outage writes down when the account may ask again: twice as long after each failure, up to
an hour, with jitter. The run after that begins with one document; its success ends the pause.
"""

import random
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import sqlalchemy as sa

from erepo.clinic.database import Database, at_once, repeated
from erepo.clinic.indexing.errors import IndexPaused
from erepo.clinic.tables_indexing import index_pause
from erepo.clinic.times import WARSAW

_FIRST: Final = timedelta(minutes=1)
_LONGEST: Final = timedelta(hours=1)
#: The same for one document alone.
_DOCUMENT_FIRST: Final = timedelta(minutes=5)
_DOCUMENT_LONGEST: Final = timedelta(hours=6)


@dataclass(frozen=True, slots=True)
class Pause:
    """An account that leaves P1 alone.

    Attributes:
        failures: runs in a row that met the outage.
        since: when the first did.
        resume_at: when the next may ask.
        code: what was met.
    """

    failures: int
    since: datetime
    resume_at: datetime
    code: str

    def error(self) -> IndexPaused:
        """Return what to tell about it."""
        return IndexPaused(failures=self.failures, resume=f"{self.resume_at.astimezone(WARSAW):%H:%M}")


def pause_of(connection: sa.Connection, account: str, *, lock: bool = False) -> Pause | None:
    """Return the pause of an account; None where there is none."""
    columns = [index_pause.c[name] for name in Pause.__dataclass_fields__]
    wanted = sa.select(*columns).where(index_pause.c.account == account)
    row = connection.execute(wanted.with_for_update() if lock else wanted).one_or_none()
    return Pause(*row) if row else None


@repeated
def note_outage(database: Database, account: str, code: str, at: datetime) -> Pause:
    """Write down that P1 or the service could not; return the pause."""
    with database.begin() as connection:
        known = pause_of(connection, account, lock=True)
        failures = known.failures + 1 if known else 1
        pause = Pause(failures, known.since if known else at, at + _wait(failures, _FIRST, _LONGEST), code)
        values = {name: getattr(pause, name) for name in Pause.__dataclass_fields__}
        if known:
            mine = index_pause.update().where(index_pause.c.account == account)
            connection.execute(mine.values(values))
        else:
            with at_once(connection):
                connection.execute(index_pause.insert().values(account=account, **values))
    return pause


def end_pause(database: Database, account: str) -> None:
    """Write down that P1 answers again."""
    with database.begin() as connection:
        connection.execute(index_pause.delete().where(index_pause.c.account == account))


def next_attempt(attempts: int, at: datetime) -> datetime:
    """Return when a document is tried again by itself after so many attempts."""
    return at + _wait(attempts, _DOCUMENT_FIRST, _DOCUMENT_LONGEST)


def _wait(times: int, first: timedelta, longest: timedelta) -> timedelta:
    # Beyond some doublings only the longest counts, and no number overflows.
    doublings = min(max(times - 1, 0), 20)
    full = min(first * (1 << doublings), longest)
    return full * random.uniform(0.5, 1)  # noqa: S311 - jitter
