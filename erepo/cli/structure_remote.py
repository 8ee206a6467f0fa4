"""`erepo structure send|remote`: what the service holds of the structure (manual 1.1.4)."""

from typing import Annotated

import orjson
import typer
from rich.console import Console
from rich.table import Table

from erepo.cli.desk import open_desk
from erepo.cli.words import fail_politely
from erepo.clinic.structure_sync import differences, remote_structure
from erepo.clinic.structure_sync import send_structure as send_it
from erepo.texts import Text, language, moment_words

_SENT = Text(
    "The structure was sent: units {units}, cells {cells}.",
    "Wysłano strukturę: jednostki {units}, komórki {cells}.",
)
_SAME = Text("Nothing has changed; nothing was sent.", "Nic się nie zmieniło; niczego nie wysłano.")
_NONE = Text(
    "The service holds no structure. Send it: erepo structure send",
    "Usługa nie ma struktury. Wyślij ją: erepo structure send",
)
_EQUAL = Text("The service holds the same structure, since {at}.", "Usługa ma taką samą strukturę, od {at}.")
_PLACE, _HERE, _THERE = Text("Place", "Miejsce"), Text("Here", "Tutaj"), Text("Service", "Usługa")

_Json = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]


def send(
    always: Annotated[
        bool, typer.Option("--always", help="Also if nothing has changed since last time.")
    ] = False,
    as_json: _Json = False,
) -> None:
    """Send the structure to the service, if it is complete and has changed since it was last sent."""
    with fail_politely(), open_desk() as desk:
        sent = send_it(desk.client, desk.database, desk.account, always=always, actor="staff")
    if as_json:
        typer.echo(orjson.dumps(sent.as_json()))
    else:
        words = (
            _SENT.fill(language(), units=sent.units, cells=sent.cells)
            if sent.sent
            else _SAME.fill(language())
        )
        typer.echo(words)


def remote(as_json: _Json = False) -> None:
    """Show where the service's structure differs from ours. Exit code 0 only if they are equal."""
    with fail_politely(), open_desk() as desk:
        found = remote_structure(desk.client)
        differing = differences(desk.database, found)
    if as_json:
        content = {
            "provider": found.provider if found else None,
            "sha256": found.sha256 if found else None,
            "updatedAt": found.updated_at.isoformat() if found else None,
            "differences": [{"place": one.place, "here": one.here, "there": one.there} for one in differing],
        }
        typer.echo(orjson.dumps(content))
    elif found is None:
        typer.echo(_NONE.fill(language()))
    elif not differing:
        at = moment_words(found.updated_at)
        typer.echo(_EQUAL.fill(language(), at=at))
    else:
        table = Table(*(one.fill(language()) for one in (_PLACE, _HERE, _THERE)), box=None, pad_edge=False)
        for column in table.columns:
            column.overflow = "fold"
        for one in differing:
            table.add_row(one.place, one.here or "-", one.there or "-")
        Console().print(table, markup=False, highlight=False)
    raise typer.Exit(0 if found is not None and not differing else 1)


def add_to(app: typer.Typer) -> None:
    """Put the commands into their group."""
    app.command()(send)
    app.command()(remote)
