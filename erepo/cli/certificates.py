"""`erepo certificates`: the account's keys and certificates."""

import typer

from erepo.cli.certificates_rotation import rollback, rotate, status

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    help="The account's keys and certificates: how they stand, new ones, and back to the old ones.",
)
app.command("status")(status)
app.command("rotate")(rotate)
app.command("rollback")(rollback)
