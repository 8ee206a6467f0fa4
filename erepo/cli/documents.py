"""`erepo documents`: list documents, look at one, open it, save it.

Other modules add their commands at the end of this one (`add_to`).
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Annotated

import orjson
import typer
from rich.console import Console
from rich.table import Table

from erepo.cda.kinds import KINDS
from erepo.cli import documents_chain, documents_deleting, documents_opening
from erepo.cli.desk import open_database
from erepo.cli.document_words import day_of
from erepo.cli.documents_opening import As, For, Id
from erepo.cli.patients import asked_patient
from erepo.cli.words import fail_politely, wide_console
from erepo.clinic.kinds import parse_kind
from erepo.clinic.reading import Filter, Found, Reader, Who, search
from erepo.clinic.reading.errors import FilterWrong
from erepo.clinic.reading.temporary import sweep
from erepo.clinic.state_words import STATE_WORDS
from erepo.clinic.states import State
from erepo.clinic.times import WARSAW
from erepo.settings import Settings
from erepo.texts import Language, Text, day_words, language, moment_words, size_words

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    help="Documents: list, look at one, open, save it and its attachments, follow its versions, delete.",
)

_ID, _KIND, _STATE = Text("Id", "Identyfikator"), Text("Kind", "Rodzaj"), Text("State", "Stan")
_ISSUED, _SIZE, _TITLE = Text("Issued", "Wystawiono"), Text("Size", "Rozmiar"), Text("Title", "Tytuł")
_SHARED, _YES = Text("Shared", "Wystawiono zgodę"), Text("yes", "tak")
_TAKEN_IN, _ARCHIVED = Text("Taken in", "Przyjęto"), Text("Archived", "Zarchiwizowano")
_PATIENT, _BORN = Text("Patient", "Pacjent"), Text("Born", "Data urodzenia")
_NUMBER, _FILE = Text("Identifier", "Numer pacjenta"), Text("File", "Plik źródłowy")
_FROM = Text("From another provider", "Od innego podmiotu")
_NONE = Text("No document fits.", "Żaden dokument nie spełnia warunków.")
_MORE = Text("More: erepo documents list … --after {last}", "Dalej: erepo documents list … --after {last}")


@app.command("list")
def list_documents(  # noqa: PLR0913, PLR0917 - an option for each filter
    kind: Annotated[
        list[str] | None, typer.Option(help="Only this kind (`erepo kinds list`); may be repeated.")
    ] = None,
    state: Annotated[
        list[str] | None,
        typer.Option(help=f"Only in this state; may be repeated. One of: {', '.join(State)}."),
    ] = None,
    since: Annotated[
        str, typer.Option("--from", metavar="YYYY-MM-DD", help="Issued on this day or later.")
    ] = "",
    until: Annotated[
        str, typer.Option("--until", metavar="YYYY-MM-DD", help="Issued on this day or earlier.")
    ] = "",
    patient: Annotated[
        str, typer.Option(help="`-`: only of the patient whose PESEL or HL7 CX stands on the input.")
    ] = "",
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="Documents on one page.")] = 50,
    after: Annotated[str, typer.Option(help="The page after the document of this id.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON array.")] = False,
) -> None:
    """List documents, those taken in last first. Nothing of a patient is shown."""
    with fail_politely():
        if patient not in {"", "-"}:
            # Arguments are seen by everybody on the machine, and stay in the shell's history.
            raise FilterWrong(name="--patient", expected="--patient -")
        wanted = Filter(
            kinds=[parse_kind(one) for one in kind or ()],
            states=[_state(one) for one in state or ()],
            issued_from=_day("--from", since),
            issued_before=_day("--until", until, days=1),
            patient=asked_patient() if patient else None,
            limit=limit,
            after=after,
        )
        sweep(Settings().opened)
        with open_database() as database, database.read() as connection:
            found = search(connection, wanted)
    if as_json:
        typer.echo(orjson.dumps([one.as_json() for one in found]))
        return
    _print_list(found, limit, wide_console(), language())


@app.command()
def show(
    document: Id,
    login: As,
    purpose: For = "treatment",
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object, without the patient.")
    ] = False,
) -> None:
    """Show what is known of a document, its patient included; the history notes who looked."""
    with fail_politely():
        settings = Settings()
        with open_database() as database:
            who = Who(login, documents_opening.parse_purpose(purpose))
            found = Reader(database, settings).describe(document, who)
    if as_json:
        typer.echo(orjson.dumps(found.as_json()))
        return
    _print_one(found, Console(), language())


def _print_list(found: list[Found], limit: int, console: Console, speak: Language) -> None:
    if not found:
        console.print(_NONE.fill(speak))
        return
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for head in (_ID, _KIND, _STATE, _ISSUED):
        table.add_column(head.fill(speak))
    table.add_column(_SIZE.fill(speak), justify="right")
    table.add_column(_SHARED.fill(speak))
    for one in found:
        label, standing = KINDS[one.kind].label.fill(speak), STATE_WORDS[one.state].short.fill(speak)
        size = size_words(one.size, speak)
        shared = _YES.fill(speak) if one.shared else ""
        table.add_row(one.public_id, label, standing, _local(one.effective_at, day_words), size, shared)
    console.print(table)
    if len(found) == limit:
        typer.echo(_MORE.fill(speak, last=found[-1].public_id))


def _print_one(one: Found, console: Console, speak: Language) -> None:
    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    rows = (
        (_ID, one.public_id),
        (_KIND, KINDS[one.kind].label.fill(speak)),
        (_TITLE, one.title),
        (_ISSUED, _local(one.effective_at, moment_words)),
        (_STATE, STATE_WORDS[one.state].short.fill(speak)),
        (_TAKEN_IN, _local(one.taken_in_at, moment_words)),
        (_ARCHIVED, _local(one.archived_at, moment_words)),
        (_SHARED, _YES.fill(speak) if one.shared else ""),
        (_SIZE, size_words(one.size, speak)),
        (_FROM, _source(one)),
        (_FILE, one.source_name),
        (_PATIENT, f"{one.given} {one.family}".strip()),
        (_NUMBER, one.identifier),
        (_BORN, day_of(one.birth_date)),
    )
    for label, text in rows:
        if text:
            # Texts of documents: no markup, and nothing that moves the cursor.
            table.add_row(label.fill(speak), "".join(c if c.isprintable() else " " for c in text))
    console.print(table, markup=False, highlight=False)


def _source(one: Found) -> str:
    if one.origin != "foreign":
        return ""
    return ", ".join(filter(None, (one.institution, one.source_repository))) or "-"


def _local(moment: datetime | None, words: Callable[[datetime], str]) -> str:
    return words(moment) if moment else ""


def _state(text: str) -> State:
    try:
        return State(text.strip().lower())
    except ValueError:
        raise FilterWrong(name="--state", expected=", ".join(State)) from None


def _day(name: str, text: str, *, days: int = 0) -> datetime | None:
    if not text:
        return None
    try:
        day = datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=WARSAW) + timedelta(days=days)
        return day.astimezone(UTC)
    except (ValueError, OverflowError):
        raise FilterWrong(name=name, expected="2026-11-30") from None


for part in (documents_opening, documents_chain, documents_deleting):
    part.add_to(app)
