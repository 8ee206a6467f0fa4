"""`erepo account`: the account in the repository service, its history, P1 and the licence."""

from datetime import timedelta
from typing import Annotated

import orjson
import typer
from rich.console import Console
from rich.table import Table

from erepo.cli import account_licence, account_p1
from erepo.cli.desk import open_database, open_desk
from erepo.cli.words import fail_politely
from erepo.clinic.database import Database
from erepo.clinic.earchive import EArchive
from erepo.clinic.occupancy import EARCHIVE, active_kind
from erepo.clinic.repositories import load_earchive
from erepo.clinic.usage import Check, Report, ask, measure, report
from erepo.clinic.usage.history import daily
from erepo.clinic.usage.words import RESOURCE_WORDS, outlook, until, use, warnings
from erepo.settings import Settings
from erepo.texts import Language, Text, language, moment_words

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    help="The account in the repository service: validity, use, history, P1, licence.",
)
app.add_typer(account_p1.app, name="p1")
app.add_typer(account_licence.app, name="licence")

_ACCOUNT, _UNTIL = Text("account", "konto"), Text("valid until", "ważne do")
_FORECAST, _CHECKED = Text("forecast", "prognoza"), Text("checked", "sprawdzono")
_WHEN = Text("When", "Kiedy")
_REPOSITORY, _LIMIT = Text("repository in use", "używane repozytorium"), Text("limit", "limit")
_NO_LIMIT = Text(
    "none: the room on its disk (`erepo earchive status`)",
    "brak: miejsce na dysku (`erepo earchive status`)",
)


@app.command()
def show(
    kept: Annotated[
        bool, typer.Option("--kept", help="Show what the last check found, without asking the service.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Ask the service for validity and use of the account, keep the answer, and tell when it will be full.

    The same as the deployment check-account/hourly does. From 90 % of a limit on a warning is shown.
    """
    with fail_politely(), open_database() as database:
        archive = _ask(database, kept=kept)
        found = report(database)
    if as_json:
        typer.echo(orjson.dumps(found.as_json()))
    elif archive is not None:
        _show_archive(found.check, archive, Console(), language())
    else:
        _show(found, Console(), language())


def _ask(database: Database, *, kept: bool) -> EArchive | None:
    """Ask whatever is in use and keep the answer; return the eArchiwum where that is it."""
    with database.read() as connection:
        in_use = active_kind(connection)
    if in_use == EARCHIVE:
        archive = load_earchive(database, Settings())
        if not kept:
            measure(archive, database)
        return archive
    if not kept:
        with open_desk() as desk:
            ask(desk.client, desk.database)
    return None


def _show_archive(check: Check, archive: EArchive, console: Console, speak: Language) -> None:
    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_row(_REPOSITORY.fill(speak), f"eArchiwum, {archive.place.folder}")
    for resource, words in RESOURCE_WORDS.items():
        table.add_row(words.fill(speak), use(check, resource, speak))
    table.add_row(_LIMIT.fill(speak), _NO_LIMIT.fill(speak))
    table.add_row(_CHECKED.fill(speak), moment_words(check.at))
    console.print(table, highlight=False)


def _show(found: Report, console: Console, speak: Language) -> None:
    check = found.check
    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_row(_ACCOUNT.fill(speak), check.account)
    table.add_row(_UNTIL.fill(speak), until(check.valid_until, speak))
    for resource, words in RESOURCE_WORDS.items():
        table.add_row(words.fill(speak), use(check, resource, speak))
    for one in found.forecasts:
        table.add_row(_FORECAST.fill(speak), outlook(one, speak))
    table.add_row(_CHECKED.fill(speak), moment_words(check.at))
    console.print(table, highlight=False)
    for told in warnings(found, speak):
        console.print(told, style="bold yellow", markup=False, highlight=False, soft_wrap=True)


@app.command()
def history(
    days: Annotated[int, typer.Option(min=1, max=3653, help="How far back.")] = 30,
    hourly: Annotated[
        bool, typer.Option("--hourly", help="Every check (kept for 90 days) instead of one a day.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON array.")] = False,
) -> None:
    """Show how the use of the account has grown: the last check of each day."""
    with fail_politely(), open_database() as database:
        with database.read() as connection:
            in_use = active_kind(connection)
        if in_use == EARCHIVE:  # nobody measures it by the hour
            measure(load_earchive(database, Settings()), database)
        found = report(database, since=timedelta(days=days))
    checks = list(found.history) if hourly else daily(found.history)
    if as_json:
        typer.echo(orjson.dumps([one.as_json() for one in checks]))
        return
    speak = language()
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column(_WHEN.fill(speak))
    for words in RESOURCE_WORDS.values():
        table.add_column(words.fill(speak).capitalize(), justify="right")
    for one in checks:
        when = moment_words(one.at)
        table.add_row(when, *(use(one, resource, speak) for resource in RESOURCE_WORDS))
    Console().print(table, highlight=False)
