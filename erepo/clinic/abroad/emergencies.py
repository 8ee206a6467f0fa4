"""Accesses because a life is in danger: written down before P1 is asked, told to the administrator after.

The row is the outbox: whoever tells Prefect marks it afterwards, so after a crash somebody is told twice
rather than never; the event bears the row's own id, by which Prefect knows it again.
"""

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import sqlalchemy as sa

from erepo.clinic.abroad.asking import Why
from erepo.clinic.audit import note
from erepo.clinic.tables import now
from erepo.clinic.tables_abroad import emergency_access

#: Event in Prefect; its payload names who and when, never whose documents or why.
EVENT: Final = "erepo.emergency-access"


@dataclass(frozen=True, slots=True)
class Emergency:
    """One access that nobody was told of yet."""

    id: int
    event_id: str
    login: str
    made_at: datetime


def note_emergency(connection: sa.Connection, why: Why, search_id: str) -> None:
    """Write an emergency and its audit event down; the caller commits before anything is asked."""
    connection.execute(
        emergency_access.insert().values(
            event_id=str(uuid.uuid4()), login=why.login, reason=why.reason, search_id=search_id
        )
    )
    note(connection, "emergency_access", subject="abroad_search", subject_id=search_id, actor=why.login)


def untold(connection: sa.Connection) -> list[Emergency]:
    """Return emergencies that nobody was told of, oldest first."""
    columns = [emergency_access.c[name] for name in Emergency.__dataclass_fields__]
    query = sa.select(*columns).where(emergency_access.c.told_at.is_(None)).order_by(emergency_access.c.id)
    return [Emergency(*row) for row in connection.execute(query)]


def mark_told(connection: sa.Connection, one: Emergency) -> None:
    """Write down that somebody was told."""
    mine = emergency_access.c.id == one.id
    connection.execute(emergency_access.update().where(mine).values(told_at=now()))
