"""The help of all commands in Polish: typer's texts and ours, found by the English ones.

Each file holds the help of some commands: English, as it stands in the code, → Polish. Where the English
changes, the Polish is not found any more, and `tests/erepo/cli/test_polish_help.py` names it.
"""

import contextlib
from collections.abc import Iterator
from types import MappingProxyType
from typing import Any, Final

from typer import rich_utils

from erepo.cli.polish import (
    account,
    api,
    archive,
    certificates,
    cloud,
    documents,
    migrating,
    portal,
    reading,
    repositories,
    retention,
    sandbox,
    structure,
)

_ROOT: Final = {
    (
        "Keep a clinic's medical documents in a repository: take in, archive, verify."
        "\n\nStart with `erepo demo`."
    ): (
        "Przechowuj dokumentację medyczną placówki w repozytorium: przyjmij, zarchiwizuj, zweryfikuj.\n\n"
        "Zacznij od `erepo demo`."
    ),
    "Print it.": "Wypisz wersję.",
}
HELP: Final = MappingProxyType(
    _ROOT
    | documents.HELP
    | archive.HELP
    | reading.HELP
    | migrating.HELP
    | retention.HELP
    | repositories.HELP
    | structure.HELP
    | certificates.HELP
    | account.HELP
    | api.HELP
    | cloud.HELP
    | portal.HELP
    | sandbox.HELP
)
#: Help that ends with a list the program makes: what stands before it is translated, the list is not.
_LISTED: Final = " One of: "
_HELP_OPTION: Final = "Pokaż tę pomoc i zakończ."
#: Words of typer's pages, by the names it keeps them under.
_PAGE: Final = {
    "ARGUMENTS_PANEL_TITLE": "Argumenty",
    "OPTIONS_PANEL_TITLE": "Opcje",
    "COMMANDS_PANEL_TITLE": "Polecenia",
    "DEFAULT_STRING": "[domyślnie: {}]",
    "REQUIRED_LONG_STRING": "[wymagane]",
}
_USAGE: Final = (
    ("Usage: ", "Użycie: "),
    ("[OPTIONS]", "[OPCJE]"),
    ("COMMAND [ARGS]...", "POLECENIE [ARGUMENTY]..."),
)
#: What stands for a value, where typer shows the type and where commands name it themselves.
_TYPES: Final = (
    ("<bool>", ""),
    ("list[str]", "tekst"),
    ("list[path]", "ścieżka"),
    ("<str>", "<tekst>"),
    ("<int>", "<liczba>"),
    ("<int range>", "<liczba>"),
    ("<float>", "<liczba>"),
    ("<float range>", "<liczba>"),
    ("<path>", "<ścieżka>"),
)
_VALUES: Final = {
    "ACCOUNT": "KONTO",
    "ADDRESS": "ADRES",
    "AGE": "WIEK",
    "CELL": "KOMÓRKA",
    "CODE": "KOD",
    "DATE": "DATA",
    "FIELD=VALUE…": "POLE=WARTOŚĆ…",
    "FILE": "PLIK",
    "NAME": "NAZWA",
    "OUTCOME": "WYNIK",
    "PATH": "ŚCIEŻKA",
    "PROPOSAL": "PROPOZYCJA",
    "REPOSITORY": "REPOZYTORIUM",
    "REQUEST": "ŻĄDANIE",
    "SIZE": "ROZMIAR",
    "TIME": "CZAS",
    "UNIT": "JEDNOSTKA",
    "YYYY-MM-DD": "RRRR-MM-DD",
    "[FILE]": "[PLIK]",
    "[FILE]…": "[PLIK]…",
}


def polish(english: str) -> str | None:
    """Return a help text in Polish; None where nobody has translated it."""
    if english in HELP:
        return HELP[english]
    head, listed, tail = english.partition(_LISTED)
    return f"{HELP[head]} Do wyboru: {tail}" if listed and head in HELP else None


def translate(command: Any) -> Any:
    """Put the help of a command, and of all below it, into Polish; what nobody has translated stays.

    Args:
        command: as typer makes it; it is changed.
    """
    _put(command)
    return command


@contextlib.contextmanager
def page() -> Iterator[None]:
    """Inside, typer's own words on a page of help are Polish."""
    before = {name: getattr(rich_utils, name) for name in _PAGE}
    try:
        for name, words in _PAGE.items():
            setattr(rich_utils, name, words)
        yield
    finally:
        for name, words in before.items():
            setattr(rich_utils, name, words)


def _name_value(parameter: Any) -> None:
    """Put what stands for the value of an option or argument into Polish."""
    if parameter.metavar is not None:
        parameter.metavar = _VALUES.get(parameter.metavar, parameter.metavar)
    shown = parameter.display_type_rich

    def in_polish(ctx: Any) -> str | None:
        words: str | None = shown(ctx=ctx)
        for english, polish_words in _TYPES:
            words = words.replace(english, polish_words) if words else words
        return words

    parameter.display_type_rich = in_polish


def _put(command: Any) -> None:
    if command.help:
        command.help = polish(command.help) or command.help
    for parameter in command.params:
        if english := getattr(parameter, "help", None):
            parameter.help = polish(english) or english
        _name_value(parameter)
    usage, option, write = command.get_usage, command.get_help_option, command.format_help

    def in_polish(context: Any) -> str:
        words: str = usage(context)
        for english, polish_words in _USAGE:
            words = words.replace(english, polish_words, 1)
        return words

    def described(context: Any) -> Any:
        found = option(context)
        if found is not None:
            found.help = _HELP_OPTION
            _name_value(found)
        return found

    def written(context: Any, formatter: Any) -> None:
        with page():
            write(context, formatter)

    command.get_usage, command.get_help_option, command.format_help = in_polish, described, written
    for below in getattr(command, "commands", {}).values():
        _put(below)
