"""`erepo archive`: send every document that is due, and let go what is safe and has stayed long enough."""

import asyncio
import contextlib
import time
from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any

import orjson
import typer
import uvloop

from erepo.cli.archive_words import TITLE, show, show_ahead
from erepo.cli.bars import bar
from erepo.cli.complaints import complaining
from erepo.cli.finishing import tell_finished
from erepo.clinic.archiving import (
    BatchResult,
    Choice,
    Plan,
    Summary,
    check_permitted,
    plan,
    reconcile,
    send_batch,
    summary,
)
from erepo.clinic.archiving.errors import BatchTaken, LeaseLost
from erepo.clinic.archiving.results import Problem
from erepo.clinic.database import Database, open_clinic
from erepo.clinic.finishing import Finished, finish_interrupted
from erepo.clinic.kinds import parse_kind
from erepo.clinic.maintenance.errors import MaintenanceNow
from erepo.clinic.outlook import Reason, look_ahead
from erepo.clinic.purging import PurgeReport, Purging, total_of
from erepo.clinic.repositories import opening
from erepo.clinic.repository import Cloud
from erepo.clinic.tables import now
from erepo.errors import ErepoError
from erepo.settings import Settings
from erepo.texts import language


def _day(words: str) -> Any:
    return typer.Option(formats=["%Y-%m-%d"], metavar="YYYY-MM-DD", help=words)


_KIND = "Only documents of this kind; may be repeated."


def command(  # noqa: PLR0913, PLR0917 - one argument per option
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
    most: Annotated[int, typer.Option("--limit", min=0, help="Plan at most so many documents; 0: all.")] = 0,
    kind: Annotated[list[str] | None, typer.Option(help=_KIND)] = None,
    taken_in_from: Annotated[datetime | None, _day("First day on which a document was taken in.")] = None,
    taken_in_to: Annotated[datetime | None, _day("Last such day.")] = None,
    effective_from: Annotated[datetime | None, _day("First day on which a document was made.")] = None,
    effective_to: Annotated[datetime | None, _day("Last such day.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show what would be done.")] = False,
) -> None:
    """Send every document that is due, or what is chosen of it. Safe to run again at any moment.

    Whatever is chosen: what an earlier run left open is brought to an end first, and local copies whose days
    are over are removed once the repository has confirmed the document.

    Exit code 0 only if every document is archived and every copy removed that was to be; 1 if some are not;
    2 if nothing could be sent at all. With --dry-run: 0, or 2 if nothing could be sent.
    """
    settings = Settings()
    with complaining(as_json=as_json), contextlib.closing(open_clinic(settings)) as database:
        days = taken_in_from, taken_in_to, effective_from, effective_to
        first, last, made_first, made_last = (one.date() if one else None for one in days)
        kinds = tuple(parse_kind(one) for one in kind or ())
        choice = Choice(kinds, first, last, made_first, made_last, most or None)
        if dry_run:
            _look_ahead(database, settings, choice, as_json=as_json)
        total, purged, finished = uvloop.run(_run(database, settings, choice, quiet=as_json))
        skipped = look_ahead(database, settings, choice.rest).by_reason()
    _tell(total, purged, skipped, finished, as_json=as_json)
    raise typer.Exit(0 if total.complete and purged.complete else 1)


def _look_ahead(database: Database, settings: Settings, choice: Choice, *, as_json: bool) -> None:
    outlook = look_ahead(database, settings, choice)
    if as_json:
        typer.echo(orjson.dumps(outlook))
    else:
        show_ahead(outlook)
    raise typer.Exit(2 if outlook.obstacles else 0)


def _tell(
    total: Summary,
    purged: PurgeReport,
    skipped: Mapping[Reason, int],
    finished: Finished,
    *,
    as_json: bool,
) -> None:
    if as_json:
        stays = {reason.value: count for reason, count in skipped.items()}
        typer.echo(orjson.dumps({**asdict(total), "purge": purged, "skipped": stays, "finished": finished}))
    else:
        show(total, purged, skipped)
        tell_finished(finished)


async def _run(
    database: Database, settings: Settings, choice: Choice, *, quiet: bool
) -> tuple[Summary, PurgeReport, Finished]:
    await asyncio.to_thread(check_permitted, database, settings)
    async with opening(database, settings) as connection:
        total = await _archive(connection, database, choice, quiet=quiet)
        # What stopped the sending would stop the questions as well.
        if total.problem is not None:
            return total, PurgeReport(), Finished()
        purged = await _purge(connection, database)
        return total, purged, await finish_interrupted(connection, database)


async def _archive(connection: Cloud, database: Database, choice: Choice, *, quiet: bool) -> Summary:
    started = time.monotonic()
    results: list[BatchResult] = []
    asked = await reconcile(connection, database)
    if asked.asked:
        results.append(asked.as_result())
    first = goes_on = True
    done = 0
    while goes_on:
        left = choice.less(done)
        planned = await asyncio.to_thread(plan, database, connection.settings, now=now(), choice=left)
        if not (first or planned.planned):
            break
        first = False
        if asked.problem is not None:
            documents = planned.documents
            results.append(BatchResult("", documents, retry_later=documents, problem=asked.problem))
            break
        results += await _send_all(connection, database, planned, quiet=quiet)
        done += planned.planned
        # Corrections whose older version has just arrived.
        goes_on = planned.goes_on(choice.limit or 0, done) and not any(one.problem for one in results)
    return summary(results, time.monotonic() - started)


async def _purge(connection: Cloud, database: Database) -> PurgeReport:
    purging, reports = Purging(connection, database), list[PurgeReport]()
    while not purging.done:
        try:
            reports.append(await purging.portion())
        except ErepoError as error:
            # A pause began, or the licence ended, between two portions; what was done is still told.
            reports.append(PurgeReport(problem=Problem.of(error)))
            break
    return total_of(reports)


async def _send_all(
    connection: Cloud, database: Database, planned: Plan, *, quiet: bool
) -> list[BatchResult]:
    results: list[BatchResult] = []
    with bar(quiet=quiet or not planned.documents) as shown:
        line = shown.add_task(TITLE.fill(language()), total=planned.documents)
        for batch in planned.batches:
            try:
                result = await send_batch(
                    connection, database, batch, progress=lambda documents, _: shown.advance(line, documents)
                )
            except (BatchTaken, LeaseLost):
                continue  # another archiver brings it to an end
            except MaintenanceNow as error:
                # A pause began between two batches; what was sent is still told.
                results.append(BatchResult(batch, problem=Problem.of(error)))
                break
            results.append(result)
            if result.problem is not None and not result.archived:
                break  # nothing gets through; the next batch would not either
    return results
