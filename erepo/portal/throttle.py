"""How often somebody may ask and be wrong: by person, and by address; alike for people who do not exist.

To be called under the lock of nobody's chain (`audit.chain`, tenant 0), as every job of the portal is, so
that two requests at one moment are counted one after the other.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection, Row, delete, insert, select, update

from erepo.cloud.panel.attempts import FORGIVEN, lock_after
from erepo.cloud.storage.tables_portal import portal_throttle
from erepo.portal.errors import TooMany
from erepo.serving import network

_table = portal_throttle.c
QUARTER: Final = timedelta(minutes=15)
#: Largest network of IPv6 that one visitor usually has, and for how many visitors it counts.
_SITE: Final = 48
_VISITORS: Final = 4


@dataclass(frozen=True, slots=True)
class Window:
    """At most so many within a time, counted from the first of them."""

    most: int
    length: timedelta = QUARTER


#: Codes that are sent to one person, as one network asks, and as all do: nobody uses up another one's.
ASKS_OF_PERSON: Final = Window(5)
ASKS_OF_PERSON_BY_ALL: Final = Window(20)
#: As all do in a day: nobody's mailbox is filled with codes.
ASKS_OF_PERSON_A_DAY: Final = Window(60, timedelta(days=1))
#: Wrong codes of one person, whoever typed them: of a hundred million that there are.
WRONG_OF_PERSON_BY_ALL: Final = Window(60, timedelta(days=1))


@dataclass(frozen=True, slots=True)
class Places:
    """What stands for the address that somebody comes from.

    Attributes:
        here: for what one visitor may do with one person's number.
        counted: each with how many times as much all from there may do as one visitor.
    """

    here: str
    counted: tuple[tuple[str, int], ...]

    @classmethod
    def of(cls, address: str) -> "Places":
        """Find them; whoever has one IPv6 address has its /64, and is sold a /48 for the asking."""
        narrow, wide = network(address), network(address, _SITE)
        if narrow == wide:
            return cls(narrow, ((narrow, 1),))
        return cls(wide, ((narrow, 1), (wide, _VISITORS)))


def count(connection: Connection, key: bytes, window: Window, at: datetime) -> None:
    """Count one more.

    Raises:
        TooMany: there were as many as there may be.
    """
    row = _row(connection, key)
    if row is None or row.since + window.length <= at:
        _write(connection, key, row, times=1, since=at, last_at=at, locked_until=None)
        return
    if row.times >= window.most:
        raise _too_many(row.since + window.length, at)
    _write(connection, key, row, times=row.times + 1, last_at=at)


def note(connection: Connection, key: bytes, window: Window, at: datetime) -> None:
    """Count one more, however many there were: what happened is counted, what may happen is asked before."""
    row = _row(connection, key)
    if row is None or row.since + window.length <= at:
        _write(connection, key, row, times=1, since=at, last_at=at, locked_until=None)
    else:
        _write(connection, key, row, times=row.times + 1, last_at=at)


def expect_room(connection: Connection, key: bytes, window: Window, at: datetime) -> None:
    """Prove that one more may be counted.

    Raises:
        TooMany: it may not.
    """
    row = _row(connection, key)
    if row is not None and row.since + window.length > at and row.times >= window.most:
        raise _too_many(row.since + window.length, at)


def expect_open(connection: Connection, key: bytes, at: datetime) -> None:
    """Prove that a lock is not closed.

    Raises:
        TooMany: it is.
    """
    row = _row(connection, key)
    if row is not None and row.locked_until is not None and row.locked_until > at:
        raise _too_many(row.locked_until, at)


def failed(connection: Connection, key: bytes, at: datetime) -> None:
    """Count a failure; many in a row close the lock for 1, 2, 4… minutes, at most an hour."""
    row = _row(connection, key)
    failures = 1 if row is None or row.last_at + FORGIVEN <= at else row.times + 1
    lock = lock_after(failures)
    until = at + lock if lock else None
    _write(connection, key, row, times=failures, since=at, last_at=at, locked_until=until)


def forgive(connection: Connection, key: bytes) -> None:
    """Forget failures."""
    connection.execute(delete(portal_throttle).where(_table.key == key))


def sweep(connection: Connection, at: datetime) -> None:
    """Forget what is forgiven."""
    connection.execute(delete(portal_throttle).where(_table.last_at <= at - FORGIVEN))


def _row(connection: Connection, key: bytes) -> Row[Any] | None:
    return connection.execute(select(portal_throttle).where(_table.key == key)).one_or_none()


def _write(connection: Connection, key: bytes, row: Row[Any] | None, **values: Any) -> None:
    if row is None:
        connection.execute(insert(portal_throttle), {"key": key, "locked_until": None, **values})
    else:
        connection.execute(update(portal_throttle).where(_table.key == key).values(values))


def _too_many(until: datetime, at: datetime) -> TooMany:
    return TooMany(minutes=max(1, -int(-(until - at).total_seconds() // 60)))
