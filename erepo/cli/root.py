"""Puts the commands together."""

import importlib
import importlib.util

import typer

app = typer.Typer(name="erepo", no_args_is_help=True, add_completion=False)

for _module, _name in (("cloud", "cloud"), ("office", "office")):
    if importlib.util.find_spec(f"erepo.cli.{_module}"):
        app.add_typer(importlib.import_module(f"erepo.cli.{_module}").app, name=_name)
for _module, _name in (
    ("importing", "import"), ("archive", "archive"), ("verify", "verify"), ("status", "status"), ("up", "up"), ("demo", "demo"),
    ("samples", "samples"), ("structure", "structure"),
):
    if importlib.util.find_spec(f"erepo.cli.{_module}"):
        app.command(_name)(importlib.import_module(f"erepo.cli.{_module}").command)


def main() -> None:
    """Run the command line."""
    app()
