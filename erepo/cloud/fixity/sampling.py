"""Which documents a check reads, and when each was read last.

Documents fall into `BUCKETS` by their row numbers. A sample takes those that were read longest ago, so ten
checks of 10 % have read everything once. The times stand in the table `service`.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import orjson
from sqlalchemy import ColumnElement, Connection, func, insert, select, true, update

from erepo.cloud.storage.tables import document, service

#: A prime: row numbers come in strides (set, entry, association, document), which must not miss buckets.
BUCKETS: Final = 101
_TIMES = "check-times"
_LAST = "check-last"


@dataclass(frozen=True, slots=True)
class Selection:
    """Which documents are read.

    Attributes:
        buckets: None reads all.
        since: only what was stored at or after this moment (UTC, naive).
    """

    buckets: tuple[int, ...] | None = None
    since: datetime | None = None

    @property
    def covered(self) -> Sequence[int]:
        """Buckets that are read completely."""
        if self.since is not None:
            return ()
        return range(BUCKETS) if self.buckets is None else self.buckets

    @property
    def where(self) -> "ColumnElement[bool]":
        """The condition on `document`."""
        wanted: ColumnElement[bool] = true()
        if self.buckets is not None:
            wanted &= (document.c.id % BUCKETS).in_(self.buckets)
        if self.since is not None:
            wanted &= document.c.stored_at >= self.since
        return wanted


#: Reads all.
EVERYTHING: Final = Selection()


def sample(connection: Connection, percent: float) -> Selection:
    """Return the selection of so many percent that were read longest ago."""
    times = _times(connection)
    count = min(BUCKETS, math.ceil(BUCKETS * percent / 100))
    oldest = sorted(range(BUCKETS), key=lambda bucket: (times.get(bucket, ""), bucket))
    return Selection(tuple(sorted(oldest[:count])))


def remember(connection: Connection, selection: Selection, at: datetime, facts: Mapping[str, object]) -> None:
    """Keep the result of a check that came to its end.

    Args:
        connection: a transaction that writes.
        selection: what was read.
        at: when it began, UTC, naive: what was stored later was not read.
        facts: what `tenant show` and `/metrics` tell of it.
    """
    times = _times(connection) | dict.fromkeys(selection.covered, at.isoformat())
    _put(connection, _TIMES, [times.get(bucket, "") for bucket in range(BUCKETS)])
    _put(connection, _LAST, {"at": at.isoformat(), **facts})


def last(connection: Connection) -> dict[str, object] | None:
    """Return the facts of the last check that came to its end, None where there was none."""
    found: dict[str, object] | None = _get(connection, _LAST)
    return found


def unchecked_since(connection: Connection) -> datetime | None:
    """Return the moment since which some document may not have been read; None without documents.

    What nobody has read yet counts from the day it was stored.
    """
    first = connection.scalar(select(func.min(document.c.id)))
    if first is None:
        return None
    times = _times(connection)
    if len(times) < BUCKETS:
        stored: datetime = connection.scalars(
            select(document.c.stored_at).where(document.c.id == first)
        ).one()
        return stored
    return datetime.fromisoformat(min(times.values()))


def _times(connection: Connection) -> dict[int, str]:
    found: list[str] = _get(connection, _TIMES) or []
    return {bucket: at for bucket, at in enumerate(found[:BUCKETS]) if at}


def _get(connection: Connection, name: str) -> Any:
    value = connection.scalar(select(service.c.value).where(service.c.name == name))
    return orjson.loads(value) if value is not None else None


def _put(connection: Connection, name: str, content: object) -> None:
    value = orjson.dumps(content).decode()
    changed = connection.execute(update(service).where(service.c.name == name).values(value=value))
    if not changed.rowcount:
        connection.execute(insert(service), {"name": name, "value": value})
