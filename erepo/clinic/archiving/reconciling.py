"""Ask the registry about everything whose outcome is unknown, without sending anything."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress

import sqlalchemy as sa

from erepo.clinic.archiving import ledger
from erepo.clinic.archiving.committing import first_error
from erepo.clinic.archiving.errors import BatchTaken
from erepo.clinic.archiving.leases import claim
from erepo.clinic.archiving.results import Reconciliation
from erepo.clinic.archiving.work import Work, keeping
from erepo.clinic.chain import settle_links
from erepo.clinic.database import Database
from erepo.clinic.repository import Cloud
from erepo.clinic.states import State
from erepo.clinic.tables import IN_HAND, document, submission
from erepo.errors import ErepoError


async def reconcile(cloud: Cloud, database: Database) -> Reconciliation:
    """Bring documents in `sending` that nobody is working on to `archived` or back to `queued`.

    Args:
        cloud: an opened connection.
        database: the clinic's.

    Returns:
        Counts; `problem` tells why asking ended early, the rest then stays as it is.
    """
    total = Reconciliation()
    for batch_id in await asyncio.to_thread(_with_unknown, database):
        total = _add(total, await _reconcile_batch(cloud, database, batch_id))
        if total.problem is not None:
            return total
    # Not what documents wait for: a link that cannot be settled now is settled by a later run.
    with suppress(ErepoError):
        await settle_links(cloud, database)
    return total


async def _reconcile_batch(cloud: Cloud, database: Database, batch_id: str) -> Reconciliation:
    try:
        lease = await asyncio.to_thread(claim, database, batch_id)
    except BatchTaken:
        return Reconciliation()
    if lease is None:
        return Reconciliation()
    work, sending = Work(cloud, database, cloud.settings, lease), 0
    try:
        with first_error():
            async with keeping(database, lease):
                await work.ask()
    finally:
        _, sending = await asyncio.shield(asyncio.to_thread(ledger.close, database, lease))
    return Reconciliation(
        work.asked, work.archived, work.requeued, work.rejected, sending, work.bytes, work.problem_of(sending)
    )


def _with_unknown(database: Database) -> Sequence[str]:
    with database.read() as connection:
        return (
            connection.execute(
                sa.select(submission.c.batch_id)
                .join(document, document.c.submission_id == submission.c.id)
                .where(IN_HAND, document.c.state == State.SENDING.value, submission.c.batch_id.is_not(None))
                .distinct()
            )
            .scalars()
            .all()
        )


def _add(one: Reconciliation, other: Reconciliation) -> Reconciliation:
    return Reconciliation(
        one.asked + other.asked,
        one.archived + other.archived,
        one.requeued + other.requeued,
        one.rejected + other.rejected,
        one.unresolved + other.unresolved,
        one.bytes + other.bytes,
        one.problem or other.problem,
    )
