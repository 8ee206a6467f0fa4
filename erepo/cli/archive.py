"""`erepo archive`: send every document that is due."""

import asyncio
import contextlib
import time
from typing import Annotated

import orjson
import typer
import uvloop
from rich.console import Console
from rich.table import Table

from erepo.cli.bars import bar
from erepo.cli.complaints import complain, complaining
from erepo.clinic.account import load_connection
from erepo.clinic.archiving import (
    BatchResult,
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
from erepo.clinic.connection import CloudConnection
from erepo.clinic.database import Database, open_clinic
from erepo.clinic.maintenance.errors import MaintenanceNow
from erepo.clinic.tables import now
from erepo.settings import Settings
from erepo.texts import Text, language, size_words, time_words

_TITLE = Text("Archiving", "Archiwizacja")
_NOTHING = Text("Nothing is due.", "Brak dokumentów do archiwizacji.")
_ROWS = (
    ("archived", Text("archived", "zarchiwizowane")),
    (
        "recovered",
        Text("  of these, found from an earlier attempt", "  w tym odnalezione z wcześniejszej próby"),
    ),
    ("rejected", Text("rejected", "odrzucone")),
    ("retry_later", Text("wait for the next run", "czekają na następne uruchomienie")),
    ("unresolved", Text("outcome unknown, will be asked", "wynik nieznany, zostanie sprawdzony")),
)

_SIZE, _TIME = Text("size", "rozmiar"), Text("time", "czas")


def command(
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
    most: Annotated[int, typer.Option("--limit", min=0, help="Plan at most so many documents; 0: all.")] = 0,
) -> None:
    """Send every document that is due to the repository. Safe to run again at any moment.

    Exit code 0 only if every document is archived; 1 if some are not; 2 if nothing could be sent at all.
    """
    settings = Settings()
    with complaining(as_json=as_json), contextlib.closing(open_clinic(settings)) as database:
        total = uvloop.run(_archive(database, settings, most, quiet=as_json))
    if as_json:
        typer.echo(orjson.dumps(total))
    else:
        _show(total)
    raise typer.Exit(0 if total.complete else 1)


async def _archive(database: Database, settings: Settings, most: int, *, quiet: bool) -> Summary:
    started = time.monotonic()
    results: list[BatchResult] = []
    await asyncio.to_thread(check_permitted, database, settings)
    async with load_connection(database, settings) as connection:
        asked = await reconcile(connection, database)
        if asked.asked:
            results.append(asked.as_result())
        goes_on, done = True, 0
        while goes_on:
            left = most - done if most else None
            planned = await asyncio.to_thread(plan, database, settings, now=now(), limit=left)
            if asked.problem is not None:
                documents = planned.documents
                results.append(BatchResult("", documents, retry_later=documents, problem=asked.problem))
                break
            results += await _send_all(connection, database, planned, quiet=quiet)
            done += planned.planned
            goes_on = planned.goes_on(most, done) and not any(one.problem for one in results)
    return summary(results, time.monotonic() - started)


async def _send_all(
    connection: CloudConnection, database: Database, planned: Plan, *, quiet: bool
) -> list[BatchResult]:
    results: list[BatchResult] = []
    with bar(quiet=quiet or not planned.documents) as shown:
        line = shown.add_task(_TITLE.fill(language()), total=planned.documents)
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


def _show(total: Summary) -> None:
    speak = language()
    console = Console()
    if not total.documents and total.problem is None:
        console.print(_NOTHING.fill(speak))
        return
    table = Table(title=_TITLE.fill(speak), show_header=False)
    for name, words in _ROWS:
        value = getattr(total, name)
        table.add_row(words.fill(speak), str(len(value) if isinstance(value, list) else value))
    table.add_row(_SIZE.fill(speak), size_words(total.bytes, speak))
    table.add_row(_TIME.fill(speak), time_words(total.seconds, speak))
    console.print(table)
    for one in total.rejected:
        cause, cure = (one.cause_pl, one.cure_pl) if speak == "pl" else (one.cause_en, one.cure_en)
        console.print(f"{one.document} {one.code}: {cause} {cure}", markup=False, highlight=False)
    if total.problem is not None:
        complain(total.problem, as_json=False)
