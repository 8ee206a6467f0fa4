"""`erepo rejected`: documents that were refused, and back into the queue."""

from typing import Annotated

import orjson
import typer
from rich.console import Console

from erepo.cda.kinds import KINDS, Kind
from erepo.cli.words import fail_politely
from erepo.clinic.database import open_clinic
from erepo.clinic.rejected import RejectedDocument, read_rejected, release
from erepo.settings import Settings
from erepo.texts import Text, language

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    help="Documents that were refused: why, and back into the queue.",
)

_NONE = Text("No document is refused.", "Żaden dokument nie jest odrzucony.")
_RELEASED = Text(
    "{count} back in the queue; the next run of archiving sends them.",
    "Przywrócono do kolejki: {count}; wyśle je następne uruchomienie archiwizacji.",
)


@app.command("list")
def list_rejected(
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON array.")] = False,
    limit: Annotated[int, typer.Option(min=1, max=100_000, help="Show at most so many, latest first.")] = 100,
) -> None:
    """Show each refused document with the reason and the next step."""
    with fail_politely():
        database = open_clinic(Settings())
        try:
            with database.read() as connection:
                found = read_rejected(connection, limit)
        finally:
            database.close()
    if as_json:
        typer.echo(orjson.dumps([one.as_json() for one in found]))
        return
    console = Console()
    if not found:
        console.print(_NONE.fill(language()))
    for one in found:
        _show(one, console)


def _show(one: RejectedDocument, console: Console) -> None:
    label = KINDS[Kind(one.kind)].label.fill(language())
    console.print(f"{one.public_id}  {label}  {one.source_name}", style="bold", markup=False, highlight=False)
    console.print(f"  {one.reason_text} ({one.reason_code})", markup=False, highlight=False)
    console.print(f"  → {one.next_step}", markup=False, highlight=False)


@app.command("again")
def again(
    ids: Annotated[
        list[str] | None, typer.Argument(metavar="[ID]…", help="Ids as `list` shows them.")
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="All refused documents.")] = False,
) -> None:
    """Put refused documents back into the queue once their cause is removed."""
    if bool(ids) == everything:
        raise typer.BadParameter("give ids, or --all")
    with fail_politely():
        database = open_clinic(Settings())
        try:
            with database.begin() as connection:
                count = release(connection, None if everything else ids, actor="staff")
        finally:
            database.close()
    Console().print(_RELEASED.fill(language(), count=count))
