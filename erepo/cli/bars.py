"""Signs of life of commands that take long: on a terminal, and nowhere else."""

import contextlib
from collections.abc import Iterator

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn


def bar(*, quiet: bool) -> Progress:
    """Return a bar on standard error that vanishes at its end.

    Args:
        quiet: show nothing, also on a terminal.
    """
    console = Console(stderr=True)
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=console,
        transient=True,
        # Where nobody watches, rich would still leave an empty line in the log.
        disable=quiet or not console.is_terminal,
    )


@contextlib.contextmanager
def waiting(words: str) -> Iterator[None]:
    """Show on standard error that something is awaited whose length nobody knows."""
    console = Console(stderr=True)
    with console.status(words) if console.is_terminal else contextlib.nullcontext():
        yield
