"""`erepo structure`: load, show and check the provider's structure."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.tree import Tree

from erepo.cli.words import fail_politely
from erepo.clinic.database import Database, open_clinic
from erepo.clinic.structure import check_ready, read_provider, store_structure
from erepo.clinic.structure_file import read_structure_file
from erepo.settings import Settings
from erepo.texts import Text, language

_LOADED = Text("The structure is loaded and complete.", "Struktura została wczytana i jest kompletna.")
_COMPLETE = Text("The structure is complete.", "Struktura jest kompletna.")
_NONE = Text("No structure has been loaded.", "Nie wczytano struktury.")


class Action(StrEnum):
    """What to do with the structure."""

    LOAD = "load"
    SHOW = "show"
    CHECK = "check"


def command(
    action: Annotated[Action, typer.Argument(help="load FILE, show, or check.")],
    file: Annotated[Path | None, typer.Argument(help="JSON file for `load`.")] = None,
) -> None:
    """Load provider, units, cells and users from a JSON file, show them, or check that they are complete.

    The format stands in docs/reference/structure.md. After `load` and `check`, exits with 0 only if
    documents may be deposited: all resort codes and the archiving user are there.
    """
    if (action is Action.LOAD) != (file is not None):
        raise typer.BadParameter("load takes a FILE, show and check take none")
    with fail_politely():
        content = read_structure_file(file) if file else None
        database = open_clinic(Settings())
        try:
            if content:
                with database.begin() as connection:
                    store_structure(connection, content)
            if action is Action.SHOW:
                _show(database)
            else:
                with database.read() as connection:
                    check_ready(connection)
                typer.echo((_LOADED if content else _COMPLETE).fill(language()))
        finally:
            database.close()


def _show(database: Database) -> None:
    with database.read() as connection:
        provider = read_provider(connection)
    if provider is None:
        typer.echo(_NONE.fill(language()))
        return
    tree = Tree(f"I {provider.resort_i or '-'}  {provider.name}")
    for unit in provider.units:
        branch = tree.add(f"V {unit.resort_v or '-'}  {unit.name}")
        for cell in unit.cells:
            codes = f"VII {cell.resort_vii or '-'}  VIII {cell.resort_viii or '-'}  X {cell.resort_x or '-'}"
            branch.add(f"{codes}  {cell.name}")
    Console().print(tree, markup=False, highlight=False)
