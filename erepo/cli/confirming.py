"""Asking before something that cannot be taken back."""

import typer

from erepo.texts import language


def confirmed(question: str) -> bool:
    """Ask; only an explicit yes is one: y or yes, in Polish t or tak as well. Nothing given is a no."""
    polish = language() == "pl"
    answer: str = typer.prompt(f"{question} [{'t' if polish else 'y'}/N]", default="", show_default=False)
    return answer.strip().lower() in ({"t", "tak", "y", "yes"} if polish else {"y", "yes"})
