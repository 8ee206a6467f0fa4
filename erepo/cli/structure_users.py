"""`erepo structure user list|set|remove|load`: the users of the program (manual 1.1.5, 1.5)."""

from pathlib import Path
from typing import Annotated

import orjson
import sqlalchemy as sa
import typer
from rich.console import Console
from rich.table import Table

from erepo.cli.asking import asked_unseen
from erepo.cli.desk import open_database
from erepo.cli.words import fail_politely
from erepo.clinic.database import Database
from erepo.clinic.errors import StructureIncomplete
from erepo.clinic.permissions import grant, parse_permission, revoke
from erepo.clinic.structure import check_ready
from erepo.clinic.structure_file import read_octets
from erepo.clinic.structure_words import missing_words
from erepo.clinic.users import Listed, let_archive, list_users, load_users, remove_user, set_user
from erepo.texts import Text, language

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    help="The users of the program: who they are, who archives, and what they may do.",
)

_ADDED = Text("Added the user {login}.", "Dodano użytkownika {login}.")
_CHANGED = Text("Changed the user {login}.", "Zmieniono użytkownika {login}.")
_REMOVED = Text(
    "Removed the user {login} with all permissions.",
    "Usunięto użytkownika {login} ze wszystkimi uprawnieniami.",
)
_LOADED = Text("Users added: {new}, changed: {known}.", "Użytkownicy dodani: {new}, zmienieni: {known}.")
_STILL = Text(
    "Before documents can be deposited, still missing:\n{missing}",
    "Do deponowania dokumentów brakuje jeszcze:\n{missing}",
)
_NONE = Text("There are no users.", "Nie ma użytkowników.")
_PESEL = Text("PESEL (nothing is shown)", "PESEL (wpisywane znaki nie są widoczne)")
_HEADERS = (
    Text("Login", "Login"),
    Text("Name", "Imię i nazwisko"),
    Text("Profession", "Zawód"),
    Text("PESEL", "PESEL"),
    Text("NPWZ", "NPWZ"),
    Text("Active", "Aktywny"),
    Text("Archives", "Archiwizuje"),
    Text("Permissions", "Uprawnienia"),
)
_YES, _NO = Text("yes", "tak"), Text("no", "nie")

_Login = Annotated[str, typer.Argument(metavar="LOGIN", help="Login of the user.")]


@app.command("list")
def list_(
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON list.")] = False,
) -> None:
    """List the users. Of the PESEL it is only told whether there is one."""
    with fail_politely(), open_database() as database, database.read() as connection:
        found = list_users(connection)
    if as_json:
        typer.echo(orjson.dumps([_plain(one) for one in found]))
        return
    if not found:
        typer.echo(_NONE.fill(language()))
        return
    table = Table(*(one.fill(language()) for one in _HEADERS), box=None, pad_edge=False)
    for column in table.columns:
        column.overflow = "fold"
    for one in found:
        record = one.record
        name = " ".join(filter(None, (record.prefix, record.given, record.family)))
        table.add_row(
            record.login,
            name or "-",
            record.profession or "-",
            _tick(bool(record.pesel)),
            record.npwz or "-",
            _tick(record.active),
            _tick(one.archives),
            ", ".join(sorted(one.permissions)) or "-",
        )
    Console().print(table, markup=False, highlight=False)


@app.command("set")
def set_(  # noqa: PLR0913, PLR0917 (one parameter per option)
    login: _Login,
    given: Annotated[str | None, typer.Option(help="Given names.")] = None,
    family: Annotated[str | None, typer.Option(help="Family name.")] = None,
    prefix: Annotated[str | None, typer.Option(help="Title before the name, such as: dr.")] = None,
    profession: Annotated[
        str | None, typer.Option(help="Profession as in PIK documents: LEK, PIEL, POL…")
    ] = None,
    pesel: Annotated[
        str | None,
        typer.Option(
            help="PESEL; - reads it from standard input or asks, because others can see command lines."
        ),
    ] = None,
    npwz: Annotated[str | None, typer.Option(help="NPWZ, 7 digits; of nurses also with P or A.")] = None,
    active: Annotated[
        bool | None, typer.Option("--active/--inactive", help="Whether the user may work here.")
    ] = None,
    archiving: Annotated[
        bool, typer.Option("--archiving", help="Deposit documents on behalf of this user.")
    ] = False,
    permission: Annotated[
        list[str] | None,
        typer.Option(help="Permit this: migrate, delete, set-kinds, hold, destroy, invite; may be repeated."),
    ] = None,
    no_permission: Annotated[
        list[str] | None, typer.Option(help="Take this permission back; may be repeated.")
    ] = None,
) -> None:
    """Change a user, or add one; what is not given stays as it is, an empty value removes it.

    For instance: erepo structure user set anna --given Anna --family Lis --npwz 5425740 --archiving
    """
    with fail_politely(), open_database() as database:
        given_values = {
            "given": given,
            "family": family,
            "prefix": prefix,
            "profession": profession,
            "pesel": _asked() if pesel == "-" else pesel,
            "npwz": npwz,
            "active": active,
        }
        values = {name: value for name, value in given_values.items() if value is not None}
        with database.begin() as connection:
            new = set_user(connection, login, values)
            if archiving:
                let_archive(connection, login)
            _permit(connection, login, permission or [], no_permission or [])
        typer.echo((_ADDED if new else _CHANGED).fill(language(), login=login))
        _tell_missing(database)


@app.command()
def remove(login: _Login) -> None:
    """Remove a user with all permissions. Whoever has left may also be made inactive."""
    with fail_politely(), open_database() as database, database.begin() as connection:
        remove_user(connection, login)
    typer.echo(_REMOVED.fill(language(), login=login))


@app.command()
def load(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Users as .csv.", dir_okay=False)],
) -> None:
    """Add and change users as a CSV file says; users that do not stand in it stay, and so do permissions.

    The columns stand in docs/reference/structure.md.
    """
    with fail_politely(), open_database() as database:
        octets = read_octets(file)
        with database.begin() as connection:
            new, known = load_users(connection, octets)
        typer.echo(_LOADED.fill(language(), new=new, known=known))
        _tell_missing(database)


def _permit(connection: sa.Connection, login: str, more: list[str], less: list[str]) -> None:
    for name in more:
        grant(connection, login, parse_permission(name), actor="staff")
    for name in less:
        revoke(connection, login, parse_permission(name), actor="staff")


def _asked() -> str:
    return asked_unseen(_PESEL.fill(language())).strip()


def _tell_missing(database: Database) -> None:
    try:
        with database.read() as connection:
            check_ready(connection)
    except StructureIncomplete as error:
        absent = error.data["all"]
        assert isinstance(absent, list)
        typer.echo(_STILL.fill(language(), missing=missing_words(absent, language())), err=True)


def _tick(whether: bool) -> str:
    return (_YES if whether else _NO).fill(language())


def _plain(one: Listed) -> dict[str, object]:
    record = one.record
    return {
        **record.model_dump(exclude={"pesel"}),
        "pesel": bool(record.pesel),
        "archives": one.archives,
        "permissions": sorted(one.permissions),
    }
