"""`erepo api`: REST for the clinic's other systems; its tokens."""

from typing import Annotated

import orjson
import typer
from rich.console import Console
from rich.table import Table

from erepo.api.tokens import USUAL, Scope, Token, add_token, list_tokens, revoke_token
from erepo.cli import api_webhooks
from erepo.cli.desk import open_database
from erepo.cli.words import fail_politely
from erepo.clinic.times import WARSAW
from erepo.settings import Settings
from erepo.texts import Text, language

app = typer.Typer(
    no_args_is_help=True, add_completion=False, help="REST for the clinic's other systems: documents in."
)
tokens = typer.Typer(no_args_is_help=True, add_completion=False, help="What lets another system in.")
app.add_typer(tokens, name="token")
app.add_typer(api_webhooks.app, name="webhooks")

_ONCE = Text(
    "The token of {name}; it is shown this once, hand it over safely:",
    "Token dla {name}; jest pokazywany tylko teraz, przekaż go bezpiecznie:",
)
_REVOKED = Text("{name} is not let in any more.", "Token {name} został unieważniony.")
_NONE = Text("There are no tokens.", "Nie ma żadnych tokenów.")
_HEADERS = (
    Text("name", "nazwa"),
    Text("scopes", "zakresy"),
    Text("made", "utworzono"),
    Text("last used", "ostatnio użyty"),
    Text("revoked", "unieważniono"),
)

_Name = Annotated[str, typer.Argument(metavar="NAME", help="Which system: small letters, digits, hyphens.")]


@app.command()
def serve() -> None:
    """Serve the interface until Ctrl-C or SIGTERM, and deliver webhooks.

    Address and TLS: EREPO_API__HOST, EREPO_API__PORT, EREPO_API__CERTIFICATE, EREPO_API__KEY. Without TLS it
    listens on this machine only. `erepo up` starts it by itself.
    """
    from erepo.api.server import serve as run  # noqa: PLC0415 - the other commands need no server

    with fail_politely():
        run(Settings())


@tokens.command("add")
def add(
    name: _Name,
    scope: Annotated[
        list[Scope] | None, typer.Option(help="What it permits; may be repeated. Usually: documents:*.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Make a token and show it this once; only its SHA-256 is kept."""
    with fail_politely(), open_database() as database:
        with database.begin() as connection:
            text = add_token(connection, name, scope or USUAL, actor="staff")
        if as_json:
            typer.echo(orjson.dumps({"name": name, "token": text}))
            return
        typer.echo(_ONCE.fill(language(), name=name), err=True)
        typer.echo(text)


@tokens.command("list")
def list_all(
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON array.")] = False,
) -> None:
    """List all tokens with what they permit and when they were used last; never the tokens themselves."""
    with fail_politely(), open_database() as database, database.read() as connection:
        found = list_tokens(connection)
    if as_json:
        typer.echo(orjson.dumps([one.as_json() for one in found]))
        return
    Console().print(_table(found) if found else _NONE.fill(language()))


@tokens.command("revoke")
def revoke(name: _Name) -> None:
    """Let a system in no more, from its next request on."""
    with fail_politely(), open_database() as database:
        with database.begin() as connection:
            revoke_token(connection, name, actor="staff")
        typer.echo(_REVOKED.fill(language(), name=name))


def _table(found: list[Token]) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for header in _HEADERS:
        table.add_column(header.fill(language()))
    for one in found:
        times = (one.created_at, one.last_used_at, one.revoked_at)
        shown = (f"{at.astimezone(WARSAW):%Y-%m-%d %H:%M}" if at else "-" for at in times)
        table.add_row(one.name, " ".join(one.scopes), *shown)
    return table
