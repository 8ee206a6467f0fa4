"""`erepo retention classes|class|hold|release`: how long documents are kept, and what stops that."""

from typing import Annotated

import orjson
import typer
from rich.console import Console
from rich.table import Table

from erepo.cli.desk import open_database
from erepo.cli.words import fail_politely
from erepo.clinic.retention import (
    CLASSES,
    HoldReason,
    give_class,
    hold,
    parse_class,
    parse_reason,
    release_hold,
)
from erepo.texts import Text, language

Ids = Annotated[list[str], typer.Argument(metavar="ID…", help="Opaque ids of documents.")]
Acting = Annotated[str, typer.Option("--as", metavar="LOGIN", help="Who does this: a login of the staff.")]
Reason = Annotated[
    str, typer.Option("--reason", metavar="CODE", help=f"Why: one of {', '.join(HoldReason)}.")
]

_HEADERS = (
    Text("class", "kategoria"),
    Text("years", "lata"),
    Text("about", "dotyczy"),
    Text("source", "źródło"),
)
_GIVEN = Text(
    "Documents concerned, versions included: {count}.", "Dokumenty, których to dotyczy (z wersjami): {count}."
)
_HELD = Text(
    "Newly held: {count}. Every version of these documents is kept until the hold is released.",
    "Wstrzymano brakowanie dokumentów: {count}. Wszystkie ich wersje pozostaną do zwolnienia.",
)
_RELEASED = Text("Released from this reason: {count}.", "Zwolniono wstrzymanie z tego powodu: {count}.")


def classes(
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON list.")] = False,
) -> None:
    """List the classes of the act on patients' rights, with their years and sources."""
    spoken = language()
    if as_json:
        rows = [
            {"class": name, "years": one.years, "label": one.label, "source": one.source}
            for name, one in CLASSES.items()
        ]
        typer.echo(orjson.dumps(rows, default=lambda text: text._asdict()))
        return
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for header in _HEADERS:
        table.add_column(header.fill(spoken))
    for name, one in CLASSES.items():
        table.add_row(name.value, str(one.years), one.label.fill(spoken), one.source)
    Console().print(table)


def class_(
    ids: Ids,
    acting: Acting,
    wanted: Annotated[
        str | None, typer.Option("--class", metavar="NAME", help="As `erepo retention classes` shows it.")
    ] = None,
    default: Annotated[bool, typer.Option("--default", help="Back to the class of the kind.")] = False,
    base_year: Annotated[
        int | None,
        typer.Option(min=1900, max=2200, help="From whose end the years count: of the death, the service."),
    ] = None,
) -> None:
    """Give documents, with all their versions, another class than that of their kind."""
    if bool(wanted) == default:
        raise typer.BadParameter("give --class or --default")
    with fail_politely(), open_database() as database, database.begin() as connection:
        name = parse_class(wanted) if wanted else None
        count = give_class(connection, ids, name, acting, base_year=base_year)
    typer.echo(_GIVEN.fill(language(), count=count))


def hold_(ids: Ids, reason: Reason, acting: Acting) -> None:
    """Put documents under a legal hold: they can be neither destroyed nor deleted."""
    with fail_politely(), open_database() as database, database.begin() as connection:
        count = hold(connection, ids, parse_reason(reason), acting)
    typer.echo(_HELD.fill(language(), count=count))


def release(ids: Ids, reason: Reason, acting: Acting) -> None:
    """Release documents from the legal hold of one reason; holds of other reasons stay in force."""
    with fail_politely(), open_database() as database, database.begin() as connection:
        count = release_hold(connection, ids, parse_reason(reason), acting)
    typer.echo(_RELEASED.fill(language(), count=count))


def add_to(app: typer.Typer) -> None:
    """Put the commands into their group."""
    app.command("classes")(classes)
    app.command("class")(class_)
    app.command("hold")(hold_)
    app.command("release")(release)
