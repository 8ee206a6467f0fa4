"""What of the chains has not reached the audit repository yet, and who may send it.

A cursor per chain says up to which event all are delivered. A lease lets one process at a time send; when it
is lost in the middle of a batch, both may send the same events, and a cursor never moves back.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import Connection, bindparam, func, insert, select, update

from erepo.cloud.audit.chain import octets_of
from erepo.cloud.audit.evidence import now
from erepo.cloud.storage.database import Database
from erepo.cloud.storage.leases import Lease
from erepo.cloud.storage.tables import audit_cursor, audit_event, audit_head

if TYPE_CHECKING:
    from datetime import datetime

_WHY = "the record of all accounts goes to one repository"
_LEASE = "audit"
#: Longer than a batch may take.
_LEASE_SECONDS = 60
#: Most events and octets of one batch.
BATCH = 200
_BATCH_OCTETS = 4 * 1024**2
_SLICE = 16

_sent = func.coalesce(audit_cursor.c.number, 0)
_PENDING = (
    select(audit_head.c.tenant_id, _sent.label("sent"), (audit_head.c.number - _sent).label("waiting"))
    .outerjoin(audit_cursor, audit_cursor.c.tenant_id == audit_head.c.tenant_id)
    .where(audit_head.c.number > _sent)
    .order_by(audit_head.c.tenant_id)
)
_EVENTS = (
    select(audit_event.c.number, audit_event.c.facts)
    .where(audit_event.c.tenant_id == bindparam("tenant"), audit_event.c.number > bindparam("after"))
    .order_by(audit_event.c.number)
)
_OLDEST = select(audit_event.c.at).where(
    audit_event.c.tenant_id == bindparam("tenant"), audit_event.c.number == bindparam("number")
)


@dataclass(frozen=True, slots=True)
class Lag:
    """How far the repository is behind."""

    events: int
    seconds: float
    """Age of the oldest event that waits; 0 when none does."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Events in the order of their chains, and where the cursors stand when they are delivered."""

    facts: Sequence[bytes]
    cursors: Mapping[int, int]


def lag(database: Database) -> Lag:
    """Return how many events wait for the repository, and for how long: for metrics."""
    with database.everyone(_WHY) as connection:
        pending = connection.execute(_PENDING).all()
        oldest: list[datetime] = []
        for row in pending[:1000]:
            at = connection.scalar(_OLDEST, {"tenant": row.tenant_id, "number": row.sent + 1})
            oldest += [at] if at is not None else []
    age = (now() - min(oldest)).total_seconds() if oldest else 0.0
    return Lag(sum(row.waiting for row in pending), max(age, 0.0))


class Outbox:
    """One process's view of what is to be sent."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lease = Lease(database, _LEASE, _LEASE_SECONDS)

    def next_batch(self) -> Batch | None:
        """Return the next events; every chain that waits has its turn. None: nothing waits."""
        with self._database.everyone(_WHY) as connection:
            pending = connection.execute(_PENDING).all()[:BATCH]
            if not pending:
                return None
            facts: list[bytes] = []
            cursors: dict[int, int] = {}
            octets = 0
            for row in pending:
                for number, each in self._events(connection, row.tenant_id, row.sent, BATCH // len(pending)):
                    facts.append(each)
                    cursors[row.tenant_id] = number
                    octets += len(each)
                    if octets > _BATCH_OCTETS:
                        return Batch(facts, cursors)
        return Batch(facts, cursors)

    @staticmethod
    def _events(connection: Connection, tenant: int, after: int, most: int) -> Iterator[tuple[int, bytes]]:
        # In slices: who asks stops when a batch is full, and an event may be of a megabyte.
        while most > 0:
            rows = connection.execute(_EVENTS.limit(_SLICE), {"tenant": tenant, "after": after}).all()
            for row in rows[:most]:
                yield row.number, octets_of(row.facts)
            if len(rows) < _SLICE:
                return
            most, after = most - _SLICE, rows[-1].number

    def hold(self) -> bool:
        """Take or keep the lease; False when another process has it."""
        return self._lease.hold()

    def delivered(self, batch: Batch) -> None:
        """Move the cursors behind a batch, and keep the lease if it is still ours."""
        with self._database.everyone(_WHY, write=True) as connection:
            self._lease.take(connection)
            for tenant, number in batch.cursors.items():
                mine = audit_cursor.c.tenant_id == tenant
                there = connection.scalar(select(audit_cursor.c.number).where(mine).with_for_update())
                if there is None:
                    connection.execute(insert(audit_cursor), {"tenant_id": tenant, "number": number})
                elif there < number:
                    connection.execute(update(audit_cursor).where(mine).values(number=number))

    def leave(self) -> None:
        """Give the lease back, so that another process need not wait for its end."""
        self._lease.leave()
