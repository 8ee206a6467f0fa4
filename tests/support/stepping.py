"""Ending a process, or losing a message, at the k-th step across any boundary of migration or deleting."""

import inspect
import itertools
from collections.abc import Callable
from typing import Any

import pytest

from erepo.clinic.content import ContentStore
from erepo.clinic.deleting import ledger as deletions
from erepo.clinic.migrating import ledger as migrations
from tests.support.removing_cloud import RemovingCloud

COMMITS: list[tuple[Any, str]] = [
    *((migrations, name) for name in ("begin", "durable", "finish", "give_up", "back_to_fetching")),
    *((deletions, name) for name in ("intend", "delete", "remove_content", "give_up")),
    (ContentStore, "put_all"),
    (ContentStore, "remove"),
]
MESSAGES: list[tuple[Any, str]] = [
    (RemovingCloud, name) for name in ("query", "retrieve", "remove_metadata", "remove_documents")
]


class Crash(BaseException):
    """The process ends here."""


def fail_at(
    moment: int,
    when: str,
    patch: pytest.MonkeyPatch,
    error: Callable[[], BaseException] = Crash,
    boundaries: list[tuple[Any, str]] | None = None,
) -> Callable[[], bool]:
    """Let the `moment`-th step fail, `before` or `after` its effect; returns how to ask whether it did.

    After a crash no further step is made at all, the lease is not given back, and nothing is told to anybody:
    the process is gone.
    """
    counter = itertools.count(1)
    failed = False

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

        def commit(*values: Any, **named: Any) -> Any:
            due(after=False)
            result = real(*values, **named)
            due(after=True)
            return result

        patch.setattr(owner, name, message if inspect.iscoroutinefunction(real) else commit)

    for owner, name in boundaries or COMMITS + MESSAGES:
        wrap(owner, name)
    real_close = migrations.close

    def close(*values: Any, **named: Any) -> Any:
        return (0, 0) if failed and error is Crash else real_close(*values, **named)

    patch.setattr(migrations, "close", close)
    return lambda: failed
