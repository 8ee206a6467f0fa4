"""`erepo index`: the index of documents in P1: have it made, look, withdraw it (manual 1.3)."""

import contextlib
from collections.abc import Iterator
from datetime import timedelta
from typing import Annotated

import orjson
import typer

from erepo.cda.kinds import KINDS, Kind
from erepo.cli.bars import bar, waiting
from erepo.cli.complaints import complain, complaining
from erepo.cli.confirming import confirmed
from erepo.cli.desk import AccountDesk, open_database
from erepo.cli.words import fail_politely
from erepo.clinic.account import load_connection
from erepo.clinic.content import ContentStore
from erepo.clinic.database import Database, open_clinic
from erepo.clinic.indexing import (
    Choice,
    Report,
    RunResult,
    Shown,
    account_in_use,
    acting_as,
    ask,
    ask_refused,
    default_login,
    enrol,
    look,
    order_withdrawal,
    run,
    set_event,
)
from erepo.clinic.indexing import report as read_report
from erepo.clinic.indexing import show as read_one
from erepo.clinic.indexing.medical import FROM_DOCUMENT
from erepo.clinic.indexing.states import Index
from erepo.clinic.indexing.words import STATES, reasons, until, why
from erepo.clinic.kinds import parse_kind
from erepo.clinic.rest.speaking import account_client
from erepo.clinic.tables import now
from erepo.settings import Settings
from erepo.texts import Text, language, moment_words

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    help="The index of documents in P1: have them indexed, see what is late and why, withdraw an index.",
)

_BAR = Text("Indexing", "Indeksowanie")
_DONE = Text(
    "indexed {indexed} (of these in P1 already: {recovered}), withdrawn {withdrawn}, refused {refused},"
    " later {later}, due {due}",
    "zaindeksowano {indexed} (w tym obecne już w P1: {recovered}), wycofano {withdrawn}, odrzucono {refused},"
    " odłożono {later}, do zrobienia było {due}",
)
_AHEAD = Text("A run would take {due} documents now.", "Uruchomienie objęłoby teraz dokumenty: {due}.")
_COUNTS = Text(
    "Late: {late}. Nearly late: {near}. Indexes to be withdrawn: {owed}.",
    "Po terminie: {late}. Bliskie terminu: {near}. Indeksy do wycofania: {owed}.",
)
_STATES = Text("By state: {states}", "Według stanu: {states}")
_REASONS = Text("Late because: {reasons}", "Przyczyny opóźnień: {reasons}")
_LATE = Text("Documents after their deadline:", "Dokumenty po terminie:")
_LINE = Text("{document}  {kind}, deadline {deadline}", "{document}  {kind}, termin {deadline}")
_ONE = Text(
    "{document}: {state}, deadline {deadline}, attempts {attempts}",
    "{document}: {state}, termin {deadline}, liczba prób: {attempts}",
)
_AT = Text("in the index since {at}", "w indeksie od {at}")
_OVER = Text("in the index from {at} to {end}", "w indeksie od {at} do {end}")
_EVENT = Text("medical event: given by {by}", "zdarzenie medyczne: podał(a) {by}")
_ITS_EVENT = Text("medical event: from the document", "zdarzenie medyczne: z dokumentu")
_NO_EVENT = Text("medical event not known", "zdarzenie medyczne nieznane")
_NEXT = Text("tried again after {at}", "następna próba po {at}")
_SURE = Text(
    "Withdraw the index of {count} documents from P1? Other providers will not find them any more.",
    "Wycofać z P1 indeks dokumentów ({count})? Inne podmioty już ich nie znajdą.",
)
_ORDERED = Text("Withdrawal ordered: {count}.", "Zlecono wycofanie: {count}.")
_LATER = Text(
    "Why some were put off: `erepo index report --list`, `erepo index show ID`. They are tried again by"
    " themselves.",
    "Dlaczego część odłożono: `erepo index report --list`, `erepo index show ID`. Próba zostanie ponowiona"
    " sama.",
)
_WITHDRAWING = Text("Withdrawing from P1…", "Wycofywanie z P1…")
_LOOKING = Text("Looking through the documents…", "Przeglądanie dokumentów…")
_GIVEN = Text("The medical event is noted.", "Zapisano zdarzenie medyczne.")

_Json = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
_As = Annotated[
    str,
    typer.Option("--as", metavar="LOGIN", help="Who acts; without it the archiving task's default user."),
]


@app.command("run")
def run_(
    kinds: Annotated[
        list[str] | None, typer.Option("--kind", help="Only this kind; may be repeated.")
    ] = None,
    ids: Annotated[
        list[str] | None,
        typer.Option(
            "--id", help="Only this document, at once; may be repeated, also for kinds not required."
        ),
    ] = None,
    refused: Annotated[
        bool, typer.Option("--refused", help="Also what was refused before, after you have put it right.")
    ] = False,
    limit: Annotated[int | None, typer.Option(min=1, help="At most so many documents.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say how many would be taken.")] = False,
    login: _As = "",
    as_json: _Json = False,
) -> None:
    """Have documents indexed in P1: what the law wants of those in the repository, the oldest deadline first.

    The same as the deployment index-documents/scheduled does. May be repeated at any moment: the service asks
    P1 what it has before anything is sent. Indexes of documents that left the repository are withdrawn. Exit
    code 0 only if everything that was due is done; 1 if something was refused or put off; 2 if nothing could
    be asked.
    """
    with complaining(as_json=as_json), _desk(login) as (desk, actor):
        choice = Choice(tuple(map(parse_kind, kinds or ())), tuple(dict.fromkeys(ids or ())), limit)
        if dry_run:
            due = len(look(desk.database, desk.settings, desk.account, choice, now()))
            typer.echo(orjson.dumps({"due": due}) if as_json else _AHEAD.fill(language(), due=due))
            return
        _order(desk, choice, actor, refused=refused)
        with bar(quiet=as_json) as shown:
            line = shown.add_task(_BAR.fill(language()), total=None)
            result = run(
                desk.client,
                desk.database,
                desk.settings,
                desk.account,
                choice,
                actor=actor,
                progress=lambda count: shown.advance(line, count),
            )
    _tell(result, as_json=as_json)
    nothing = result.problem is not None and not (result.indexed or result.withdrawn)
    raise typer.Exit(2 if nothing else 0 if result.complete else 1)


@app.command("show")
def show(
    document: Annotated[str, typer.Argument(help="Id of a document.", metavar="ID")], as_json: _Json = False
) -> None:
    """Show how far the index of one document is, until when it has to be there, and why it is not."""
    with fail_politely(), open_database() as database, database.read() as connection:
        found = read_one(connection, document, now())
    if as_json:
        typer.echo(orjson.dumps(found.as_json()))
    else:
        _show(found)


@app.command("report")
def report(
    listed: Annotated[
        bool, typer.Option("--list", help="Also list the late documents by their ids.")
    ] = False,
    as_json: _Json = False,
) -> None:
    """Show what is in the index, what is late, and why. Exit code 0 only if nothing is late.

    P1 is not asked: the clinic's own documents are looked through, those taken in a moment ago as well.
    """
    settings = Settings()
    with (
        fail_politely(),
        contextlib.closing(open_clinic(settings)) as database,
        waiting(_LOOKING.fill(language())),
    ):
        found = _report(database, settings)
    if as_json:
        typer.echo(orjson.dumps(found.as_json()))
    else:
        _show_report(found, listed=listed)
    raise typer.Exit(1 if found.late or found.problem else 0)


@app.command("withdraw")
def withdraw(
    ids: Annotated[list[str], typer.Argument(metavar="ID…", help="Ids of documents.")],
    login: Annotated[str, typer.Option("--as", metavar="LOGIN", help="Who acts; needs withdraw-index.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask for a confirmation.")] = False,
    as_json: _Json = False,
) -> None:
    """Withdraw the index of documents from P1; the documents stay in the repository.

    All of the ids are in the index, or nothing is done. They are not indexed again by themselves:
    `erepo index run --id ID` does that. What cannot be withdrawn now, the next run withdraws.
    """
    if as_json and not yes:
        raise typer.BadParameter("--json needs --yes")
    with complaining(as_json=as_json), _desk(login) as (desk, actor):
        if not yes and not confirmed(_SURE.fill(language(), count=len(set(ids)))):
            raise typer.Abort
        with desk.database.begin() as connection:
            count = order_withdrawal(connection, ids, actor)
        if not as_json:
            typer.echo(_ORDERED.fill(language(), count=count))
        choice = Choice(ids=tuple(dict.fromkeys(ids)))
        with waiting(_WITHDRAWING.fill(language())):
            result = run(desk.client, desk.database, desk.settings, desk.account, choice, actor=actor)
    _tell(result, as_json=as_json)
    raise typer.Exit(0 if result.complete else 1)


@app.command("event")
def event(
    document: Annotated[str, typer.Argument(help="Id of a document.", metavar="ID")],
    root: Annotated[str, typer.Option("--root", help="OID of the medical event's register.")],
    number: Annotated[str, typer.Option("--number", help="The medical event's number in it.")],
    login: _As = "",
) -> None:
    """Say which medical event (ZM) a document belongs to, where the document itself does not.

    What was refused for the want of it waits for the next run again.
    """
    settings = Settings()
    with fail_politely(), contextlib.closing(open_clinic(settings)) as database:
        enrol(database, ContentStore.at(settings), now())
        with database.begin() as connection:
            set_event(connection, document, root, number, login or default_login(connection))
    typer.echo(_GIVEN.fill(language()))


@contextlib.contextmanager
def _desk(login: str) -> Iterator[tuple[AccountDesk, str]]:
    """Open the clinic and its account in the name of a person."""
    settings = Settings()
    with contextlib.closing(open_clinic(settings)) as database:
        account = load_connection(database, settings)
        with database.read() as connection:
            account = acting_as(connection, account, login)
            actor = login or default_login(connection)
        with account_client(account) as client:
            yield AccountDesk(settings, database, account.account, client), actor


def _order(desk: AccountDesk, choice: Choice, actor: str, *, refused: bool) -> None:
    with desk.database.begin() as connection:
        if choice.ids:
            ask(connection, ContentStore.at(desk.settings), choice.ids, actor)
        elif refused:
            ask_refused(connection, actor)


def _report(database: Database, settings: Settings) -> Report:
    with database.read() as connection:
        account = account_in_use(connection)
    # What no run has seen yet may be late all the same.
    enrol(database, ContentStore.at(settings), now())
    with database.read() as connection:
        warn = timedelta(hours=settings.indexing.warn_hours)
        return read_report(connection, account, now(), warn, whole=True)


def _tell(result: RunResult, *, as_json: bool) -> None:
    if as_json:
        typer.echo(orjson.dumps(result.as_json()))
        return
    speak = language()
    for one in (*result.refused, *result.put_off):
        cause, cure = one.reason.words(speak)
        typer.echo(f"{one.document}: {cause} {cure}")
    counts = {name: getattr(result, name) for name in ("indexed", "recovered", "withdrawn", "later", "due")}
    typer.echo(_DONE.fill(speak, refused=len(result.refused), **counts))
    if result.later:
        typer.echo(_LATER.fill(speak))
    if result.problem is not None:
        complain(result.problem, as_json=False)


def _show(found: Shown) -> None:
    speak = language()
    words = {"document": found.document, "deadline": until(found), "attempts": found.attempts}
    typer.echo(_ONE.fill(speak, state=STATES[found.state].fill(speak), **words))
    typer.echo(_event(found.event))
    if found.indexed_at:
        at = moment_words(found.indexed_at)
        if found.state in {Index.INDEXED, Index.WITHDRAWING}:
            typer.echo(_AT.fill(speak, at=at))
        elif found.withdrawn_at:
            typer.echo(_OVER.fill(speak, at=at, end=moment_words(found.withdrawn_at)))
    if reason := why(found, speak):
        typer.echo(reason)
    if found.reason is not None:
        typer.echo(found.reason.words(speak)[1])
    if found.next_at:
        typer.echo(_NEXT.fill(speak, at=moment_words(found.next_at)))


def _event(by: str) -> str:
    if by == FROM_DOCUMENT:
        return _ITS_EVENT.fill(language())
    return _EVENT.fill(language(), by=by) if by else _NO_EVENT.fill(language())


def _show_report(found: Report, *, listed: bool) -> None:
    speak = language()
    states = ", ".join(f"{STATES[name].fill(speak)}: {count}" for name, count in sorted(found.states.items()))
    if states:
        typer.echo(_STATES.fill(speak, states=states))
    typer.echo(_COUNTS.fill(speak, late=found.late, near=found.near, owed=found.owed))
    if found.reasons:
        told = "; ".join(f"{words}: {count}" for words, count in reasons(found, speak))
        typer.echo(_REASONS.fill(speak, reasons=told))
    if listed and found.listed:
        typer.echo(_LATE.fill(speak))
        for one in found.listed:
            kind = KINDS[Kind(one.kind)].label.fill(speak)
            typer.echo(_LINE.fill(speak, document=one.document, kind=kind, deadline=until(one)))
            typer.echo(f"  {why(one, speak)}")
            if one.reason is not None:
                typer.echo(f"  {one.reason.words(speak)[1]}")
    if found.pause is not None:
        typer.echo(found.pause.error().explain(speak)[0])
    if found.problem is not None:
        complain(found.problem, as_json=False)
