"""`erepo repositories`: which external repository is in use."""

from typing import Annotated, Literal

import orjson
import typer
from rich.table import Table

from erepo.cli.desk import open_database
from erepo.cli.words import fail_politely, wide_console
from erepo.clinic.repositories import Repository, listing, use
from erepo.texts import Text, language

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    help="The external repositories: the cloud and the eArchiwum, exactly one in use (manual, introduction).",
)

WORDS = {
    "cloud": Text("cloud", "chmura"),
    "earchive": Text("eArchiwum", "eArchiwum"),
}
_KIND, _NAME, _PLACE = Text("repository", "repozytorium"), Text("name", "nazwa"), Text("place", "miejsce")
_DOCUMENTS, _ACTIVE = Text("documents", "dokumenty"), Text("in use", "w użyciu")
_YES, _NO = Text("yes", "tak"), Text("no", "nie")
_NONE = Text(
    "None has been set up. The cloud: onboard-clinic; the eArchiwum: erepo earchive init FOLDER.",
    "Żadnego nie skonfigurowano. Chmura: onboard-clinic; eArchiwum: erepo earchive init KATALOG.",
)
_SWITCHED = Text("The repository in use is now: {kind}.", "Używane repozytorium to teraz: {kind}.")
_SAME = Text("It is in use already: {kind}.", "To repozytorium jest już w użyciu: {kind}.")

_Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@app.command("list")
def list_(as_json: _Json = False) -> None:
    """List what has been set up, the one in use first."""
    with fail_politely(), open_database() as database, database.read() as connection:
        found = listing(connection)
    if as_json:
        typer.echo(orjson.dumps([one.as_json() for one in found]))
    elif found:
        wide_console().print(_table(found))
    else:
        typer.echo(_NONE.fill(language()))


@app.command("use")
def use_(kind: Annotated[Literal["cloud", "earchive"], typer.Argument(help="Which one.")]) -> None:
    """Put a repository to use. Refused while the one in use holds documents: migrate them first."""
    with fail_politely(), open_database() as database:
        changed = use(database, kind)
    words = _SWITCHED if changed else _SAME
    typer.echo(words.fill(language(), kind=WORDS[kind].fill(language())))


def _table(found: list[Repository]) -> Table:
    speak = language()
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for header in (_KIND, _NAME, _ACTIVE):
        table.add_column(header.fill(speak))
    table.add_column(_DOCUMENTS.fill(speak), justify="right")
    table.add_column(_PLACE.fill(speak))
    for one in found:
        used = (_YES if one.active else _NO).fill(speak)
        table.add_row(WORDS[one.kind].fill(speak), one.name, used, str(one.documents), one.place)
    return table
