"""Archive every document that is due, and let go what is safe there and has stayed here long enough.

Requires the blocks that onboard-clinic writes, and the passphrase of the keys in the worker's surroundings;
where the eArchiwum is in use, the block ClinicDatabase alone.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Annotated

from prefect import flow
from pydantic import Field

from erepo.cda.kinds import Kind
from erepo.clinic.archiving import BatchResult, Choice, read_day, summary
from erepo.clinic.outlook import Outlook
from erepo.clinic.purging import PurgeReport, total_of
from flows.archive_page import report_ahead, report_archiving
from flows.kind_choices import KIND_NAMES
from flows.naming import run_name
from flows.reporting import Progress
from tasks import purging
from tasks.archiving import attempts, look, permit, plan_batches, send, settle_open_submissions
from tasks.boundary import guarded
from tasks.clinic import opened_repository
from tasks.finishing import finish_orders

_EVERYTHING = "Puste: wszystkie / Empty: all."
_Day = Annotated[str, Field(pattern=r"^(\d{4}-\d{2}-\d{2})?$", max_length=10)]


@dataclass
class _Run:
    """What a run has done so far."""

    results: list[BatchResult] = field(default_factory=list)
    purged: list[PurgeReport] = field(default_factory=list)
    outlook: Outlook | None = None


@flow(name="archive-documents", flow_run_name=run_name("archive"))
@guarded
async def archive_documents(  # noqa: PLR0913, PLR0917 — one argument per field of the form
    connection: Annotated[
        str, Field(title="Połączenie / Connection", pattern="^[a-z0-9-]+$", max_length=60)
    ] = "clinic",
    most_documents: Annotated[
        int, Field(title="Najwięcej nowych dokumentów / Most new documents", ge=0, le=1_000_000)
    ] = 0,
    kinds: Annotated[
        Sequence[Kind],
        Field(title="Rodzaje dokumentów / Document kinds", description=f"{_EVERYTHING} {KIND_NAMES}"),
    ] = [],
    taken_in_from: Annotated[_Day, Field(title="Przyjęte od / Taken in from")] = "",
    taken_in_to: Annotated[_Day, Field(title="Przyjęte do / Taken in until")] = "",
    effective_from: Annotated[_Day, Field(title="Wystawione od / Issued from")] = "",
    effective_to: Annotated[_Day, Field(title="Wystawione do / Issued until")] = "",
    dry_run: Annotated[
        bool, Field(title="Tylko pokaż, co zostanie zrobione / Only show what would be done")
    ] = False,
) -> None:
    """Send every document that is due to the repository, a batch of some hundred at a time.

    May be started at any moment, also after a crash: what an earlier run left open is settled first, whatever
    is chosen here. Where the service does not answer, the run ends Failed, nothing is lost, and the next run
    delivers. Inside a maintenance window it does not begin, and one that is going on ends after the batch in
    its hands. At the end, local copies leave whose days are over and which the repository confirms.

    Args:
        connection: Name of the clinic's blocks.
        most_documents: Queue at most so many new documents; 0 means all that are due.
        kinds: Only documents of these kinds; empty means all that are due.
        taken_in_from: Only documents taken in on this day or later, as 2026-11-30; empty means any.
        taken_in_to: Only documents taken in on this day or earlier.
        effective_from: Only documents issued on this day or later, Polish time; those without a date stay.
        effective_to: Only documents issued on this day or earlier.
        dry_run: Plan nothing and send nothing; leave a page of what would be done, and why the rest stays.
    """
    choice = Choice(
        kinds=tuple(kinds),
        taken_in_from=read_day(taken_in_from),
        taken_in_to=read_day(taken_in_to),
        effective_from=read_day(effective_from),
        effective_to=read_day(effective_to),
        limit=most_documents or None,
    )
    if dry_run:
        await report_ahead(await look(connection, choice))
        return
    started = time.monotonic()
    run, problem = _Run(), None
    try:
        await _archive(run, connection, choice)
    except Exception as error:  # noqa: BLE001 — reported below, then raised
        problem = error
    total = summary(run.results, time.monotonic() - started)
    try:
        await report_archiving(total, total_of(run.purged), run.outlook, problem)
    finally:
        # What stopped the archiving matters more than a page that could not be written.
        if problem is not None:
            raise problem


async def _archive(run: _Run, connection: str, choice: Choice) -> None:
    attempts.set(run.results)
    async with opened_repository(connection):
        await permit()
        await settle_open_submissions()
        planned, done = await plan_batches(choice), 0
        while True:
            progress = await Progress.begin("archive-progress", planned.documents)
            for batch in planned.batches:
                await progress.advance((await send(batch)).documents)
            await progress.end()
            done += planned.planned
            # Corrections whose older version has just arrived.
            if not planned.goes_on(choice.limit or 0, done):
                break
            planned = await plan_batches(choice.less(done))
            if not planned.planned:
                break
        leaving = purging.begin()
        run.purged = leaving.reports
        while not leaving.purging.done:
            await purging.purge()
        await finish_orders()
    run.outlook = await look(connection, choice.rest)
