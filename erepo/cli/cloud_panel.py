"""`erepo cloud panel …`: the browser panel of an account."""

import json
from typing import Annotated, Final

import typer

from erepo.cli.cloud_words import Json, Known, cloud_database
from erepo.cli.words import fail_politely
from erepo.cloud.panel import administrators
from erepo.texts import Text, language

app = typer.Typer(help="The browser panel of an account.", no_args_is_help=True)

_RESET: Final = Text(
    "One-time password of {login} (account {account}): {password}",
    "Jednorazowe hasło użytkownika {login} (konto {account}): {password}",
)
_HINT: Final = Text(
    "It is shown only now. The first login asks for a new one; earlier sessions have ended.",
    "Hasło jest pokazywane tylko teraz. Pierwsze logowanie wymaga jego zmiany; wcześniejsze sesje"
    " zakończono.",
)


@app.command("reset")
def panel_reset(
    account: Known,
    login: Annotated[str, typer.Argument(help="Login of the administrator whose password is lost.")],
    *,
    as_json: Json = False,
) -> None:
    """Give an administrator of an account's panel a new one-time password, and lift the lock of the login.

    Make sure who asks: whoever has the password and the account's TLS
    certificate is its administrator.

    Examples:
      erepo cloud panel reset 0000000000001003 administrator
    """
    with fail_politely(), cloud_database() as database:
        login, password = administrators.reset(database, account, login)
    if as_json:
        typer.echo(json.dumps({"account": account, "login": login, "password": password}))
        return
    typer.echo(_RESET.fill(language(), login=login, account=account, password=password))
    typer.echo(_HINT.fill(language()))
