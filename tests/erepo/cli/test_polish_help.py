"""The help of every command and option, in Polish."""

import os
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
import typer

from erepo.cli.polish import HELP, polish, translate
from erepo.cli.root import COMMANDS, LazyCommands, app


def texts(command: Any) -> Iterator[str]:
    """Yield every help text of a command and of all below it."""
    if command.help:
        yield command.help
    yield from (one.help for one in command.params if getattr(one, "help", None))
    for below in getattr(command, "commands", {}).values():
        yield from texts(below)


@pytest.fixture
def english(monkeypatch: pytest.MonkeyPatch) -> None:
    """Build commands as English readers get them."""
    monkeypatch.setenv("EREPO_LANGUAGE", "en")


@pytest.mark.parametrize("name", COMMANDS)
def test_every_help_text_has_polish(english: None, name: str) -> None:
    """A command whose help has no Polish, or whose English has changed since, is named with its text."""
    assert [one for one in texts(LazyCommands().get_command(None, name)) if not polish(one)] == []


def test_the_front_page_has_polish(english: None) -> None:
    """What `erepo --help` says of itself."""
    assert [one for one in texts(typer.main.get_command(app)) if not polish(one)] == []


def test_no_translation_is_left_over(english: None) -> None:
    """Polish of a text that no command has any more is named, so that the tables stay small."""
    used = {one for name in COMMANDS for one in texts(LazyCommands().get_command(None, name))}
    used |= set(texts(typer.main.get_command(app)))
    heads = {one.partition(" One of: ")[0] for one in used}
    assert set(HELP) - used - heads == set()


def test_what_nobody_translated_stays(english: None) -> None:
    """A new command answers in English until somebody adds its words."""
    one = typer.Typer()

    @one.command(help="Something new.")
    def command() -> None: ...

    assert translate(typer.main.get_command(one)).help == "Something new."


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), ("Użycie: erepo [OPCJE] POLECENIE", "Zacznij od", "Pokaż tę pomoc i zakończ", "Polecenia")),
        (("structure", "user", "set"), ("Argumenty", "wymagane", "Opcje", "Imiona", "Login użytkownika")),
        (("migrate", "run"), ("ID…", "<tekst>", "RRRR-MM-DD", "<liczba> [x>=0]")),
        (("cloud", "tenant"), ("Dodaj konto", "Pokaż konta i ich wykorzystanie")),
    ],
)
def test_the_pages_are_polish(arguments: tuple[str, ...], words: tuple[str, ...]) -> None:
    """Usage, panels, defaults and texts; nothing of typer's English is left."""
    ended = subprocess.run(
        [sys.executable, "-m", "erepo", *arguments, "--help"],
        env={**os.environ, "EREPO_LANGUAGE": "pl", "COLUMNS": "120"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert [one for one in words if one not in ended.stdout] == []
    for english in ("Usage", "Options", "Arguments", "Show this", "required", "default", "<bool>", "<str>"):
        assert english not in ended.stdout
