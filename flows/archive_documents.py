"""Archive every document that is due.

Requires the blocks that onboard-clinic writes, and the passphrase of the keys in the worker's surroundings.
"""

import time
from typing import Annotated

from prefect import flow
from pydantic import Field

from erepo.clinic.archiving import BatchResult, Summary, summary
from flows.naming import run_name
from flows.reporting import Progress, report_archiving
from tasks.archiving import attempts, permit, plan_batches, send, settle_open_submissions
from tasks.boundary import guarded
from tasks.clinic import opened


@flow(name="archive-documents", flow_run_name=run_name("archive"))
@guarded
async def archive_documents(
    connection: Annotated[
        str, Field(title="Połączenie / Connection", pattern="^[a-z0-9-]+$", max_length=60)
    ] = "clinic",
    most_documents: Annotated[
        int, Field(title="Najwięcej nowych dokumentów / Most new documents", ge=0, le=1_000_000)
    ] = 0,
) -> None:
    """Send every document that is due to the repository, a batch of some hundred at a time.

    May be started at any moment, also after a crash: what an earlier run left open is settled first. Where
    the service does not answer, the run ends Failed, nothing is lost, and the next run delivers. Inside a
    maintenance window it does not begin, and one that is going on ends after the batch in its hands.

    Args:
        connection: Name of the clinic's blocks.
        most_documents: Queue at most so many new documents; 0 means all that are due.
    """
    started = time.monotonic()
    results: list[BatchResult] = []
    attempts.set(results)
    problem: Exception | None = None
    async with opened(connection):
        try:
            await permit()
            await settle_open_submissions()
            planned, done = await plan_batches(limit=most_documents), 0
            while True:
                progress = await Progress.begin("archive-progress", planned.documents)
                for batch in planned.batches:
                    await progress.advance((await send(batch)).documents)
                await progress.end()
                done += planned.planned
                # Corrections whose older version has just arrived.
                if not planned.goes_on(most_documents, done):
                    break
                planned = await plan_batches(limit=most_documents - done if most_documents else 0)
                if not planned.planned:
                    break
        except Exception as error:  # noqa: BLE001 — reported below, then raised
            problem = error
    total: Summary = summary(results, time.monotonic() - started)
    try:
        await report_archiving(total, problem)
    finally:
        # What stopped the archiving matters more than a page that could not be written.
        if problem is not None:
            raise problem
