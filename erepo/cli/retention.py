"""`erepo retention`: what falls due, what may not be destroyed, and destruction by two people."""

from typing import Annotated

import orjson
import typer
from rich.console import Console
from rich.table import Table

from erepo.cda.kinds import KINDS, Kind
from erepo.cli import retention_destroying, retention_keeping, retention_replaying
from erepo.cli.desk import open_database
from erepo.cli.words import fail_politely
from erepo.clinic.retention import RetentionReport, read_report, this_year
from erepo.clinic.tables import now
from erepo.texts import Text, language

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    help="How long documents are kept; destruction at the end, by two people.",
)
retention_keeping.add_to(app)
retention_destroying.add_to(app)
retention_replaying.add_to(app)

_HEADERS = (
    Text("kept until", "przechowywać do"),
    Text("kind", "rodzaj"),
    Text("may be destroyed", "do brakowania"),
    Text("held", "wstrzymane"),
)
_TITLE = Text("Documents that may be destroyed in {year}", "Dokumenty do brakowania w roku {year}")
_NONE = Text("No document falls due in {year}.", "W roku {year} żaden dokument nie podlega brakowaniu.")
_TOTAL = Text(
    "May be destroyed: {due}. Held: {held}. Without a known year: {without}.",
    "Do brakowania: {due}. Wstrzymane: {held}. Bez ustalonego roku: {without}.",
)
_HELD = Text("held", "wstrzymany")


@app.command("report")
def report(
    year: Annotated[
        int | None, typer.Option(min=1900, max=2200, help="Year of destruction; this year by default.")
    ] = None,
    listed: Annotated[bool, typer.Option("--list", help="Also list the documents by their ids.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON object, ids included.")] = False,
) -> None:
    """Show what had to be kept until the end of an earlier year; documents under a legal hold stand apart."""
    with fail_politely(), open_database() as database, database.read() as connection:
        found = read_report(connection, year or this_year(now()))
    if as_json:
        typer.echo(orjson.dumps(found.as_json()))
        return
    _show(found, listed=listed)


def _show(found: RetentionReport, *, listed: bool) -> None:
    spoken, console = language(), Console()
    if not found.documents:
        console.print(_NONE.fill(spoken, year=found.year))
        return
    table = Table(title=_TITLE.fill(spoken, year=found.year))
    for position, header in enumerate(_HEADERS):
        table.add_column(header.fill(spoken), justify="right" if position != 1 else "left")
    for one in found.counts:
        label = KINDS[Kind(one.kind)].label.fill(spoken)
        table.add_row(str(one.kept_until), label, str(one.due), str(one.held))
    console.print(table)
    console.print(_TOTAL.fill(spoken, due=found.due, held=found.held, without=found.without_year))
    for each in found.documents if listed else ():
        note = f"  ({_HELD.fill(spoken)})" if each.held else ""
        label = KINDS[Kind(each.kind)].label.fill(spoken)
        line = f"{each.document}  {each.kept_until}  {label}{note}"
        console.print(line, markup=False, highlight=False, soft_wrap=True)
