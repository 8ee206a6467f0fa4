"""How commands tell why nothing could be done: to people in words, to programs as JSON."""

import contextlib
from collections.abc import Iterator

import orjson
import typer

from erepo.cli.words import tell_help, tell_trouble
from erepo.clinic.archiving.results import Problem
from erepo.clinic.machine import trouble_of
from erepo.errors import ErepoError
from erepo.texts import language


def complain(problem: Problem, *, as_json: bool) -> None:
    """Tell what went wrong and what to do next: to people on stderr, to programs as JSON on stdout."""
    if as_json:
        typer.echo(orjson.dumps({"problem": problem}))
        return
    cause, cure = (
        (problem.cause_pl, problem.cure_pl) if language() == "pl" else (problem.cause_en, problem.cure_en)
    )
    tell_trouble(cause, cure)


@contextlib.contextmanager
def complaining(*, as_json: bool) -> Iterator[None]:
    """Inside, an error of ours or a machine that refuses ends as a complaint and exit code 2."""
    try:
        yield
    except Exception as error:
        trouble = error if isinstance(error, ErepoError) else trouble_of(error, "EREPO_HOME")
        if trouble is None:
            raise
        complain(Problem.of(trouble), as_json=as_json)
        if not as_json:
            tell_help(trouble)
        raise typer.Exit(2) from None
