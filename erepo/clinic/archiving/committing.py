"""Group commit: what comes in while one commit is on its way goes into the next one."""

import asyncio
import contextlib
from collections.abc import Callable, Iterator, Sequence
from types import TracebackType
from typing import Generic, Self, TypeVar

Item = TypeVar("Item")

#: Seconds in which items gather; a crash in them costs one question each, a commit each costs more.
GATHER = 0.2


class GroupCommit(Generic[Item]):
    """Hands items in groups to `commit`, which runs in a thread and makes them durable before it returns.

    Leaving the `async with` block waits until everything that was added is committed.
    """

    def __init__(self, commit: Callable[[Sequence[Item]], None], *, gather: float = GATHER) -> None:
        self._commit, self._gather = commit, gather
        self._waiting: list[Item] = []
        self._more = asyncio.Event()
        self._closing = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        """Start the committer."""
        self._task = asyncio.create_task(self._run())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Commit what waits; also after an error, for answers that came are facts."""
        assert self._task is not None
        self._closing.set()
        self._more.set()
        await asyncio.shield(self._task)

    async def add(self, item: Item) -> None:
        """Take one item; it is durable some moments later.

        Raises:
            Exception: whatever stopped an earlier commit.
        """
        if self._task is not None and self._task.done():
            self._task.result()
        self._waiting.append(item)
        self._more.set()

    async def _run(self) -> None:
        while True:
            await self._more.wait()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._gather):
                    await self._closing.wait()
            self._more.clear()
            group, self._waiting = self._waiting, []
            if group:
                await asyncio.to_thread(self._commit, group)
            if self._closing.is_set() and not self._waiting:
                return


@contextlib.contextmanager
def first_error() -> Iterator[None]:
    """Let the first error of a group of lanes out by itself: callers judge single, typed errors."""
    try:
        yield
    except BaseExceptionGroup as group:
        error: BaseException = group
        while isinstance(error, BaseExceptionGroup):
            error = error.exceptions[0]
        raise error from None
