"""Standing orders: migrations that a service works off, and how far each has come."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

import sqlalchemy as sa

from erepo.clinic.database import Database
from erepo.clinic.migrating.errors import MigrationUnknown
from erepo.clinic.tables import document
from erepo.clinic.tables_migrating import migration, migration_batch, migration_item

#: Documents that are named with what was wrong with them.
NAMED = 100


class Waiting(NamedTuple):
    """A batch of a standing order that is not at its end."""

    batch: str
    migration: str


@dataclass(frozen=True)
class Standing:
    """How far a migration has come.

    Attributes:
        id: of the migration.
        state: `ordered`, `working` or `finished`.
        documents: documents in it.
        bytes: octets of them.
        done: here, gone from the repository, blocked.
        failed: given up with a reason; nothing of them was removed.
        skipped: not begun, for the order was stopped, or they were not in the repository any more.
        ordered_at: UTC.
        stopped: whether somebody asked to stop.
        problem: code of what keeps it from going on.
        failures: opaque ids and codes of those given up, at most `NAMED`.
    """

    id: str
    state: str
    documents: int
    bytes: int
    done: int
    failed: int
    skipped: int
    ordered_at: datetime
    stopped: bool
    problem: str | None
    failures: list[dict[str, str]] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        """Return plain data."""
        return asdict(self)


def waiting(database: Database) -> Sequence[Waiting]:
    """Return the batches of standing orders that are not at their end, the oldest first."""
    with database.read() as connection:
        rows = connection.execute(
            sa.select(migration_batch.c.id, migration.c.id)
            .join(migration, migration.c.id == migration_batch.c.migration_id)
            .where(migration.c.standing, migration_batch.c.state != "finished")
            .order_by(migration_batch.c.created_at, migration_batch.c.id)
        )
        return [Waiting(*row) for row in rows]


def note_problem(database: Database, name: str, code: str | None) -> None:
    """Write down what keeps an order from going on; None: nothing does."""
    change = migration.update().where(migration.c.id == name, migration.c.problem.is_distinct_from(code))
    with database.begin() as connection:
        connection.execute(change.values(problem=code))


def standing(connection: sa.Connection, name: str) -> Standing:
    """Return how far a migration has come.

    Raises:
        MigrationUnknown: there is none.
    """
    row = connection.execute(sa.select(migration).where(migration.c.id == name)).one_or_none()
    if row is None:
        raise MigrationUnknown(id=name)
    mine = migration_batch.c.migration_id == name
    states = set(connection.execute(sa.select(migration_batch.c.state).where(mine)).scalars())
    items = sa.join(migration_item, migration_batch, migration_batch.c.id == migration_item.c.batch_id)
    counted = sa.select(migration_item.c.step, sa.func.count()).select_from(items).where(mine)
    steps = dict(connection.execute(counted.group_by(migration_item.c.step)).tuples().all())
    failures = connection.execute(
        sa.select(document.c.public_id.label("id"), migration_item.c.code)
        .select_from(items.join(document, document.c.id == migration_item.c.document_id))
        .where(mine, migration_item.c.step == "given_up")
        .order_by(document.c.id)
        .limit(NAMED)
    ).mappings()
    return Standing(
        name,
        "finished" if states <= {"finished"} else "ordered" if states == {"prepared"} else "working",
        row.documents,
        row.bytes,
        steps.get("done", 0),
        steps.get("given_up", 0),
        steps.get("left", 0),
        row.created_at,
        row.stop_requested_at is not None,
        row.problem,
        [dict(one) for one in failures],
    )
