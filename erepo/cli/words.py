"""How commands speak to people."""

import contextlib
from collections.abc import Iterator

from rich.console import Console

from erepo.errors import ErepoError
from erepo.texts import Text, language

_CURE = Text("What to do: ", "Co zrobić: ")


@contextlib.contextmanager
def fail_politely() -> Iterator[None]:
    """Print cause and cure of our own errors in the user's language and exit with 1."""
    try:
        yield
    except ErepoError as error:
        console = Console(stderr=True)
        cause, cure = error.explain(language())
        console.print(cause, style="bold red", markup=False, highlight=False)
        console.print(_CURE.fill(language()) + cure, markup=False, highlight=False)
        raise SystemExit(1) from None
