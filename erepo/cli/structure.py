"""`erepo structure`: the provider's structure; loaded, shown, checked, exported, edited, sent."""

from pathlib import Path
from typing import Annotated

import orjson
import typer
from rich.console import Console
from rich.tree import Tree

from erepo.cli import structure_editing, structure_remote, structure_users
from erepo.cli.desk import open_database
from erepo.cli.words import fail_politely
from erepo.clinic.audit import note
from erepo.clinic.database import Database
from erepo.clinic.errors import StructureIncomplete
from erepo.clinic.structure import (
    Provider,
    check_ready,
    read_provider,
    read_structure,
    store_provider,
    store_structure,
)
from erepo.clinic.structure_csv import parse_table, write_table
from erepo.clinic.structure_editing import as_record
from erepo.clinic.structure_file import parse_structure, read_octets
from erepo.durable import write_durably
from erepo.texts import Text, language

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    help="The provider's structure: units and cells with their resort codes, and who archives.",
)
structure_editing.add_to(app)
structure_remote.add_to(app)
app.add_typer(structure_users.app, name="user")

_LOADED = Text("The structure is loaded and complete.", "Struktura została wczytana i jest kompletna.")
_INCOMPLETE = Text(
    "The structure is loaded, but not complete yet.",
    "Struktura została wczytana, ale nie jest jeszcze kompletna.",
)
_COMPLETE = Text("The structure is complete.", "Struktura jest kompletna.")
_NONE = Text("No structure has been loaded.", "Nie wczytano struktury.")


@app.command()
def load(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Structure as .json or .csv.", dir_okay=False)],
) -> None:
    """Replace the structure by that of a JSON or CSV file; what is wrong is told with its place or line.

    JSON holds the users as well; CSV does not, and leaves them as they are. The columns stand in
    docs/reference/structure.md. Exits with 0 only if documents may be deposited: all resort codes and the
    archiving user are there.
    """
    with fail_politely(), open_database() as database:
        octets = read_octets(file)
        if file.suffix.lower() == ".csv":
            table = parse_table(octets)
            with database.begin() as connection:
                store_provider(connection, table)
                note(
                    connection,
                    "structure_loaded",
                    subject="structure",
                    subject_id="provider",
                    actor="staff",
                    detail={"units": len(table.units), "cells": sum(len(one.cells) for one in table.units)},
                )
        else:
            content = parse_structure(octets)
            with database.begin() as connection:
                store_structure(connection, content, actor="staff")
        try:
            _check(database)
        except StructureIncomplete:
            typer.echo(_INCOMPLETE.fill(language()), err=True)
            raise
        typer.echo(_LOADED.fill(language()))


@app.command()
def show() -> None:
    """Show the structure as a tree, with its resort codes."""
    with fail_politely(), open_database() as database, database.read() as connection:
        provider = read_provider(connection)
    if provider is None:
        typer.echo(_NONE.fill(language()))
        return
    Console().print(_tree(provider), markup=False, highlight=False)


@app.command()
def check() -> None:
    """Check that the structure is complete. Exits with 0 only if documents may be deposited."""
    with fail_politely(), open_database() as database:
        _check(database)
    typer.echo(_COMPLETE.fill(language()))


@app.command()
def export(
    file: Annotated[
        Path | None, typer.Argument(metavar="[FILE]", help="Where to; without: standard output.")
    ] = None,
    as_csv: Annotated[
        bool, typer.Option("--csv", help="As CSV, without the users; also where FILE ends so.")
    ] = False,
) -> None:
    """Write the structure as `load` reads it. JSON holds the users with their PESEL: keep it closed."""
    with fail_politely(), open_database() as database:
        with database.read() as connection:
            provider, whole = read_provider(connection), read_structure(connection)
        if provider is None or whole is None:
            typer.echo(_NONE.fill(language()), err=True)
            raise typer.Exit(1)
        if as_csv or (file is not None and file.suffix.lower() == ".csv"):
            # The mark tells spreadsheets that it is UTF-8.
            octets = write_table(as_record(provider)).encode("utf-8-sig" if file else "utf-8")
        else:
            octets = orjson.dumps(whole.model_dump(), option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
        if file is None:
            typer.echo(octets, nl=False)
        else:
            write_durably(file, [octets])


def _check(database: Database) -> None:
    with database.read() as connection:
        check_ready(connection)


def _tree(provider: Provider) -> Tree:
    tree = Tree(f"I {provider.resort_i or '-'}  {provider.name}")
    for unit in provider.units:
        branch = tree.add(f"V {unit.resort_v or '-'}  {unit.name}")
        for cell in unit.cells:
            codes = f"VII {cell.resort_vii or '-'}  VIII {cell.resort_viii or '-'}  X {cell.resort_x or '-'}"
            branch.add(f"{codes}  {cell.name}")
    return tree
