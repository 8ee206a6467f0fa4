"""Calls to the national domain beside the event loop: bounded in number and time, in turn for an account."""

import asyncio
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import Any, Final, TypeVar

from erepo.cloud.national.errors import P1Overdue, P1RegistrationBusy
from erepo.cloud.national.port import CALL_SECONDS

Result = TypeVar("Result")

#: Calls at once; they wait for others most of their time.
_THREADS: Final = 8
#: Seconds that a call gets beyond what it keeps to by itself: it waited for a thread.
_GRACE: Final = 2.0


class Abroad:
    """The threads in which the national domain is called."""

    def __init__(self, seconds: float = CALL_SECONDS + _GRACE) -> None:
        self._seconds = seconds
        self._threads = ThreadPoolExecutor(_THREADS, "erepo-p1")
        self._busy: set[int] = set()
        self._changes: dict[int, asyncio.Future[Any]] = {}

    @asynccontextmanager
    async def turn(self, tenant_id: int) -> AsyncIterator[None]:
        """Let one request at a time change the registration of an account.

        Raises:
            P1RegistrationBusy: another one does, or a change of an earlier one has not come back.
        """
        call = self._changes.get(tenant_id)
        if tenant_id in self._busy or (call is not None and not call.done()):
            raise P1RegistrationBusy
        self._busy.add(tenant_id)
        try:
            yield
        finally:
            self._busy.discard(tenant_id)

    async def change(self, tenant_id: int, work: Callable[[], Result]) -> Result:
        """Call the national domain to change an account's registration, in the account's turn.

        Raises:
            P1Overdue: it takes too long; the call goes on without us, and no turn begins before its end.
        """
        future = self._begun(work)
        self._changes[tenant_id] = future
        future.add_done_callback(lambda done: self._ended(tenant_id, done))
        return await self._awaited(future)

    async def call(self, work: Callable[[], Result]) -> Result:
        """Call the national domain for something that changes no registration.

        Raises:
            P1Overdue: it takes too long; the call goes on without us.
        """
        return await self._awaited(self._begun(work))

    def _begun(self, work: Callable[[], Result]) -> "asyncio.Future[Result]":
        future = asyncio.get_running_loop().run_in_executor(self._threads, work)
        # Looked at, also where nobody waits for it any more.
        future.add_done_callback(lambda done: None if done.cancelled() else done.exception())
        return future

    async def _awaited(self, future: "asyncio.Future[Result]") -> Result:
        done, _ = await asyncio.wait([future], timeout=self._seconds)
        if not done:
            raise P1Overdue
        return future.result()

    def _ended(self, tenant_id: int, call: "asyncio.Future[Any]") -> None:
        if self._changes.get(tenant_id) is call:
            del self._changes[tenant_id]

    def close(self) -> None:
        """Wait for what is under way: each call ends by itself."""
        self._threads.shutdown(cancel_futures=True)
