"""Working on batches: one of them, those that others left open, a whole order."""

import asyncio
import time
from collections.abc import Sequence

import sqlalchemy as sa

from erepo.clinic.archiving.committing import first_error
from erepo.clinic.archiving.results import Problem
from erepo.clinic.database import Database
from erepo.clinic.maintenance import check_outside
from erepo.clinic.maintenance.errors import MaintenanceNow
from erepo.clinic.migrating import ledger
from erepo.clinic.migrating.choosing import Selection
from erepo.clinic.migrating.errors import MigrationLost, MigrationTaken
from erepo.clinic.migrating.leases import Lease, claim, keeping
from erepo.clinic.migrating.planning import check_permitted, plan
from erepo.clinic.migrating.results import BatchResult, Plan, Summary, summary
from erepo.clinic.migrating.working import Progress, Work
from erepo.clinic.repository import Cloud
from erepo.clinic.tables_migrating import migration_batch


async def migrate_batch(
    cloud: Cloud, database: Database, batch_id: str, *, progress: Progress | None = None
) -> BatchResult:
    """Bring every document of a batch to an end; may be called again at any moment, after any crash.

    Args:
        cloud: an opened connection to the repository.
        database: the clinic's.
        batch_id: of `plan`.
        progress: called with what has just come to an end.

    Returns:
        Counts and a message per document; `problem` tells why documents are left over, if any are.

    Raises:
        MigrationUnknown: there is no such batch.
        MigrationTaken: another one is working on it.
        MigrationLost: another one has taken over meanwhile.
        MaintenanceNow: a maintenance window is open; the batch is left as it is.
    """
    await asyncio.to_thread(check_outside, database)
    lease = await asyncio.to_thread(claim, database, batch_id)
    if lease is None:
        return BatchResult(batch_id)
    return await _work(cloud, database, lease, progress, begin=True)


async def reconcile(
    cloud: Cloud, database: Database, *, progress: Progress | None = None
) -> list[BatchResult]:
    """Bring to an end what runs that did not end left half-done; what they had not begun is left alone.

    What a standing order has not begun stays with it.

    A document whose octets lie here, by a committed fact and read once more now, is removed there and
    blocked; any other is fetched again. One that the repository does not have and that is not here goes back
    where it was, as an alarm.
    """
    results = []
    for batch_id in await asyncio.to_thread(_unfinished, database):
        try:
            lease = await asyncio.to_thread(claim, database, batch_id)
        except MigrationTaken:
            continue
        if lease is None:
            continue
        result = await _work(cloud, database, lease, progress, begin=False)
        if result.documents:
            results.append(result)
        if result.problem is not None:
            break
    return results


async def migrate(
    cloud: Cloud,
    database: Database,
    selection: Selection,
    login: str,
    *,
    progress: Progress | None = None,
) -> Summary:
    """Settle what earlier runs left, then bring back what was chosen: a whole run in one process.

    Raises:
        NoSuchUser, PermissionMissing, MaintenanceNow, NothingChosen, DatesWrong, DocumentsUnknown: nothing
            was changed.
    """
    started = time.monotonic()
    await asyncio.to_thread(check_permitted, database, login)
    results = await reconcile(cloud, database, progress=progress)
    planned = await asyncio.to_thread(plan, database, cloud.settings, selection, login)
    if not any(result.problem for result in results):
        results += await _all(cloud, database, planned, progress)
    return summary(results, time.monotonic() - started)


async def _all(
    cloud: Cloud, database: Database, planned: Plan, progress: Progress | None
) -> Sequence[BatchResult]:
    results: list[BatchResult] = []
    for batch_id in planned.batches:
        try:
            result = await migrate_batch(cloud, database, batch_id, progress=progress)
        except (MigrationTaken, MigrationLost):
            continue  # another one brings it to an end
        except MaintenanceNow as error:
            # A window opened between two batches; what was done is still told.
            results.append(BatchResult(batch_id, problem=Problem.of(error)))
            break
        results.append(result)
        if result.problem is not None and not result.migrated:
            break  # nothing gets through; the next batch would not either
    return results


async def _work(
    cloud: Cloud, database: Database, lease: Lease, progress: Progress | None, *, begin: bool
) -> BatchResult:
    started = time.monotonic()
    work, planned, still_open = Work(cloud, database, lease, progress), 0, 0
    try:
        with first_error():
            async with keeping(database, lease):
                await work.run(begin=begin)
    finally:
        leave = work.stopped or not (begin or lease.standing)
        planned, still_open = await asyncio.shield(
            asyncio.to_thread(ledger.close, database, lease, leave=leave)
        )
    left = planned if begin else 0
    return BatchResult(
        batch=lease.batch_id,
        migrated=work.migrated,
        recovered=work.recovered if begin else work.migrated,
        failed=work.failed,
        skipped=work.skipped,
        left=left,
        unresolved=still_open,
        bytes=work.bytes,
        seconds=round(time.monotonic() - started, 3),
        messages=work.messages,
        stopped=work.stopped,
        problem=work.problem_of(left + still_open),
    )


def _unfinished(database: Database) -> Sequence[str]:
    with database.read() as connection:
        return (
            connection.execute(
                sa.select(migration_batch.c.id)
                .where(migration_batch.c.state != "finished")
                .order_by(migration_batch.c.created_at)
            )
            .scalars()
            .all()
        )
