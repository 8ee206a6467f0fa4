"""`erepo documents`: single documents, by their opaque ids."""

import typer

from erepo.cli import documents_chain

app = typer.Typer(
    no_args_is_help=True, add_completion=False, help="Single documents: the chain of their versions."
)
documents_chain.add_to(app)
