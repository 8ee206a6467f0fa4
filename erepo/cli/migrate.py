"""`erepo migrate`: bring documents back from the repository, and return them to archiving (manual 1.5)."""

import asyncio
import contextlib
import signal
from collections.abc import Iterator, Sequence
from typing import Annotated, Any

import orjson
import typer
import uvloop
from rich.console import Console
from rich.table import Table

from erepo.cda.kinds import KINDS, Kind
from erepo.cli.bars import bar
from erepo.cli.complaints import complain, complaining
from erepo.cli.confirming import confirmed
from erepo.cli.desk import open_database, open_prefect
from erepo.cli.migrate_choosing import (
    Archived,
    ArchivedTo,
    As,
    Everything,
    Ids,
    Issued,
    IssuedTo,
    Kinds,
    Limit,
    Patient,
    asked_number,
    flow_parameters,
    selection,
)
from erepo.cli.words import fail_politely
from erepo.clinic.database import Database, open_clinic
from erepo.clinic.migrating import (
    Chosen,
    Message,
    Preview,
    Selection,
    Summary,
    check_permitted,
    choose,
    look,
    migrate,
    request_stop,
    unblock,
)
from erepo.clinic.migrating.choosing import REMOTE_STATES
from erepo.clinic.migrating.results import MIGRATED, SKIPPED
from erepo.clinic.repositories import opening
from erepo.clinic.state_words import STATE_WORDS
from erepo.clinic.states import State
from erepo.settings import Settings
from erepo.texts import Text, day_words, language, size_words, time_words

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    help="Bring documents back from the repository, which then forgets them (manual 1.5).",
)

DEPLOYMENT = "migrate-documents/on-demand"
_TITLE = Text("Migration", "Migracja")
_SEEN = Text(
    "{documents} documents ({size}); {here} of them have their content here as well.",
    "Dokumenty: {documents} ({size}); w tym z treścią dostępną lokalnie: {here}.",
)
_ELSEWHERE = Text(
    "{count} of the ids are not in the repository (any more).",
    "Wskazane dokumenty, których nie ma (już) w repozytorium: {count}.",
)
_SHARED = Text(
    "{count} documents stay there, for a consent shows them (`erepo consents list --open`).",
    "Dokumenty, które pozostaną, bo są udostępnione (`erepo consents list --open`): {count}.",
)
_DRY = Text("Nothing was changed (dry run).", "Niczego nie zmieniono (próba).")
_NOTHING = Text("There is nothing to bring back.", "Nie ma dokumentów do migracji.")
_SURE = Text(
    "Bring them here, REMOVE them from the repository and block them?",
    "Przenieść je tutaj, USUNĄĆ z repozytorium i zablokować do wysyłki?",
)
_WORDS = {
    MIGRATED: Text("migrated", "zmigrowano"),
    SKIPPED: Text("not in the repository any more", "nie ma już w repozytorium"),
}
_ROWS = (
    ("migrated", Text("brought back and blocked", "zmigrowane i zablokowane")),
    ("recovered", Text("  of these, begun by an earlier run", "  w tym rozpoczęte wcześniej")),
    ("failed", Text("given up, not removed there", "zaniechane, nieusunięte z repozytorium")),
    ("skipped", Text("not in the repository any more", "nieobecne już w repozytorium")),
    ("left", Text("left where they were", "pozostawione bez zmian")),
    (
        "unresolved",
        Text("here; the next run removes them there", "lokalnie; usunie je następne uruchomienie"),
    ),
)
_NO_DOCUMENT = Text("There is no such document.", "Nie ma takich dokumentów.")
_SIZE, _TIME = Text("size", "rozmiar"), Text("time", "czas")
_STOPPED = Text("Stopped on request.", "Zatrzymano na żądanie.")
_STOPPING = Text(
    "Finishing what is in hand; once more: at once.", "Kończę rozpoczęte; ponownie: natychmiast."
)
_STOP = Text("Migrations asked to stop: {count}.", "Migracje poproszone o zatrzymanie: {count}.")
_UNBLOCKED = Text("{count} returned to archiving.", "Przywrócono do archiwizacji: {count}.")
_STARTED = Text("Started in Prefect: {address}", "Uruchomiono w Prefect: {address}")
_YES = Annotated[bool, typer.Option("--yes", help="Do not ask for a confirmation.")]
_JSON = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]


@app.command("run")
def run(  # noqa: PLR0913, PLR0917 - an option for each filter
    login: As,
    ids: Ids = None,
    kinds: Kinds = None,
    patient: Patient = "",
    issued: Issued = None,
    issued_to: IssuedTo = None,
    archived: Archived = None,
    archived_to: ArchivedTo = None,
    everything: Everything = False,
    limit: Limit = 0,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only count; change nothing.")] = False,
    yes: _YES = False,
    in_prefect: Annotated[
        bool, typer.Option("--in-prefect", help="Start the run in Prefect instead of here.")
    ] = False,
    as_json: _JSON = False,
) -> None:
    """Bring documents here, remove them from the repository, and block them from being sent again.

    Documents are given by their ids, or by filters that all must hold. What runs that did not end left
    half-done is finished first. May be interrupted at any moment and run again. Exit code 0 only if every
    document is here and gone there; 1 if some are not; 2 if nothing could be done.
    """
    settings = Settings()
    with complaining(as_json=as_json), contextlib.closing(open_clinic(settings)) as database:
        wanted = selection(
            database,
            ids,
            kinds,
            patient,
            (issued, issued_to),
            (archived, archived_to),
            everything=everything,
            limit=limit,
        )
        seen = look(database, wanted, login)
        if not as_json:
            _show_preview(seen)
        if dry_run or not _go_on(seen, yes=yes, as_json=as_json):
            typer.echo(orjson.dumps(seen) if as_json else _DRY.fill(language()))
            return
        check_permitted(database, login)
        if in_prefect:
            _start_in_prefect(settings, wanted, login)
            return
        total = uvloop.run(_migrate(database, settings, wanted, login, quiet=as_json))
    if as_json:
        typer.echo(orjson.dumps(total))
    else:
        _show(total)
    raise typer.Exit(0 if total.complete and not total.stopped else 1)


@app.command("list")
def list_documents(  # noqa: PLR0913, PLR0917 - an option for each filter
    ids: Ids = None,
    kinds: Kinds = None,
    patient: Patient = "",
    issued: Issued = None,
    issued_to: IssuedTo = None,
    archived: Archived = None,
    archived_to: ArchivedTo = None,
    blocked: Annotated[bool, typer.Option("--blocked", help="Those that were brought back.")] = False,
    limit: Limit = 100,
    as_json: _JSON = False,
) -> None:
    """List the documents that lie in the repository, or those that were brought back and are blocked."""
    with fail_politely(), open_database() as database:
        wanted = selection(
            database,
            ids,
            kinds,
            patient,
            (issued, issued_to),
            (archived, archived_to),
            everything=True,
            limit=limit,
        )
        with database.read() as connection:
            found = choose(connection, wanted, [State.BLOCKED] if blocked else REMOTE_STATES)
    if as_json:
        typer.echo(orjson.dumps([_as_json(one) for one in found]))
        return
    if not found:
        typer.echo(_NO_DOCUMENT.fill(language()))
    for one in found:
        label = KINDS[Kind(one.kind)].label.fill(language())
        day = day_words(one.archived_at) if one.archived_at else "-"
        where = STATE_WORDS[State(one.state)].meaning.fill(language())
        typer.echo(f"{one.public_id}  {day}  {size_words(one.size, language()):>9}  {where}  {label}")


@app.command("unblock")
def unblock_documents(  # noqa: PLR0913, PLR0917 - an option for each filter
    login: As,
    ids: Ids = None,
    kinds: Kinds = None,
    patient: Patient = "",
    issued: Issued = None,
    issued_to: IssuedTo = None,
    archived: Archived = None,
    archived_to: ArchivedTo = None,
    everything: Everything = False,
    limit: Limit = 0,
    as_json: _JSON = False,
) -> None:
    """Return documents that were brought back to archiving: the next run sends them again."""
    with fail_politely(), open_database() as database:
        wanted = selection(
            database,
            ids,
            kinds,
            patient,
            (issued, issued_to),
            (archived, archived_to),
            everything=everything,
            limit=limit,
        )
        count = unblock(database, wanted, login)
    typer.echo(orjson.dumps({"unblocked": count}) if as_json else _UNBLOCKED.fill(language(), count=count))


@app.command("stop")
def stop(login: As) -> None:
    """Ask every migration that is going on to end after the documents in its hands."""
    with fail_politely(), open_database() as database:
        count = request_stop(database, login)
    typer.echo(_STOP.fill(language(), count=count))


@app.command("number")
def number() -> None:
    """Read a patient's identifier from the input and print the number that stands for it in forms."""
    with fail_politely(), open_database() as database:
        typer.echo(asked_number(database))


def _go_on(seen: Preview, *, yes: bool, as_json: bool) -> bool:
    """Tell whether to go on; half-done work of earlier runs is finished also when nothing else is chosen."""
    if yes or not seen.documents:
        return True
    return not as_json and confirmed(_SURE.fill(language()))


def _start_in_prefect(settings: Settings, wanted: Selection, login: str) -> None:
    with open_prefect(settings) as prefect:
        started = prefect.start(DEPLOYMENT, flow_parameters(wanted, login))
    typer.echo(_STARTED.fill(language(), address=started.address))


async def _migrate(
    database: Database, settings: Settings, wanted: Selection, login: str, *, quiet: bool
) -> Summary:
    with bar(quiet=quiet) as shown:
        line = shown.add_task(_TITLE.fill(language()), total=None)

        def progress(messages: Sequence[Message], _: int) -> None:
            shown.advance(line, len(messages))
            for one in messages if not quiet else ():
                words = _WORDS.get(one.code)
                typer.echo(f"{one.document} {words.fill(language()) if words else one.code}")

        with _stopping(database, login):
            async with opening(database, settings) as cloud:
                return await migrate(cloud, database, wanted, login, progress=progress)


@contextlib.contextmanager
def _stopping(database: Database, login: str) -> Iterator[None]:
    """Let the first Ctrl-C or SIGTERM ask for a stop; the second ends the program."""
    loop = asyncio.get_running_loop()
    signals = (signal.SIGINT, signal.SIGTERM)

    def ask() -> None:
        for one in signals:
            loop.remove_signal_handler(one)
        typer.echo(_STOPPING.fill(language()), err=True)
        request_stop(database, login)

    # Elsewhere than in the main thread of a Unix program, the default stays: the program ends at once.
    with contextlib.suppress(NotImplementedError, RuntimeError, ValueError):
        for one in signals:
            loop.add_signal_handler(one, ask)
    try:
        yield
    finally:
        with contextlib.suppress(NotImplementedError, RuntimeError, ValueError):
            for one in signals:
                loop.remove_signal_handler(one)


def _show_preview(seen: Preview) -> None:
    speak = language()
    size = size_words(seen.bytes, speak)
    typer.echo(_SEEN.fill(speak, documents=seen.documents, size=size, here=seen.here))
    for kind, count in seen.kinds.items():
        typer.echo(f"  {KINDS[Kind(kind)].label.fill(speak)}: {count}")
    if seen.elsewhere:
        typer.echo(_ELSEWHERE.fill(speak, count=seen.elsewhere))
    if seen.shared:
        typer.echo(_SHARED.fill(speak, count=seen.shared))


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
    for one in total.failed:
        cause, cure = (one.cause_pl, one.cure_pl) if speak == "pl" else (one.cause_en, one.cure_en)
        console.print(f"{one.document} {one.code}: {cause} {cure}", markup=False, highlight=False)
    if total.stopped:
        console.print(_STOPPED.fill(speak))
    if total.problem is not None:
        complain(total.problem, as_json=False)


def _as_json(one: Chosen) -> dict[str, Any]:
    return {
        "id": one.public_id,
        "kind": one.kind,
        "state": one.state,
        "bytes": one.size,
        "archivedAt": one.archived_at,
    }
