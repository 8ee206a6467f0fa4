"""Telling people before a deadline passes, and when one has: once each, in one message for many documents."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID, uuid5

import sqlalchemy as sa

from erepo.clinic.indexing.report import open_until
from erepo.clinic.tables_indexing import document_index

#: Name of the event in Prefect; its resource is the account.
EVENT: Final = "erepo.index.deadline"
_SPACE: Final = UUID("0c8d61a5-7f5e-4d7c-8a06-1a0b7a3f5d11")
_SLICE: Final = 500
_i = document_index.c


@dataclass(frozen=True, slots=True)
class Alarm:
    """Documents that nobody was told of yet.

    Attributes:
        near: internal ids of those whose deadline passes soon.
        late: of those whose deadline has passed.
        first: the oldest deadline among them, UTC.
        number: of the event: the same documents make the same one.
    """

    near: tuple[int, ...]
    late: tuple[int, ...]
    first: datetime | None
    number: UUID


def untold(connection: sa.Connection, at: datetime, warn: timedelta) -> Alarm | None:
    """Return what people have to be told now; None where there is nothing new."""
    rows = connection.execute(
        sa.select(_i.document_id, _i.deadline, _i.near_told_at, _i.late_told_at)
        .where(*open_until(at + warn))
        .order_by(_i.deadline, _i.document_id)
    ).all()
    late = [row for row in rows if row.deadline <= at and row.late_told_at is None]
    near = [row for row in rows if row.deadline > at and row.near_told_at is None]
    if not late and not near:
        return None
    ids = [tuple(row.document_id for row in part) for part in (near, late)]
    first = min(row.deadline for row in (*near, *late))
    return Alarm(ids[0], ids[1], first, uuid5(_SPACE, repr(ids)))


def mark_told(connection: sa.Connection, alarm: Alarm, at: datetime) -> None:
    """Write down that people know; after a crash before this they are told twice rather than never."""
    _mark(connection, alarm.near, near_told_at=at)
    _mark(connection, alarm.late, late_told_at=at)


def _mark(connection: sa.Connection, ids: Sequence[int], **values: datetime) -> None:
    for start in range(0, len(ids), _SLICE):
        mine = _i.document_id.in_(ids[start : start + _SLICE])
        connection.execute(document_index.update().where(mine).values(**values))
