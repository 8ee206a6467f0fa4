"""Leases: a batch is worked on by one archiver at a time.

The lease stands in `batch.run_key` as `owner|expiry` (seconds since 1970). It is taken, kept and checked by
single statements, so it works alike on every database. The owner is a fencing token: each commit of a batch
checks it in the same transaction, so one that was only slow cannot write after another has taken over.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import sqlalchemy as sa

from erepo.clinic.archiving.errors import BatchTaken, BatchUnknown, LeaseLost
from erepo.clinic.archiving.owner import is_dead, new_owner
from erepo.clinic.database import Database, repeated
from erepo.clinic.tables import batch, now

#: Seconds a lease lasts without being renewed.
LIFE = 120
#: Seconds between renewals.
RENEWAL = 30


@dataclass(frozen=True, slots=True)
class Lease:
    """A batch held by us."""

    batch_id: str
    owner: str


@repeated
def claim(database: Database, batch_id: str) -> Lease | None:
    """Take the batch; None when there is nothing left to do in it.

    Raises:
        BatchUnknown: there is none.
        BatchTaken: another archiver holds it.
    """
    owner = new_owner()
    with database.begin() as connection:
        row = connection.execute(
            sa.select(batch.c.run_key, batch.c.state).where(batch.c.id == batch_id)
        ).one_or_none()
        if row is None:
            raise BatchUnknown(batch=batch_id)
        if row.state == "finished":
            return None
        same = batch.c.run_key.is_(None) if row.run_key is None else batch.c.run_key == row.run_key
        if not is_free(row.run_key) or not _write(connection, batch_id, same, owner):
            raise BatchTaken(batch=batch_id)
    return Lease(batch_id, owner)


def is_free(lease: str | None) -> bool:
    """Tell whether a batch with this `run_key` may be taken: no lease, an ended one, or one of the dead.

    A lease from a clock that has been set back by more than a lease lasts counts as ended.
    """
    if not lease:
        return True
    owner, _, expiry = lease.rpartition("|")
    left = float(expiry) - now().timestamp()
    # More left than a lease ever has: the clock has been set back since. Fencing makes taking it safe.
    return not 0 <= left <= 2 * LIFE or is_dead(owner)


@contextmanager
def held(database: Database, lease: Lease) -> Iterator[sa.Connection]:
    """Run a transaction that counts only while the lease is ours; renews it.

    Raises:
        LeaseLost: it is not; nothing was written.
    """
    with database.begin() as connection:
        if not _write(connection, lease.batch_id, _is_ours(lease), lease.owner):
            raise LeaseLost(batch=lease.batch_id)
        yield connection


def renew(database: Database, lease: Lease) -> None:
    """Keep the lease.

    Raises:
        LeaseLost: another archiver has it.
    """
    with held(database, lease):
        pass


def release(connection: sa.Connection, lease: Lease) -> None:
    """Give the batch back; does nothing when it is not ours any more."""
    connection.execute(
        batch.update().where(batch.c.id == lease.batch_id, _is_ours(lease)).values(run_key=None)
    )


def _is_ours(lease: Lease) -> sa.ColumnElement[bool]:
    prefix = f"{lease.owner}|"
    return sa.func.substr(batch.c.run_key, 1, len(prefix)) == prefix


def _write(connection: sa.Connection, batch_id: str, condition: sa.ColumnElement[bool], owner: str) -> bool:
    lease = f"{owner}|{now().timestamp() + LIFE:.0f}"
    unfinished = batch.c.state != "finished"
    found = connection.execute(
        batch.update()
        .where(batch.c.id == batch_id, unfinished, condition)
        .values(run_key=lease, state="sending")
    )
    return bool(found.rowcount)
