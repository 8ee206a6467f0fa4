"""The commits of a migration (points B, L, D of the package's table); every one is fenced by the lease."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import sqlalchemy as sa

from erepo.clinic import audit
from erepo.clinic.database import Database, repeated
from erepo.clinic.migrating.leases import Lease, held, release
from erepo.clinic.shared import is_shared
from erepo.clinic.states import DEPOSITED, State, move
from erepo.clinic.tables import document, now
from erepo.clinic.tables_migrating import deletion, migration, migration_batch, migration_item

#: Steps from which a document still has a way to go: its state is `migrating`.
OPEN = ("fetching", "durable")
_SLICE = 500


class Doc(NamedTuple):
    """One document on its way.

    Attributes:
        id: internal id.
        public_id: the only id that is told.
        unique_id: XDS uniqueId.
        entry_uuid: XDS entry id.
        repository_unique_id: where it lies.
        sha256: hex, as taken in.
        size: octets, as taken in.
        from_state: where it was before.
        step: how far it has come.
        once_durable: whether its octets were proven to be here before; something there may be gone.
    """

    id: int
    public_id: str
    unique_id: str
    entry_uuid: str | None
    repository_unique_id: str | None
    sha256: str
    size: int
    from_state: State
    step: str
    once_durable: bool


class GivenUp(NamedTuple):
    """A document that goes back where it was.

    Attributes:
        doc: which.
        state: the one it gets.
        code: why.
        again: whether the same batch may try it again.
        alarm: whether the document may be lost.
    """

    doc: Doc
    state: State
    code: str
    again: bool = False
    alarm: bool = False


def load(database: Database, lease: Lease, steps: Sequence[str]) -> list[Doc]:
    """Return the documents of a batch that have come so far, those of one patient together."""
    columns = [
        document.c[name]
        for name in ("id", "public_id", "unique_id", "entry_uuid", "repository_unique_id", "sha256", "size")
    ]
    with database.read() as connection:
        rows = connection.execute(
            sa.select(
                *columns,
                migration_item.c.from_state,
                document.c.state,
                migration_item.c.step,
                migration_item.c.durable_at,
            )
            .join(document, document.c.id == migration_item.c.document_id)
            .where(migration_item.c.batch_id == lease.batch_id, migration_item.c.step.in_(steps))
            .order_by(document.c.patient_key, document.c.id)
        ).all()
    return [
        Doc(
            row.id,
            row.public_id,
            row.unique_id,
            row.entry_uuid,
            row.repository_unique_id,
            row.sha256,
            row.size,
            State(row.from_state or row.state),
            row.step,
            row.durable_at is not None,
        )
        for row in rows
    ]


@repeated
def begin(database: Database, lease: Lease, docs: Sequence[Doc]) -> list[Doc]:
    """Write down that these are on their way back (B); return those that still were in the repository.

    What somebody else has taken meanwhile, a person is deleting, or a consent shows, is left out for good.
    """
    ids = [one.id for one in docs]
    with held(database, lease) as connection:
        rows = connection.execute(
            sa.select(document.c.id, document.c.state)
            .where(document.c.id.in_(ids), document.c.state.in_(DEPOSITED))
            .order_by(document.c.id)
            .with_for_update()
        ).all()
        # Asked when the rows are locked, for an order to delete, and one to share, locks them as well.
        ordered = connection.execute(
            sa.select(deletion.c.document_id).where(
                deletion.c.document_id.in_(ids), deletion.c.step.in_(("intended", "removed"))
            )
        ).scalars()
        shown = connection.execute(sa.select(document.c.id).where(document.c.id.in_(ids), is_shared()))
        busy = {*ordered, *shown.scalars()}
        states = {row.id: State(row.state) for row in rows if row.id not in busy}
        for state in (State.ARCHIVED, State.REMOTE):
            begun = [id_ for id_, found in states.items() if found is state]
            move(connection, begun, state, State.MIGRATING, "migration_begun", actor=lease.actor)
            _note(connection, lease, begun, step="fetching", from_state=state.value)
        gone = [one.id for one in docs if one.id not in states]
        _note(connection, lease, gone, step="left", code="skipped", finished_at=now())
    return [one._replace(from_state=states[one.id], step="fetching") for one in docs if one.id in states]


@repeated
def durable(database: Database, lease: Lease, docs: Sequence[Doc]) -> None:
    """Write down that the octets of these lie here, read back and equal (L): the remote ones may go."""
    ids = [one.id for one in docs]
    with held(database, lease) as connection:
        _note(connection, lease, ids, step="durable", durable_at=now())
        detail = {"confirmed": "sha256, size"}
        audit.record(connection, "content_secured", ids, actor=lease.actor, detail=detail)


@repeated
def finish(database: Database, lease: Lease, docs: Sequence[Doc]) -> None:
    """Write down that these are here and gone there (D); they are not sent again until unblocked."""
    values = {"purged_at": None, "repository_unique_id": None, "reason_code": None, "verified_at": None}
    ids = [one.id for one in docs]
    with held(database, lease) as connection:
        move(connection, ids, State.MIGRATING, State.BLOCKED, "migrated", values=values, actor=lease.actor)
        _name_content(connection, docs)
        _note(connection, lease, ids, step="done", finished_at=now())


@repeated
def give_up(database: Database, lease: Lease, given: Sequence[GivenUp]) -> None:
    """Write down that these go back where they were; nothing of them was removed."""
    with held(database, lease) as connection:
        for state, code, again, alarm in {one[1:] for one in given}:
            docs = [one.doc for one in given if one[1:] == (state, code, again, alarm)]
            ids = [one.id for one in docs]
            values: dict[str, Any] = {"reason_code": None if again else code}
            if state is State.ARCHIVED:
                values["purged_at"] = None
            event = "lost_alarm" if alarm else "migration_given_up"
            move(
                connection,
                ids,
                State.MIGRATING,
                state,
                event,
                values=values,
                actor=lease.actor,
                reason=code,
            )
            if state is State.ARCHIVED:
                _name_content(connection, docs)
            step = "planned" if again else "given_up"
            _note(connection, lease, ids, step=step, code=code, finished_at=None if again else now())


@repeated
def back_to_fetching(database: Database, lease: Lease, docs: Sequence[Doc]) -> None:
    """Write down that the octets of these are not here after all: nothing may be removed."""
    with held(database, lease) as connection:
        _note(connection, lease, [one.id for one in docs], step="fetching")


def is_stopped(database: Database, lease: Lease) -> bool:
    """Tell whether somebody asked to stop."""
    asked = sa.select(migration.c.stop_requested_at).where(migration.c.id == lease.migration_id)
    with database.read() as connection:
        return connection.execute(asked).scalar_one() is not None


@repeated
def close(database: Database, lease: Lease, *, leave: bool) -> tuple[int, int]:
    """Give the batch back, closed if nothing of it is open.

    Args:
        database: the clinic's.
        lease: of the batch.
        leave: what was not begun will not be, for the order is over.

    Returns:
        (not begun, open): documents left over.
    """
    mine = migration_item.c.batch_id == lease.batch_id
    with database.begin() as connection:
        counts = dict(
            connection.execute(
                sa.select(migration_item.c.step, sa.func.count()).where(mine).group_by(migration_item.c.step)
            )
            .tuples()
            .all()
        )
        planned, still_open = counts.get("planned", 0), sum(counts.get(step, 0) for step in OPEN)
        if leave:
            connection.execute(
                migration_item.update()
                .where(mine, migration_item.c.step == "planned")
                .values(step="left", finished_at=now())
            )
        if not still_open and (leave or not planned):
            _close(connection, lease)
        release(connection, lease)
    return planned, still_open


def _close(connection: sa.Connection, lease: Lease) -> None:
    connection.execute(
        migration_batch.update()
        .where(migration_batch.c.id == lease.batch_id, migration_batch.c.state != "finished")
        .values(state="finished", finished_at=now())
    )


def _name_content(connection: sa.Connection, docs: Sequence[Doc]) -> None:
    """Write where the content lies; purging had taken the name away."""
    if docs:
        connection.execute(
            document.update().where(document.c.id == sa.bindparam("key")),
            [{"key": one.id, "content_path": f"{one.sha256[:2]}/{one.sha256}"} for one in docs],
        )


def _note(connection: sa.Connection, lease: Lease, ids: Sequence[int], **values: Any) -> None:
    for start in range(0, len(ids), _SLICE):
        connection.execute(
            migration_item.update()
            .where(
                migration_item.c.batch_id == lease.batch_id,
                migration_item.c.document_id.in_(ids[start : start + _SLICE]),
            )
            .values(**values)
        )
