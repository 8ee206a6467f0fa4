"""The points at which a program may end: before and after each commit, request, and change of a file.

with Boundaries(database, cloud, store) as boundaries:
    boundaries.crash_at(7)          # the 7th boundary from now on ends the process
    boundaries.lose(3)              # the answer of the 3rd request from now on is lost
    await work(boundaries.cloud)    # raises Crash; nothing of the process goes on after it

After a crash every further boundary raises as well: threads and tasks of a process that has ended do nothing
more. `revive` starts a new one.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Any, Self
from unittest.mock import patch

import sqlalchemy as sa

from erepo.blobs.store import FileBlobStore
from erepo.clinic.content import ContentStore
from erepo.clinic.database import Database
from erepo.clinic.earchive.records import Records
from erepo.errors import OutcomeUnknown

_REQUESTS = ("provide", "query", "retrieve", "remove_metadata", "remove_documents", "update")
#: What changes files, of the clinic's content and of the eArchiwum.
_FILES: tuple[tuple[type, tuple[str, ...]], ...] = (
    (ContentStore, ("put_all", "draft", "remove", "remove_all", "discard")),
    (FileBlobStore, ("put", "delete")),
    (Records, ("append", "rewrite")),
)


class Crash(BaseException):
    """The process ends here; no handler of the code under test catches it."""


def crashed(error: BaseException) -> bool:
    """Tell whether an error is a crash, perhaps among others of the same group."""
    if isinstance(error, BaseExceptionGroup):
        return any(crashed(one) for one in error.exceptions)
    return isinstance(error, Crash)


class Line:
    """A repository behind a line on which programs end and answers get lost; else it is the repository."""

    def __init__(self, cloud: Any, boundaries: "Boundaries") -> None:
        self._cloud, self._boundaries = cloud, boundaries

    def __getattr__(self, name: str) -> Any:
        """Return the repository's own, with boundaries around what goes over the line."""
        found = getattr(self._cloud, name)
        return self._boundaries.request(found) if name in _REQUESTS else found


class Boundaries:
    """Counts boundaries; ends the process at one of them, or loses an answer.

    Attributes:
        passed: boundaries passed since the last order.
        dead: the process has ended.
    """

    def __init__(self) -> None:
        self.passed = self.requests = 0
        self.dead = False
        self._last = self._lost = 0
        self._patches: list[Any] = []

    def crash_at(self, number: int) -> None:
        """End the process at the n-th boundary from now on; 0: never."""
        self.passed, self._last = 0, number

    def lose(self, number: int) -> None:
        """Lose the answer to the n-th request from now on; 0: none."""
        self.requests, self._lost = 0, number

    def revive(self) -> None:
        """Begin anew: a new process, with nothing ordered."""
        self.dead = False
        self.crash_at(0)
        self.lose(0)

    def reach(self) -> None:
        """Pass a boundary, or end there."""
        self.passed += 1
        if self.dead or self.passed == self._last:
            self.dead = True
            raise Crash

    def request(self, call: Callable[..., Any]) -> Callable[..., Any]:
        """Put a boundary before and after a request; a crash after it is an answer that nobody heard."""

        async def inside(*values: Any, **named: Any) -> Any:
            self.reach()
            self.requests += 1
            lost = self.requests == self._lost
            answer = await call(*values, **named)
            self.reach()
            if lost:
                raise OutcomeUnknown(address="https://127.0.0.1:1")
            return answer

        return inside

    def __enter__(self) -> Self:
        """Watch all databases and content stores of this program."""
        self._watch(Database, "begin", self._commits(Database.begin))
        for owner, names in _FILES:
            for name in names:
                self._watch(owner, name, self._around(getattr(owner, name)))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Watch no longer."""
        for one in reversed(self._patches):
            one.stop()

    def _watch(self, owner: type, name: str, watched: object) -> None:
        one = patch.object(owner, name, watched)
        one.start()
        self._patches.append(one)

    def _around(self, original: Callable[..., Any]) -> Callable[..., Any]:
        def inside(*values: Any, **named: Any) -> Any:
            self.reach()
            answer = original(*values, **named)
            self.reach()
            return answer

        return inside

    def _commits(self, original: Callable[..., Any]) -> Callable[..., Any]:
        """Put a boundary before each commit (all is rolled back) and after it."""

        @contextmanager
        def begin(database: Database) -> Iterator[sa.Connection]:
            with original(database) as connection:
                yield connection
                self.reach()
            self.reach()

        return begin
