"""Asking for what nobody else may see: at a terminal unseen, from a pipe a line of it."""

import sys

import typer


def asked_unseen(question: str) -> str:
    """Return what is typed unseen, or the next line of the input where that is no terminal.

    Raises:
        typer.Abort: the input has ended, or whoever was asked broke off.
    """
    if sys.stdin.isatty():
        answer: str = typer.prompt(question, hide_input=True, err=True)
        return answer
    # A prompt there would warn that it cannot hide what nobody types.
    line = sys.stdin.readline()
    if not line:
        raise typer.Abort
    return line.rstrip("\r\n")
