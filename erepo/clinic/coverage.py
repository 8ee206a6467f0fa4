"""How the repository in use stands: what was read back lately, what is to be repaired. By index alone."""

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from erepo.clinic.states import State
from erepo.clinic.tables import IN_REPOSITORY, document, now
from erepo.clinic.tables_earchive import repair

#: A document that was removed or brought back meanwhile needs no repair there.
STILL_THERE = document.c.state.in_([State.ARCHIVED.value, State.REMOTE.value, State.MIGRATING.value])


@dataclass(frozen=True)
class Coverage:
    """How much of the archive was read back within the set days.

    Attributes:
        documents: in the repository.
        recent: of these, read back within the set days.
        days: that are set.
        oldest: moment of the oldest last reading back, or archiving where there was none; None: no documents.
        overdue: whether that is longer ago than the set days.
    """

    documents: int
    recent: int
    days: int
    oldest: datetime | None
    overdue: bool

    def as_json(self) -> dict[str, Any]:
        """Return plain data."""
        return asdict(self)

    def oldest_days(self, at: datetime) -> int:
        """Return the whole days since the oldest reading back; 0 without documents."""
        return (at - self.oldest).days if self.oldest else 0


def count_archived(connection: sa.Connection) -> int:
    """Return how many documents are in the repository; reads the index of those alone."""
    return connection.execute(
        sa.select(sa.func.count()).select_from(document).where(IN_REPOSITORY)
    ).scalar_one()


def coverage(connection: sa.Connection, days: int, at: datetime | None = None) -> Coverage:
    """Say how much was read back within the set days; by index alone."""
    at = at or now()
    since, age = at - timedelta(days=days), document.c.read_back_at
    recent = sa.select(sa.func.count()).select_from(document).where(IN_REPOSITORY, age >= since)
    never = sa.select(document.c.archived_at).where(
        IN_REPOSITORY, age.is_(None), document.c.archived_at.is_not(None)
    )
    again = sa.select(age).where(IN_REPOSITORY, age.is_not(None))
    firsts = [
        connection.execute(never.order_by(document.c.archived_at).limit(1)).scalar(),
        connection.execute(again.order_by(age).limit(1)).scalar(),
    ]
    oldest = min((one for one in firsts if one is not None), default=None)
    return Coverage(
        count_archived(connection),
        connection.execute(recent).scalar_one(),
        days,
        oldest,
        oldest is not None and oldest < since,
    )


def count_open(connection: sa.Connection) -> dict[str, int]:
    """Return how many rows are open, by what is proposed."""
    rows = connection.execute(
        sa.select(repair.c.action, sa.func.count())
        .join(document, document.c.id == repair.c.document_id)
        .where(repair.c.state == "open", STILL_THERE)
        .group_by(repair.c.action)
    )
    return {action: count for action, count in rows}  # noqa: C416 - no tuples to mypy
