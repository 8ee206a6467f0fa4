"""The command `erepo`: finds a command when it is asked for, and puts errors into words.

Commands live in one module each. They are imported only when they are called (or listed), because
`erepo cloud serve` has no use for what `erepo demo` needs, and a command should answer at once.
"""

import importlib
import os
from importlib.metadata import version
from types import MappingProxyType
from typing import Annotated, Any

import typer
from dotenv import dotenv_values
from typer.core import TyperGroup

from erepo.cli.usage import in_polish
from erepo.cli.words import fail_politely
from erepo.texts import language

#: Command → module of `erepo.cli` holding either `app` (a group) or `command`; in the order of help.
COMMANDS = MappingProxyType(
    {
        "demo": "demo",
        "up": "up",
        "import": "importing",
        "fetch": "fetch",
        "api": "api",
        "archive": "archive",
        "verify": "verify",
        "status": "status",
        "diagnose": "diagnose",
        "migrate": "migrate",
        "documents": "documents",
        "patients": "patients_inviting",
        "rejected": "rejected",
        "retention": "retention",
        "kinds": "kinds",
        "structure": "structure",
        "certificates": "certificates",
        "account": "account",
        "repositories": "repositories",
        "earchive": "earchive",
        "maintenance": "maintenance",
        "secrets": "keeping",
        "samples": "samples",
        "cloud": "cloud",
        "portal": "portal",
        "office": "office",
        "p1-sandbox": "p1_sandbox",
    }
)


class LazyCommands(TyperGroup):
    """A group whose commands are imported on demand."""

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002 (click's own signature)
        """Return the names in the order people need them."""
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ARG002 (click's own signature)
        """Import the module of one command."""
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"erepo.cli.{COMMANDS[cmd_name]}")
        if (group := getattr(module, "app", None)) is not None:
            command = typer.main.get_command(group)
        else:
            single = typer.Typer(add_completion=False)
            single.command(cmd_name)(module.command)
            command = typer.main.get_command(single)
        command.name = cmd_name
        return _spoken(command)

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Write the page of `erepo --help`."""
        if language() != "pl":
            super().format_help(ctx, formatter)
            return
        from erepo.cli.polish import page, translate  # noqa: PLC0415 (only Polish readers need it)

        translate(self)
        with page():
            super().format_help(ctx, formatter)


def _spoken(command: Any) -> Any:
    """Return a command with its help in the reader's language."""
    if language() != "pl":
        return command
    from erepo.cli.polish import translate  # noqa: PLC0415 (only Polish readers need it)

    return translate(command)


app = typer.Typer(
    name="erepo",
    cls=LazyCommands,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_show_locals=False,  # local variables may hold patients
)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(version("erepo"))
        raise typer.Exit


@app.callback()
def _root(
    _: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="Print it.")] = False,
) -> None:
    """Keep a clinic's medical documents in a repository: take in, archive, verify.

    Start with `erepo demo`.
    """


def main() -> None:
    """Run the command line; an error of ours ends as what happened and what to do next, status 1.

    Raises:
        SystemExit: always.
    """
    with fail_politely():
        _take_language_from_file()
        if language() == "pl":
            in_polish(app)
        app(prog_name="erepo")


def _take_language_from_file() -> None:
    # Flows get it from there as well: a command must not answer in another language than they do.
    if wanted := dotenv_values(".env").get("EREPO_LANGUAGE"):
        os.environ.setdefault("EREPO_LANGUAGE", wanted)
