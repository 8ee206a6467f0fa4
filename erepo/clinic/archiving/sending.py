"""Send one batch; may be called again at any moment, after any crash."""

import asyncio
import time
from contextlib import suppress

from erepo.clinic.archiving import ledger
from erepo.clinic.archiving.committing import first_error
from erepo.clinic.archiving.leases import claim
from erepo.clinic.archiving.permission import check_permitted
from erepo.clinic.archiving.results import BatchResult
from erepo.clinic.archiving.work import Progress, Work, keeping
from erepo.clinic.chain import settle_links
from erepo.clinic.database import Database
from erepo.clinic.repository import Cloud
from erepo.errors import ErepoError


async def send_batch(
    cloud: Cloud, database: Database, batch_id: str, *, progress: Progress | None = None
) -> BatchResult:
    """Bring every document of a batch to an end: archived, rejected, or still queued with a reason.

    First the registry is asked about documents whose outcome is unknown from an earlier attempt; then what is
    queued is sent, many submissions at once. A service that does not answer stops the batch after a few
    failures. Nothing is lost: what is left over stays queued, and `problem` names the cause and the cure.

    Args:
        cloud: an opened connection (`async with CloudConnection(…) as cloud`).
        database: the clinic's.
        batch_id: of `plan`.
        progress: called, from a thread, with (documents, octets) just archived.

    Raises:
        BatchUnknown: there is no such batch.
        BatchTaken: another archiver is working on it.
        LeaseLost: another archiver has taken over meanwhile.
        MaintenanceNow, LicenceExpired…: depositing is not permitted now; the batch is left as it is.
    """
    started = time.monotonic()
    await asyncio.to_thread(check_permitted, database, cloud.settings)
    lease = await asyncio.to_thread(claim, database, batch_id)
    if lease is None:
        return BatchResult(batch_id)
    work = Work(cloud, database, cloud.settings, lease, progress)
    queued = sending = 0
    try:
        with first_error():
            async with keeping(database, lease):
                await work.ask()
                await work.send()
        if work.archived:
            with suppress(ErepoError):
                await settle_links(cloud, database)
    finally:
        queued, sending = await asyncio.shield(asyncio.to_thread(ledger.close, database, lease))
    return BatchResult(
        batch=batch_id,
        documents=work.archived + len(work.rejected) + queued + sending,
        archived=work.archived,
        recovered=work.recovered,
        rejected=work.rejected,
        retry_later=queued,
        unresolved=sending,
        bytes=work.bytes,
        seconds=round(time.monotonic() - started, 3),
        problem=work.problem_of(queued + sending),
    )
