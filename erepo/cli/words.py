"""How commands speak to people."""

import contextlib
from collections.abc import Iterable, Iterator

from pydantic import ValidationError
from rich.console import Console

from erepo.errors import ErepoError
from erepo.settings import Settings
from erepo.texts import Text, language

_CURE = Text("What to do: ", "Co zrobić: ")
_HELP = Text("More: ", "Więcej: ")
_SETTING = Text(
    "The setting {name} cannot be used: {problem}.", "Nieprawidłowe ustawienie {name}: {problem}."
)
_CORRECT = Text(
    "Correct it in the environment or in the file .env; docs/reference/settings.md lists all settings.",
    "Popraw je w środowisku lub w pliku .env; wszystkie ustawienia opisuje docs/reference/settings.md.",
)

_WIDE = 4000


def wide_console() -> Console:
    """Return a console for lists whose lines hold ids and addresses, wider than any line.

    What is cut or broken in two cannot be copied into the next command; terminals wrap by themselves.
    """
    return Console(width=_WIDE)


@contextlib.contextmanager
def fail_politely() -> Iterator[None]:
    """Print cause and cure of our own errors, wrong settings and a machine that refuses; exit with 1."""
    try:
        yield
    except ErepoError as error:
        tell_trouble(*error.explain(language()))
        tell_help(error)
        raise SystemExit(1) from None
    except ValidationError as error:
        if error.title != Settings.__name__:
            raise
        # The value is not shown: it may be a secret.
        wrong = [(_name(one["loc"]), _problem(one["msg"])) for one in error.errors(include_input=False)]
        causes = (_SETTING.fill(language(), name=name, problem=problem) for name, problem in wrong)
        tell_trouble("\n".join(causes), _CORRECT.fill(language()))
        raise SystemExit(1) from None
    except Exception as error:
        from erepo.clinic.machine import trouble_of  # noqa: PLC0415 - loads the database, which few need

        # The file's name is told to the person at the terminal, and to nobody else.
        trouble = trouble_of(error, str(getattr(error, "filename", None) or "EREPO_HOME"))
        if trouble is None:
            raise
        tell_trouble(*trouble.explain(language()))
        raise SystemExit(1) from None


def tell_help(error: ErepoError) -> None:
    """Name the check and the chapter of the manual's symptom that an error shows."""
    from erepo.clinic.diagnosis.symptoms import help_on  # noqa: PLC0415 - loads much, and only errors need it

    if words := help_on(error, language()):
        Console(stderr=True).print(
            _HELP.fill(language()) + words, markup=False, highlight=False, soft_wrap=True
        )


def _problem(english: str) -> str:
    """Return what pydantic says of a value in the reader's language, where its form is known."""
    if language() != "pl":
        return english
    from erepo.cli.usage import reason  # noqa: PLC0415 (it stands above this module)

    return reason(english).rstrip(".")


def _name(place: Iterable[object]) -> str:
    return "EREPO_" + "__".join(str(part) for part in place).upper()


def tell_trouble(cause: str, cure: str) -> None:
    """Tell what happened and what to do next, on stderr."""
    console = Console(stderr=True)
    # Whole sentences: terminals wrap by themselves, and logs should not be cut.
    console.print(cause, style="bold red", markup=False, highlight=False, soft_wrap=True)
    console.print(_CURE.fill(language()) + cure, markup=False, highlight=False, soft_wrap=True)
