"""`erepo documents`: what can be done with single documents. Other modules add their commands (`add_to`)."""

import typer

from erepo.cli import documents_chain

app = typer.Typer(no_args_is_help=True, add_completion=False, help="Single documents.")


@app.callback()
def _group() -> None:
    """Keep the group a group, however few commands it has."""


documents_chain.add_to(app)
