"""`erepo kinds`: which document kinds go to the repository, and how long they stay here."""

from enum import StrEnum
from typing import Annotated

import orjson
import typer
from rich.console import Console
from rich.table import Table

from erepo.cda.kinds import KINDS
from erepo.cli.desk import open_database
from erepo.cli.words import fail_politely
from erepo.clinic.kinds import KindRule, RuleChange, change_rule, list_rules, parse_kind
from erepo.clinic.retention import set_years
from erepo.texts import Text, language

app = typer.Typer(
    no_args_is_help=True, add_completion=False, help="Which document kinds are archived by themselves."
)

_KIND = Text("Kind", "Rodzaj")
_HEADERS = (
    Text("archived\nby itself", "archiwum\nautomat."),
    Text("days\nlocal", "dni\nlokalnie"),
    Text("years\nkept", "lata\nprzech."),
)
_YES, _NO = Text("yes", "tak"), Text("no", "nie")


class Switch(StrEnum):
    """On or off."""

    ON = "on"
    OFF = "off"


@app.command("list")
def list_kinds(
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON list.")] = False,
) -> None:
    """List all kinds with their settings."""
    with fail_politely(), open_database() as database, database.read() as connection:
        rules = list_rules(connection)
    _print(rules, as_json=as_json)


@app.command("set")
def set_kind(
    kind: Annotated[str, typer.Argument(help="As `erepo kinds list` shows it.")],
    archive: Annotated[
        Switch | None, typer.Option(help="Archive documents of this kind automatically.")
    ] = None,
    local_days: Annotated[
        int | None, typer.Option(min=0, max=36500, help="Days a document of this kind is available locally.")
    ] = None,
    years: Annotated[
        int | None,
        typer.Option(min=1, max=200, help="Years a document of this kind is kept; never below the act."),
    ] = None,
    acting: Annotated[
        str | None,
        typer.Option("--as", metavar="LOGIN", help="Who acts; needs the permission set-kinds."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON list.")] = False,
) -> None:
    """Change the settings of one kind; documents not yet archived follow them from the next run on.

    Without --as the change is written down as the administrator's: who may use this command on the clinic's
    own machine may do everything there.
    """
    on = None if archive is None else archive is Switch.ON
    with fail_politely(), open_database() as database, database.begin() as connection:
        if years is None or on is not None or local_days is not None:
            rule = change_rule(connection, RuleChange(kind, on, local_days), login=acting)
        if years is not None:
            rule = set_years(connection, parse_kind(kind), years, login=acting)
    _print([rule], as_json=as_json)


def _print(rules: list[KindRule], *, as_json: bool) -> None:
    if as_json:
        typer.echo(orjson.dumps(rules))
        return
    spoken = language()
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column(_KIND.fill(spoken))
    for header in _HEADERS:
        table.add_column(header.fill(spoken), justify="right", no_wrap=True)
    for rule in rules:
        table.add_row(
            f"{KINDS[rule.kind].label.fill(spoken)}\n[dim]{rule.kind.value}[/dim]",
            (_YES if rule.auto_archive else _NO).fill(spoken),
            str(rule.local_days),
            str(rule.retention_years),
        )
    Console().print(table)
