"""`erepo documents chain`: which document replaces or cancels which."""

from typing import Annotated

import orjson
import typer
from rich.console import Console
from rich.table import Table

from erepo.cda.kinds import KINDS, Kind
from erepo.cli.desk import open_database
from erepo.cli.words import fail_politely
from erepo.clinic.chain import Version, read_chain
from erepo.clinic.chain.words import WORDS
from erepo.texts import Text, language

_HEADERS = (
    Text("version", "wersja"),
    Text("document", "dokument"),
    Text("kind", "rodzaj"),
    Text("state", "stan"),
    Text("replaced by", "zastąpiony przez"),
)
_CANCELLED = Text("cancelled", "anulowany")
_ALONE = Text(
    "It replaces nothing, and nothing replaces it.", "Niczego nie zastępuje i nic go nie zastępuje."
)


def chain(
    document: Annotated[str, typer.Argument(metavar="ID", help="Opaque id of any document of the chain.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON object.")] = False,
) -> None:
    """Show all versions of a document, oldest first: what replaces it, what cancels it, what is odd."""
    with fail_politely(), open_database() as database, database.read() as connection:
        found = read_chain(connection, document)
    if as_json:
        typer.echo(orjson.dumps(found.as_json()))
        return
    spoken, console = language(), Console()
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for header in _HEADERS:
        table.add_column(header.fill(spoken))
    for one in found.versions:
        table.add_row(*_row(one))
    console.print(table)
    for one in found.versions:
        if one.code in WORDS:
            console.print(f"{one.document}: {WORDS[one.code].fill(spoken)}", markup=False, highlight=False)
    if len(found.versions) == 1 and not found.versions[0].link:
        console.print(_ALONE.fill(spoken))


def _row(one: Version) -> tuple[str, ...]:
    spoken = language()
    state = f"{one.state}, {_CANCELLED.fill(spoken)}" if one.cancelled else one.state
    label = KINDS[Kind(one.kind)].label.fill(spoken)
    return str(one.version or "-"), one.document, label, state, ", ".join(one.replaced_by) or "-"


def add_to(app: typer.Typer) -> None:
    """Put the command into its group."""

    @app.callback()
    def _group() -> None:
        """Keep `chain` a command of its own while it is the only one."""

    app.command("chain")(chain)
