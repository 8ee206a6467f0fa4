"""`erepo structure set|add-unit|add-cell|remove-unit|remove-cell`: one record at a time."""

from typing import Annotated

import typer

from erepo.cli.desk import open_database
from erepo.cli.words import fail_politely
from erepo.clinic.structure_editing import add, change, remove
from erepo.texts import Text, language

_DONE = Text("Done.", "Wykonano.")
_Unit = Annotated[str, typer.Option("--unit", help="Unit, by its code V or its name.")]
_Name = Annotated[str, typer.Argument(metavar="NAME", help="Name of the new record.")]


def set_(
    values: Annotated[
        list[str], typer.Argument(metavar="FIELD=VALUE…", help="Fields and their new values; empty removes.")
    ],
    unit: _Unit = "",
    cell: Annotated[str, typer.Option("--cell", help="Cell of that unit, by its code VII or its name.")] = "",
) -> None:
    """Change fields of the provider, of a unit (--unit), or of a cell (--unit and --cell).

    Fields: of the provider name, regon, resort_i; of a unit name, regon, resort_v; of a cell name,
    resort_vii, resort_viii, resort_x. For instance: erepo structure set --unit 01 --cell 001 resort_x=05
    """
    if cell and not unit:
        raise typer.BadParameter("--cell needs --unit")
    pairs = [one.partition("=") for one in values]
    if not all(sign for _, sign, _ in pairs):
        raise typer.BadParameter("write each change as FIELD=VALUE")
    with fail_politely(), open_database() as database, database.begin() as connection:
        change(connection, {name.strip(): value.strip() for name, _, value in pairs}, unit, cell)
    typer.echo(_DONE.fill(language()))


def add_unit(
    name: _Name,
    resort_v: Annotated[str, typer.Option("--resort-v", help="Code V, 2 digits.")] = "",
    regon: Annotated[str, typer.Option("--regon", help="REGON of the unit, 9 or 14 digits.")] = "",
) -> None:
    """Add a unit to the provider."""
    with fail_politely(), open_database() as database, database.begin() as connection:
        add(connection, {"name": name, "regon": regon, "resort_v": resort_v})
    typer.echo(_DONE.fill(language()))


def add_cell(
    name: _Name,
    unit: Annotated[str, typer.Option("--unit", help="Its unit, by code V or name.")],
    resort_vii: Annotated[str, typer.Option("--resort-vii", help="Code VII, 3 digits.")] = "",
    resort_viii: Annotated[str, typer.Option("--resort-viii", help="Code VIII, 4 digits: speciality.")] = "",
    resort_x: Annotated[str, typer.Option("--resort-x", help="Code X, 2 digits: field of medicine.")] = "",
) -> None:
    """Add a cell to a unit."""
    values = {"name": name, "resort_vii": resort_vii, "resort_viii": resort_viii, "resort_x": resort_x}
    with fail_politely(), open_database() as database, database.begin() as connection:
        add(connection, values, unit)
    typer.echo(_DONE.fill(language()))


def remove_unit(
    unit: Annotated[str, typer.Argument(metavar="UNIT", help="Code V or name.")],
) -> None:
    """Remove a unit with all its cells."""
    with fail_politely(), open_database() as database, database.begin() as connection:
        remove(connection, unit)
    typer.echo(_DONE.fill(language()))


def remove_cell(
    cell: Annotated[str, typer.Argument(metavar="CELL", help="Code VII or name.")],
    unit: Annotated[str, typer.Option("--unit", help="Its unit, by code V or name.")],
) -> None:
    """Remove a cell from a unit."""
    with fail_politely(), open_database() as database, database.begin() as connection:
        remove(connection, unit, cell)
    typer.echo(_DONE.fill(language()))


def add_to(app: typer.Typer) -> None:
    """Put the commands into their group."""
    app.command("set")(set_)
    for command in (add_unit, add_cell, remove_unit, remove_cell):
        app.command(command.__name__.replace("_", "-"))(command)
