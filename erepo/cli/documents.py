"""`erepo documents`: single documents, by their opaque ids. Other modules add their commands (`add_to`)."""

import typer

from erepo.cli import documents_chain, documents_deleting

app = typer.Typer(no_args_is_help=True, add_completion=False, help="Single documents.")
documents_chain.add_to(app)
documents_deleting.add_to(app)
