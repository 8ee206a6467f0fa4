"""`erepo certificates export`: a .p12 file for a browser or another location (manual 1.1.6)."""

import base64
import secrets
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from erepo.cli.certificates_ledger import AccountArgument, opened, the_account
from erepo.cli.errors import FileThere, NoTerminal
from erepo.cli.words import fail_politely
from erepo.clinic.account import load_bundles
from erepo.durable import write_durably
from erepo.texts import Text, language

#: Without letters and digits that are mistaken for each other.
_ALPHABET = "abcdefghjkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789"
_GROUPS, _GROUP = 4, 6

_SAVED = Text(
    "Saved to {file} (PKCS#12, AES-256). Only its password protects it: keep both apart.",
    "Zapisano w {file} (PKCS#12, AES-256). Plik chroni tylko hasło: przechowuj je oddzielnie.",
)
_SHOWN = Text(
    "Password, shown this once and kept nowhere: {password}",
    "Hasło, pokazywane tylko ten jeden raz i nigdzie nieprzechowywane: {password}",
)
_COPIED = Text(
    "The password was put on the clipboard of your terminal, and is kept nowhere.",
    "Hasło umieszczono w schowku terminala; nie jest nigdzie przechowywane.",
)
_FILED = Text("The password was written to {file}.", "Hasło zapisano w {file}.")


class Purpose(StrEnum):
    """Which of the two."""

    TLS = "tls"
    WSS = "wss"


def export(
    out: Annotated[Path, typer.Option(help="The file to be written; it must not be there.", dir_okay=False)],
    account: AccountArgument = "",
    purpose: Annotated[Purpose, typer.Option(help="Which key and certificate.")] = Purpose.TLS,
    copy: Annotated[
        bool, typer.Option("--copy", help="Put the password on the clipboard instead of showing it.")
    ] = False,
    password_file: Annotated[
        Path | None, typer.Option(help="Write the password into this file instead (0600).", dir_okay=False)
    ] = None,
) -> None:
    """Save key and certificate as a .p12 file under a new random password, which is shown once."""
    with fail_politely(), opened() as (settings, database):
        for file in (out, password_file):
            if file is not None and file.exists():
                raise FileThere(file=str(file))
        if password_file is not None and password_file.absolute() == out.absolute():
            raise FileThere(file=str(out))
        if password_file is None and not sys.stdout.isatty():
            raise NoTerminal
        chosen = the_account(database, account)
        tls, wss = load_bundles(database, settings, chosen)
        password = "-".join("".join(secrets.choice(_ALPHABET) for _ in range(_GROUP)) for _ in range(_GROUPS))
        bundle = tls if purpose is Purpose.TLS else wss
        if password_file is not None:
            write_durably(password_file, [f"{password}\n".encode()])
        write_durably(out, [bundle.to_pkcs12(password.encode(), f"{chosen} {purpose.upper()}")])
    typer.echo(_SAVED.fill(language(), file=out))
    if password_file is not None:
        typer.echo(_FILED.fill(language(), file=password_file))
    elif copy:
        sys.stdout.write(to_clipboard(password))
        typer.echo(_COPIED.fill(language()))
    else:
        typer.echo(_SHOWN.fill(language(), password=password))


def to_clipboard(text: str) -> str:
    """Return what makes a terminal put a text on its clipboard (OSC 52), also over SSH."""
    return f"\033]52;c;{base64.b64encode(text.encode()).decode('ascii')}\a"
