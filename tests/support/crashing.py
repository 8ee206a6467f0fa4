"""Ending a process at its k-th step across boundaries that a test names: functions of modules or classes."""

import inspect
import itertools
from collections.abc import Callable, Iterable
from typing import Any

import pytest


class Crash(BaseException):
    """The process ends here; no handler of the code under test catches it."""


def fail_at(
    moment: int,
    when: str,
    patch: pytest.MonkeyPatch,
    boundaries: Iterable[tuple[Any, str]],
    error: Callable[[], BaseException] = Crash,
) -> Callable[[], bool]:
    """Let the `moment`-th step fail, `before` or `after` its effect.

    After a crash no further step is made at all: the process is gone. Another error is raised once.

    Args:
        moment: which step, from 1.
        when: `before` or `after`.
        patch: ends the watching.
        boundaries: owner and name of each step; coroutines and functions.
        error: makes what is raised.

    Returns:
        How to ask whether it failed.
    """
    counter, failed = itertools.count(1), False

    def due(*, after: bool) -> None:
        nonlocal failed
        if failed and error is Crash:
            raise Crash
        if not failed and after == (when == "after") and next(counter) == moment:
            failed = True
            raise error()

    def wrap(owner: Any, name: str) -> None:
        real = getattr(owner, name)

        async def message(*values: Any, **named: Any) -> Any:
            due(after=False)
            result = await real(*values, **named)
            due(after=True)
            return result

        def step(*values: Any, **named: Any) -> Any:
            due(after=False)
            result = real(*values, **named)
            due(after=True)
            return result

        patch.setattr(owner, name, message if inspect.iscoroutinefunction(real) else step)

    for owner, name in boundaries:
        wrap(owner, name)
    return lambda: failed
