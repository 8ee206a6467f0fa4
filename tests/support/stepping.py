"""Ending a process, or losing a message, at the k-th step across any boundary of migration or deleting."""

from collections.abc import Callable
from typing import Any

import pytest

from erepo.clinic.content import ContentStore
from erepo.clinic.deleting import ledger as deletions
from erepo.clinic.migrating import ledger as migrations
from tests.support import crashing
from tests.support.crashing import Crash
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


def fail_at(
    moment: int,
    when: str,
    patch: pytest.MonkeyPatch,
    error: Callable[[], BaseException] = Crash,
    boundaries: list[tuple[Any, str]] | None = None,
) -> Callable[[], bool]:
    """Let the `moment`-th step fail, `before` or `after` its effect; returns how to ask whether it did.

    After a crash the lease is not given back, and nothing is told to anybody: the process is gone.
    """
    failed = crashing.fail_at(moment, when, patch, boundaries or COMMITS + MESSAGES, error)
    real_close = migrations.close

    def close(*values: Any, **named: Any) -> Any:
        return (0, 0) if failed() and error is Crash else real_close(*values, **named)

    patch.setattr(migrations, "close", close)
    return failed
