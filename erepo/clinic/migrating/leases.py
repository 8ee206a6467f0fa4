"""A batch of a migration is worked on by one at a time; see `erepo.clinic.archiving.leases`."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass

import sqlalchemy as sa

from erepo.clinic.archiving.leases import LIFE, RENEWAL, is_free
from erepo.clinic.archiving.owner import new_owner
from erepo.clinic.database import Database, repeated
from erepo.clinic.migrating.errors import MigrationLost, MigrationTaken, MigrationUnknown
from erepo.clinic.tables import now
from erepo.clinic.tables_migrating import migration, migration_batch


@dataclass(frozen=True, slots=True)
class Lease:
    """A batch held by us; what is left of a standing order is left to whoever works it off."""

    batch_id: str
    migration_id: str
    owner: str
    actor: str
    standing: bool = False


@repeated
def claim(database: Database, batch_id: str) -> Lease | None:
    """Take the batch; None when there is nothing left to do in it.

    Raises:
        MigrationUnknown: there is none.
        MigrationTaken: another one holds it.
    """
    owner = new_owner()
    with database.begin() as connection:
        row = connection.execute(
            sa.select(
                migration_batch.c.run_key,
                migration_batch.c.state,
                migration_batch.c.migration_id,
                migration.c.actor,
                migration.c.standing,
            )
            .join(migration, migration.c.id == migration_batch.c.migration_id)
            .where(migration_batch.c.id == batch_id)
        ).one_or_none()
        if row is None:
            raise MigrationUnknown(id=batch_id)
        if row.state == "finished":
            return None
        column = migration_batch.c.run_key
        same = column.is_(None) if row.run_key is None else column == row.run_key
        if not is_free(row.run_key) or not _write(connection, batch_id, same, owner):
            raise MigrationTaken(batch=batch_id)
    return Lease(batch_id, row.migration_id, owner, row.actor, row.standing)


@contextmanager
def held(database: Database, lease: Lease) -> Iterator[sa.Connection]:
    """Run a transaction that counts only while the lease is ours; renews it.

    Raises:
        MigrationLost: it is not; nothing was written.
    """
    with database.begin() as connection:
        if not _write(connection, lease.batch_id, _is_ours(lease), lease.owner):
            raise MigrationLost(batch=lease.batch_id)
        yield connection


def release(connection: sa.Connection, lease: Lease) -> None:
    """Give the batch back; does nothing when it is not ours any more."""
    connection.execute(
        migration_batch.update()
        .where(migration_batch.c.id == lease.batch_id, _is_ours(lease))
        .values(run_key=None)
    )


@asynccontextmanager
async def keeping(database: Database, lease: Lease) -> AsyncIterator[None]:
    """Renew the lease while the block runs; a lost one shows at the next commit, which is fenced."""

    def renew() -> None:
        with held(database, lease):
            pass

    async def beat() -> None:
        while True:
            await asyncio.sleep(RENEWAL)
            await asyncio.to_thread(renew)

    heart = asyncio.create_task(beat())
    try:
        yield
    finally:
        heart.cancel()
        await asyncio.gather(heart, return_exceptions=True)


def _is_ours(lease: Lease) -> sa.ColumnElement[bool]:
    prefix = f"{lease.owner}|"
    return sa.func.substr(migration_batch.c.run_key, 1, len(prefix)) == prefix


def _write(connection: sa.Connection, batch_id: str, condition: sa.ColumnElement[bool], owner: str) -> bool:
    lease = f"{owner}|{now().timestamp() + LIFE:.0f}"
    found = connection.execute(
        migration_batch.update()
        .where(migration_batch.c.id == batch_id, migration_batch.c.state != "finished", condition)
        .values(run_key=lease, state="working")
    )
    return bool(found.rowcount)
