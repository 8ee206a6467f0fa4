"""A licence must not pass because somebody set the clock back: the latest moment ever seen is remembered.

It moves forward only, at most once an hour, whether the licence is valid or not. A clock may be wrong by a
day. Where it was once wrong the other way (ahead by years), a licence that was never loaded before sets the
memory right: it comes from the issuer alone.
"""

from datetime import datetime, timedelta
from typing import Final

import sqlalchemy as sa

from erepo.clinic.database import Database
from erepo.clinic.licence.errors import LicenceClockBehind
from erepo.clinic.tables import now
from erepo.clinic.tables_account import licence
from erepo.clinic.tables_clock import clock_seen

_HOUR: Final = timedelta(hours=1)
_TOLERATED: Final = timedelta(days=1)


def advance(database: Database) -> None:
    """Remember that it is now, where there is a licence at all; each call is its own transaction."""
    moment = now()
    later = clock_seen.c.latest < moment - _HOUR
    with database.read() as connection:
        due = sa.select(clock_seen.c.id).where(later, sa.exists(sa.select(licence.c.id)))
        if connection.execute(due).first() is None:
            return
    with database.begin() as connection:
        connection.execute(sa.update(clock_seen).where(clock_seen.c.latest < moment).values(latest=moment))


def begin_anew(connection: sa.Connection) -> None:
    """Remember now as the latest moment, whatever was remembered: the issuer has spoken."""
    connection.execute(sa.update(clock_seen).values(latest=now()))


def expect_forward(connection: sa.Connection, moment: datetime) -> None:
    """Return if the clock is not behind what was seen.

    Raises:
        LicenceClockBehind: it is, by more than a day.
    """
    latest = connection.execute(sa.select(clock_seen.c.latest)).scalar()
    if latest is not None and moment < latest - _TOLERATED:
        raise LicenceClockBehind(now=f"{moment:%Y-%m-%d %H:%M}", seen=f"{latest:%Y-%m-%d %H:%M}")
