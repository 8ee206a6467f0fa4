"""`erepo p1`: documents of other providers, found in P1 and fetched into this clinic."""

import sys
from contextlib import closing
from datetime import date, datetime
from typing import Annotated, Any, Final

import orjson
import typer
from rich.table import Table

from erepo.cda.kinds import KINDS
from erepo.cli.bars import bar, waiting
from erepo.cli.desk import open_database
from erepo.cli.patients import asked_patient
from erepo.cli.words import fail_politely, tell_trouble, wide_console
from erepo.clinic.abroad import (
    Desk,
    Fetched,
    Listed,
    Search,
    Why,
    fetch,
    find,
    look,
    opening,
    parse_purpose,
)
from erepo.clinic.abroad.asking import Purpose
from erepo.clinic.abroad.ledger import choose
from erepo.clinic.intake import Status
from erepo.clinic.kinds import parse_kind
from erepo.settings import Settings
from erepo.texts import Text, day_words, language, moment_words, size_words

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    help="Documents of other providers: find a patient's in P1, fetch them here.",
)

_FORMATS: Final = ["%Y-%m-%d"]
_REASON: Final = Text("Reason of the emergency: ", "Powód dostępu ratunkowego: ")
_ASKING: Final = Text("Asking P1…", "Pytanie do P1…")
_FETCHING: Final = Text("Fetching", "Pobieranie")
_NONE: Final = Text("P1 has no such documents of this patient.", "P1 nie ma takich dokumentów tego pacjenta.")
_MORE: Final = Text(
    "P1 has more than are listed: narrow the dates or kinds.",
    "P1 ma więcej dokumentów, niż pokazano: zawęź daty lub rodzaje.",
)
_SEARCH: Final = Text(
    "Search {id}, kept until {until}. Fetch: erepo p1 fetch {id} NUMBER… --as {login}",
    "Wyszukiwanie {id}, przechowywane do {until}. Pobierz: erepo p1 fetch {id} NUMER… --as {login}",
)
_SIZE: Final = Text("Size", "Rozmiar")
_COLUMNS: Final = (
    Text("No.", "Nr"), Text("Kind", "Rodzaj"), Text("Created", "Utworzono"), _SIZE,
    Text("Provider", "Podmiot"), Text("State", "Stan"),
)  # fmt: skip
_STATES: Final = {
    "found": Text("not here", "brak tutaj"),
    "taken": Text("here: {id}", "jest: {id}"),
    "known": Text("here: {id}", "jest: {id}"),
    "refused": Text("not taken in ({code})", "nie przyjęto ({code})"),
}
_WORDS: Final = {
    Status.TAKEN: Text("taken in as {id}", "przyjęto jako {id}"),
    Status.KNOWN: Text("already here as {id}", "jest już tutaj jako {id}"),
}
_NOTHING: Final = Text("Nothing was left to fetch.", "Nie było czego pobierać.")

_As = Annotated[str, typer.Option("--as", help="Login of the person who asks; P1 hears their NPWZ or PESEL.")]
_Json = Annotated[bool, typer.Option("--json", help="Print one JSON object, without the patient.")]
_Id = Annotated[str, typer.Argument(metavar="SEARCH", help="Id that `erepo p1 find` printed.")]


@app.command("find")
def find_(
    login: _As,
    purpose: Annotated[
        str, typer.Option("--for", help="Why: treatment, continuation (of a treatment), emergency.")
    ] = Purpose.TREATMENT.value,
    kind: Annotated[
        list[str] | None, typer.Option(help="Only this kind (`erepo kinds list`); may be repeated.")
    ] = None,
    since: Annotated[
        datetime | None,
        typer.Option("--from", formats=_FORMATS, metavar="YYYY-MM-DD", help="Created then or later."),
    ] = None,
    until: Annotated[
        datetime | None,
        typer.Option("--until", formats=_FORMATS, metavar="YYYY-MM-DD", help="Created then or earlier."),
    ] = None,
    as_json: _Json = False,
) -> None:
    """Find a patient's documents in P1's index (ITI-18). Nothing is fetched yet.

    The patient's PESEL or HL7 CX is the first line of the input, or is asked for unseen; of an emergency the
    second line is its reason, in words. An emergency needs no consent; it is written down, and the
    administrator is told. The list stands for a day.
    """
    if since and until and until < since:
        raise typer.BadParameter("--until lies before the first day")
    with fail_politely():
        chosen = parse_purpose(purpose)
        kinds = [parse_kind(one) for one in kind or ()]
        patient = asked_patient()
        why = Why(login, patient, chosen, _asked_reason() if chosen is Purpose.EMERGENCY else "")
        with open_database() as database:
            settings = Settings()
            with closing(opening(database, settings, login)) as client, waiting(_ASKING.fill(language())):
                desk = Desk(client, database, settings)
                found = find(desk, why, kinds=kinds, since=_day(since), until=_day(until))
    if as_json:
        typer.echo(orjson.dumps(found.as_json()))
    else:
        _show(found, login)


@app.command("fetch")
def fetch_(
    search: _Id,
    login: _As,
    numbers: Annotated[
        list[int] | None,
        typer.Argument(metavar="NUMBER…", help="Numbers of its list; none: all that are not here."),
    ] = None,
    as_json: _Json = False,
) -> None:
    """Fetch documents of a search from the other providers (ITI-43), check each, and take it in.

    Each is committed before the next: what is interrupted goes on with the same command, and what is here is
    said to be. Hash and size are held against P1's index, the patient against the one who was asked for.
    Exits with 0 only if nothing was refused.
    """
    with fail_politely(), open_database() as database:
        settings = Settings()
        listed = look(database, search, login)
        with closing(opening(database, settings, login)) as client, bar(quiet=as_json) as shown:
            task = shown.add_task(_FETCHING.fill(language()), total=len(choose(listed, list(numbers or ()))))
            desk = Desk(client, database, settings)

            def tell(_: Fetched) -> None:
                shown.advance(task)

            done = fetch(desk, search, login, list(numbers or ()), tell)
    if as_json:
        typer.echo(orjson.dumps({"search": listed.id, "documents": [_as_json(one) for one in done]}))
    else:
        _tell(done)
    if any(one.reason for one in done):
        raise typer.Exit(1)


@app.command("show")
def show_(search: _Id, login: _As, as_json: _Json = False) -> None:
    """Show the list of a search again, with what became of each document. P1 is not asked."""
    with fail_politely(), open_database() as database:
        found = look(database, search, login)
    if as_json:
        typer.echo(orjson.dumps(found.as_json()))
    else:
        _show(found, login)


def _asked_reason() -> str:
    if sys.stdin.isatty():
        return input(_REASON.fill(language())).strip()
    return sys.stdin.readline().strip()


def _day(moment: datetime | None) -> date | None:
    return moment.date() if moment else None


def _show(found: Search, login: str) -> None:
    speak = language()
    if not found.documents:
        typer.echo(_NONE.fill(speak))
        return
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for column in _COLUMNS:
        table.add_column(column.fill(speak), justify="right" if column is _SIZE else "left")
    for one in found.documents:
        table.add_row(*_cells(one))
    wide_console().print(table, markup=False, highlight=False)
    if found.more:
        typer.echo(_MORE.fill(speak))
    typer.echo(_SEARCH.fill(speak, id=found.id, until=moment_words(found.expires_at), login=login))


def _cells(one: Listed) -> tuple[str, ...]:
    speak = language()
    return (
        str(one.number),
        _plain(KINDS[one.kind].label.fill(speak) if one.kind else one.class_code),
        day_words(one.created_at) if one.created_at else "",
        size_words(one.size, speak) if one.size is not None else "",
        _plain(one.institution),
        _STATES[one.state].fill(speak, id=one.public_id, code=one.code),
    )


def _plain(text: str) -> str:
    # Another provider's words: nothing that moves the cursor.
    return "".join(c if c.isprintable() else " " for c in text)


def _tell(done: list[Fetched]) -> None:
    speak = language()
    if not done:
        typer.echo(_NOTHING.fill(speak))
    for one in done:
        if one.reason:
            cause, cure = one.reason.explain(speak)
            tell_trouble(f"{one.number}: {cause}", cure)
        else:
            typer.echo(f"{one.number}: {_WORDS[one.status].fill(speak, id=one.public_id)}")


def _as_json(one: Fetched) -> dict[str, Any]:
    described: dict[str, Any] = {
        "number": one.number,
        "status": one.status.value,
        "id": one.public_id or None,
    }
    if one.reason:
        english, polish = one.reason.explain("en"), one.reason.explain("pl")
        described |= {
            "code": str(one.reason.data.get("code") or one.reason.code),
            "cause": {"en": english[0], "pl": polish[0]},
            "cure": {"en": english[1], "pl": polish[1]},
        }
    return described
