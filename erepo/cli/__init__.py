"""The command `erepo`: one Typer application, one module per command."""

from erepo.cli.root import main

__all__ = ["main"]
