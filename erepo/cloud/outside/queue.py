"""Audit messages for P1 that P1 has not confirmed yet: rows that the record of an access writes with itself.

A row goes only after its message was confirmed, so a crash anywhere repeats messages and loses none; repeated
ones are the same octets. An account's rows are bounded: where P1's repository is away for that long, further
accesses are in the account's own record alone, and that is counted and told.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from sqlalchemy import Connection, delete, exists, func, insert, select

from erepo.cloud.audit.events import Event
from erepo.cloud.audit.evidence import now
from erepo.cloud.storage.database import Database
from erepo.cloud.storage.tables import tenant
from erepo.cloud.storage.tables_outside import p1_audit

#: Messages of an account that may wait.
MOST: Final = 50_000
#: Messages of one batch.
BATCH: Final = 100
_WHY: Final = "audit messages of all accounts go to P1"
#: What of an event P1 is told.
_TOLD: Final = frozenset({"patient", "document", "withheld"})


@dataclass(frozen=True, slots=True)
class Waiting:
    """How far P1's repository is behind."""

    messages: int
    seconds: float
    """Age of the oldest message; 0 when none waits."""


def enqueue(connection: Connection, tenant_id: int, event: Event, most: int = MOST) -> bool:
    """Add the message of an event; False when the account has too many that wait.

    Args:
        connection: the transaction of the event itself.
        tenant_id: whose record it is in.
        event: with its outcome.
        most: messages that may wait.
    """
    mine = p1_audit.c.tenant_id == tenant_id
    last = select(p1_audit.c.number).where(mine).order_by(p1_audit.c.number).offset(most - 1).limit(1)
    if connection.scalar(last) is not None:
        return False
    told = replace(event, things=tuple(each for each in event.things if each.kind in _TOLD))
    row = {"tenant_id": tenant_id, "at": event.at, "facts": told.octets()}
    connection.execute(insert(p1_audit), row)
    return True


def waiting(connection: Connection) -> Waiting:
    """Return how much waits, of all accounts: for figures."""
    count, oldest = connection.execute(select(func.count(), func.min(p1_audit.c.at))).one()
    age = (now() - oldest).total_seconds() if oldest is not None else 0.0
    return Waiting(int(count), max(age, 0.0))


def accounts(database: Database) -> Sequence[int]:
    """Return the accounts that have messages waiting; each is asked for, for what waits may be millions."""
    some = exists().where(p1_audit.c.tenant_id == tenant.c.id)
    query = select(tenant.c.id).where(some).order_by(tenant.c.id)
    with database.everyone(_WHY) as connection:
        return connection.scalars(query).all()


def batch(database: Database, tenant_id: int) -> Sequence[tuple[int, bytes]]:
    """Return (number, event) of an account's oldest messages."""
    query = select(p1_audit.c.number, p1_audit.c.facts).where(p1_audit.c.tenant_id == tenant_id)
    with database.read(tenant_id) as connection:
        rows = connection.execute(query.order_by(p1_audit.c.number).limit(BATCH)).all()
    return [(row.number, bytes(row.facts)) for row in rows]


def delivered(database: Database, tenant_id: int, numbers: Sequence[int]) -> None:
    """Forget messages that P1 has."""
    mine = (p1_audit.c.tenant_id == tenant_id, p1_audit.c.number.in_(list(numbers)))
    with database.write(tenant_id) as connection:
        connection.execute(delete(p1_audit).where(*mine))
