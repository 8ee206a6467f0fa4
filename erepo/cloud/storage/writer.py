"""Group commit: many submissions share one transaction and one flush to the disk.

One thread owns the writing. It takes everything that waits (at most `group` jobs), lets `apply` write it in
one transaction, commits, and only then tells the callers: **the commit is the commit point of every job in
the group**.

Crash windows: before the commit nothing of the group is visible after a restart; after the commit all of it
is, whether or not a caller heard of it.

Whatever one job does wrong (a collision with another process on a unique index, a fault of ours) undoes the
group; then each goes alone, so that one bad job never takes others with it. A group that another process was
in the way of (deadlock, serialization) is written again as it is. When the database is at fault, all callers
hear so: the group may have been committed although its answer was lost, and only asking tells.
"""

import asyncio
import queue
import random
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Generic, TypeVar

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from erepo.blobs.errors import StorageUnavailable
from erepo.cloud.errors import ServiceStopping
from erepo.cloud.storage.database import Database
from erepo.cloud.storage.failures import is_passing, is_storage


class Arrivals:
    """Counts the jobs that are about to come, so that the writer knows whether waiting is worth it."""

    def __init__(self) -> None:
        self.count = 0

    @contextmanager
    def expected(self) -> Iterator[Callable[[], None]]:
        """Count one more until the block ends, or until the given function is called."""
        self.count += 1
        left = False

        def leave() -> None:
            nonlocal left
            if not left:
                left = True
                self.count -= 1

        try:
            yield leave
        finally:
            leave()


#: Longest wait for companions, in seconds.
LINGER = 0.010
_NAP = 0.0025
#: With so many companions the commit is shared well enough.
_ENOUGH = 8
#: Longest pauses before a group is written again that another process was in the way of, in seconds.
_PAUSES = (0.01, 0.05, 0.2, 0.5)

Job = TypeVar("Job")
Outcome = TypeVar("Outcome")
_Waiting = tuple[Job, asyncio.Future[Outcome]]


class GroupWriter(Generic[Job, Outcome]):
    """Runs `apply` for groups of jobs in one thread.

    Args:
        database: where to write.
        prepare: costly work on one job before the transaction begins (compression); the interpreter's lock is
            released in it, so the event loop goes on. It may be called again for a job, also for one that it
            failed for.
        apply: writes a group, returns one outcome per job in order. It may be called again for the same job
            after its transaction was undone, so it must not change the job.
        more: how many jobs are about to come; the thread waits for them a moment (`LINGER`), because a commit
            shared by four costs each a quarter. A lone job never waits.
        tenant: whose a job is: a transaction sees the rows of its jobs' accounts only.
        group: most jobs in one transaction.
    """

    def __init__(
        self,
        database: Database,
        prepare: Callable[[Job], None],
        apply: Callable[[Connection, Sequence[Job]], list[Outcome]],
        more: Callable[[], int] = lambda: 0,
        *,
        tenant: Callable[[Job], int],
        group: int = 64,
    ) -> None:
        self._database = database
        self._prepare = prepare
        self._apply = apply
        self._more = more
        self._tenant = tenant
        self._group = group
        self._queue: queue.SimpleQueue[_Waiting[Job, Outcome] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="erepo-writer", daemon=True)
        self._stopping = False

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    @property
    def waiting(self) -> int:
        """How many jobs wait for the thread."""
        return self._queue.qsize()

    def submit(self, job: Job) -> asyncio.Future[Outcome]:
        """Queue a job; the future is done when its transaction is committed.

        The job may be written even when the caller gives up waiting.

        Raises:
            ServiceStopping: `stop` was called.
        """
        if self._stopping:
            raise ServiceStopping
        future: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        self._queue.put((job, future))
        return future

    def stop(self) -> None:
        """Write what is queued, then end the thread."""
        self._stopping = True
        self._queue.put(None)
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        while (group := self._next_group()) is not None:
            self._write([job for job, _ in group], [future for _, future in group])
        self._refuse_the_late()

    def _refuse_the_late(self) -> None:
        """Tell whoever came in the moment of stopping; without an answer they would wait for ever."""
        with suppress(queue.Empty):
            while True:
                if (late := self._queue.get_nowait()) is not None:
                    _tell([late[1]], [ServiceStopping()])

    def _next_group(self) -> list[_Waiting[Job, Outcome]] | None:
        first = self._queue.get()
        if first is None:
            return None
        self._await_companions()
        group = [first]
        while len(group) < self._group:
            try:
                item = self._queue.get_nowait()
            except queue.Empty:
                break
            if item is None:
                self._queue.put(None)
                break
            group.append(item)
        return group

    def _await_companions(self) -> None:
        """Give jobs that are about to come a moment to arrive.

        In naps, not by waiting on the queue: each arrival would wake this thread, and each waking takes the
        interpreter's lock from the event loop.
        """
        until = time.monotonic() + LINGER
        while self._more() and self._queue.qsize() < _ENOUGH and time.monotonic() < until:
            time.sleep(_NAP)

    def _write(self, jobs: list[Job], futures: list[asyncio.Future[Outcome]]) -> None:
        try:
            for job in jobs:
                self._prepare(job)
            results: Sequence[Outcome | BaseException] = self._commit(jobs)
        except Exception as error:  # noqa: BLE001  # whatever it is, the other side must hear something
            # Unless it is the storage, one job is at fault; the others must not suffer for it.
            results = [_typed(error)] * len(jobs) if is_storage(error) else [self._alone(job) for job in jobs]
        _tell(futures, results)

    def _commit(self, jobs: list[Job]) -> list[Outcome]:
        tenants = {self._tenant(job) for job in jobs}
        for pause in _PAUSES:
            try:
                with self._database.write(*tenants) as connection:
                    return self._apply(connection, jobs)
            except DBAPIError as error:
                if not is_passing(error):
                    raise
                time.sleep(pause * random.random())  # noqa: S311  # no secret, only not in step with others
        with self._database.write(*tenants) as connection:
            return self._apply(connection, jobs)

    def _alone(self, job: Job) -> Outcome | BaseException:
        try:
            # The group may have ended in preparing, before this one's turn.
            self._prepare(job)
            return self._commit([job])[0]
        except Exception as error:  # noqa: BLE001  # whatever it is, the other side must hear something
            return _typed(error)


def _typed(error: Exception) -> BaseException:
    if isinstance(error, (DBAPIError, SQLAlchemyError, OSError)):
        wrapped = StorageUnavailable()
        wrapped.__cause__ = error
        return wrapped
    return error


def _tell(futures: list[asyncio.Future[Outcome]], results: Sequence[Outcome | BaseException]) -> None:
    by_loop: dict[
        asyncio.AbstractEventLoop, list[tuple[asyncio.Future[Outcome], Outcome | BaseException]]
    ] = {}
    for pair in zip(futures, results, strict=True):
        by_loop.setdefault(pair[0].get_loop(), []).append(pair)
    for loop, pairs in by_loop.items():
        try:
            loop.call_soon_threadsafe(_settle, pairs)
        except RuntimeError:  # the loop is closed: the process ends, the client will ask
            continue


def _settle(pairs: "list[tuple[asyncio.Future[Outcome], Outcome | BaseException]]") -> None:
    for future, result in pairs:
        if future.cancelled():
            continue
        if isinstance(result, BaseException):
            future.set_exception(result)
        else:
            future.set_result(result)
