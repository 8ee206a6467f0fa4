"""`erepo documents chain`: which document replaces or cancels which."""

from collections.abc import Iterator
from typing import Annotated

import orjson
import typer
from rich.console import Console

from erepo.cda.kinds import KINDS, Kind
from erepo.cli.desk import open_database
from erepo.cli.document_words import STATES
from erepo.cli.words import fail_politely
from erepo.clinic.chain import Version, read_chain
from erepo.clinic.chain.words import WORDS
from erepo.clinic.states import State
from erepo.texts import Text, language

_STATE = Text("  state: {state}", "  stan: {state}")
_REPLACED = Text("  replaced by {documents}", "  zastąpiony przez {documents}")
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
    for one in found.versions:
        for line in _lines(one):
            console.print(line, markup=False, highlight=False, soft_wrap=True)
    if len(found.versions) == 1 and not found.versions[0].link:
        console.print(_ALONE.fill(spoken))


def _lines(one: Version) -> Iterator[str]:
    spoken = language()
    label = KINDS[Kind(one.kind)].label.fill(spoken)
    yield f"{one.version or '-'}  {one.document}  {label}"
    standing = STATES[State(one.state)].fill(spoken)
    state = f"{standing}, {_CANCELLED.fill(spoken)}" if one.cancelled else standing
    yield _STATE.fill(spoken, state=state)
    if one.replaced_by:
        yield _REPLACED.fill(spoken, documents=", ".join(one.replaced_by))
    if one.code in WORDS:
        yield f"  {WORDS[one.code].fill(spoken)}"


def add_to(app: typer.Typer) -> None:
    """Put the command into its group."""
    app.command("chain")(chain)
