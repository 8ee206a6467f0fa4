"""A person's order becomes batches; it can be stopped."""

from collections.abc import Callable, Iterator, Sequence
from uuid import uuid4

import sqlalchemy as sa

from erepo.clinic.audit import note
from erepo.clinic.database import Database, repeated
from erepo.clinic.maintenance import refuse_inside
from erepo.clinic.migrating.choosing import Chosen, Preview, Selection, choose_unshared, preview
from erepo.clinic.migrating.results import Plan
from erepo.clinic.permissions import Permission, require
from erepo.clinic.tables import document, now
from erepo.clinic.tables_migrating import migration, migration_batch, migration_item
from erepo.settings import Settings

#: Rows locked by one statement.
_SLICE = 500


def check_permitted(database: Database, login: str) -> None:
    """Let a person begin, or say why not.

    No licence is needed: a clinic whose licence is over may always take its documents home (design §5).
    Inside a maintenance window nothing begins: whoever works on the service wants it left alone.

    Raises:
        NoSuchUser, PermissionMissing: the person may not (manual 1.5).
        MaintenanceNow: a maintenance window is open.
    """
    with database.read() as connection:
        require(connection, login, Permission.MIGRATE)
        refuse_inside(connection)


def look(database: Database, selection: Selection, login: str) -> Preview:
    """Return what a run would do: the dry run.

    Raises:
        NoSuchUser, PermissionMissing: the person may not.
        NothingChosen, DatesWrong, DocumentsUnknown, DocumentsShared: see `choosing.choose_unshared`.
    """
    with database.read() as connection:
        require(connection, login, Permission.MIGRATE)
        return preview(connection, selection)


def plan(
    database: Database,
    settings: Settings,
    selection: Selection,
    login: str,
    *,
    standing: bool = False,
    also: Callable[[sa.Connection, str], None] = lambda *_: None,
) -> Plan:
    """Write down what is to be brought back, in batches; nothing of any document changes yet.

    Args:
        database: the clinic's.
        settings: `batch_documents` is the size of a batch.
        selection: which documents.
        login: who orders it; needs the permission `migrate`.
        standing: worked off by `erepo api serve`, however often that ends; else by who calls this.
        also: called in the transaction with the id of the migration.

    Raises:
        NoSuchUser, PermissionMissing, MaintenanceNow: see `check_permitted`.
        NothingChosen, DatesWrong, DocumentsUnknown, DocumentsShared: see `choosing.choose_unshared`.
    """
    check_permitted(database, login)
    with database.begin() as connection:
        chosen, _ = choose_unshared(connection, selection)
        if not chosen:
            return Plan()
        octets, name = sum(one.size for one in chosen), uuid4().hex
        connection.execute(
            migration.insert().values(
                id=name, actor=login, documents=len(chosen), bytes=octets, standing=standing
            )
        )
        also(connection, name)
        _hold(connection, [one.id for one in chosen])
        batches = [_insert(connection, name, part) for part in _parts(chosen, settings.batch_documents)]
        detail = {"documents": len(chosen), "bytes": octets}
        note(
            connection,
            "migration_ordered",
            subject="migration",
            subject_id=name,
            actor=login,
            detail=detail,
        )
    return Plan(name, batches, len(chosen), octets)


@repeated
def request_stop(database: Database, login: str) -> int:
    """Ask every migration that is going on to end after the documents in its hands; return how many.

    Raises:
        NoSuchUser, PermissionMissing: the person may not.
    """
    open_ones = sa.select(migration_batch.c.migration_id).where(migration_batch.c.state != "finished")
    with database.begin() as connection:
        require(connection, login, Permission.MIGRATE)
        names = (
            connection.execute(
                sa.select(migration.c.id).where(
                    migration.c.id.in_(open_ones), migration.c.stop_requested_at.is_(None)
                )
            )
            .scalars()
            .all()
        )
        for name in names:
            connection.execute(
                migration.update().where(migration.c.id == name).values(stop_requested_at=now())
            )
            note(connection, "migration_stop_requested", subject="migration", subject_id=name, actor=login)
    return len(names)


def _parts(chosen: Sequence[Chosen], size: int) -> Iterator[Sequence[Chosen]]:
    for start in range(0, len(chosen), size):
        yield chosen[start : start + size]


def _hold(connection: sa.Connection, ids: Sequence[int]) -> None:
    """Keep the documents from being removed, in the order in which everybody locks them.

    The rows that are about to be inserted would do it in the order of the batches, and two orders together
    could wait for each other for ever. SQLite has one writer.
    """
    wanted = sorted(ids)
    for start in range(0, len(wanted), _SLICE):
        part = document.c.id.in_(wanted[start : start + _SLICE])
        locked = sa.select(document.c.id).where(part).order_by(document.c.id)
        connection.execute(locked.with_for_update(read=True, key_share=True))


def _insert(connection: sa.Connection, name: str, chosen: Sequence[Chosen]) -> str:
    batch = uuid4().hex
    octets = sum(one.size for one in chosen)
    connection.execute(
        migration_batch.insert().values(id=batch, migration_id=name, documents=len(chosen), bytes=octets)
    )
    connection.execute(
        migration_item.insert(), [{"batch_id": batch, "document_id": one.id} for one in chosen]
    )
    return batch
