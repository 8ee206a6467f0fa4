"""`erepo account licence`: the module's licence."""

from pathlib import Path
from typing import Annotated

import orjson
import typer

from erepo.cli.desk import open_database
from erepo.cli.words import fail_politely
from erepo.clinic.errors import FileUnreadable
from erepo.clinic.licence import Licence, current_licence, load_licence, require_licence
from erepo.settings import Settings
from erepo.texts import Text, language

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    help="The licence of the module: without one nothing is limited; expired, nothing is archived.",
)

_NONE = Text("No licence is loaded: nothing is limited.", "Nie wczytano licencji: nie ma żadnych ograniczeń.")
_TOLD = Text(
    "Licence {id} for account {account}{holder}: from {first} to {last}.",
    "Licencja {id} dla konta {account}{holder}: od {first} do {last}.",
)
_LOADED = Text("The licence is loaded.", "Licencja została wczytana.")
_LARGEST = 8192


@app.command()
def show(
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Show the licence that counts. Exit code 0 only if archiving is allowed today."""
    settings = Settings()
    with fail_politely(), open_database() as database, database.read() as connection:
        found = current_licence(connection, settings)
        if as_json:
            typer.echo(orjson.dumps({"limited": found is not None, **(found.as_json() if found else {})}))
        else:
            typer.echo(_words(found) if found else _NONE.fill(language()))
        require_licence(connection, settings)


@app.command()
def load(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The signed file from the issuer.")],
) -> None:
    """Check a licence's signature and account, and keep it. Loading the same again changes nothing."""
    with fail_politely(), open_database() as database:
        found = load_licence(database, Settings(), _text(file), actor="staff")
        typer.echo(f"{_LOADED.fill(language())} {_words(found)}")


def _words(found: Licence) -> str:
    holder = f" ({found.holder})" if found.holder else ""
    return _TOLD.fill(
        language(),
        id=found.id,
        account=found.account,
        holder=holder,
        first=found.first_day,
        last=found.last_day,
    )


def _text(file: Path) -> str:
    try:
        with file.open("rb") as opened:
            return opened.read(_LARGEST + 1).decode("ascii", "replace")
    except OSError as error:
        raise FileUnreadable(problem=error.strerror) from None
