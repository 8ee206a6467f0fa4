"""A budget of memory that large bodies share, so that many at once wait instead of filling the machine."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from erepo.cloud.errors import ServiceBusy

#: Seconds to wait for room: less than clients wait while they cannot write (`EREPO_HTTP__WRITE`).
PATIENCE = 30.0


class MemoryBudget:
    """Bytes that may be held at once; who asks first gets first.

    A request larger than the whole budget gets all of it: it runs, but alone.

    Args:
        total: bytes.
        patience: seconds after which a waiting request is turned away.
    """

    def __init__(self, total: int, patience: float = PATIENCE) -> None:
        self.total = total
        self.patience = patience
        self.used = 0
        self._waiting: deque[tuple[int, asyncio.Future[None]]] = deque()

    @property
    def idle(self) -> bool:
        """Whether nobody holds or awaits anything."""
        return not self.used and not self._waiting

    @asynccontextmanager
    async def hold(self, size: int) -> AsyncIterator[None]:
        """Wait until `size` bytes are free, keep them for the block.

        Raises:
            ServiceBusy: they did not come free in time.
        """
        size = min(size, self.total)
        try:
            async with asyncio.timeout(self.patience):
                await self._take(size)
        except TimeoutError:
            raise ServiceBusy(seconds=round(self.patience)) from None
        try:
            yield
        finally:
            self.used -= size
            self._wake()

    async def _take(self, size: int) -> None:
        if not self._waiting and self.used + size <= self.total:
            self.used += size
            return
        place = (size, asyncio.get_running_loop().create_future())
        self._waiting.append(place)
        try:
            await place[1]
        except asyncio.CancelledError:
            if place in self._waiting:
                self._waiting.remove(place)
            elif not place[1].cancelled():
                self.used -= size  # granted in the same moment
            self._wake()
            raise

    def _wake(self) -> None:
        while self._waiting and self.used + self._waiting[0][0] <= self.total:
            size, future = self._waiting.popleft()
            if not future.done():
                self.used += size
                future.set_result(None)


class FairBudget:
    """A budget of which one owner gets at most a share at once.

    Without it a tenant whose senders stall would hold everything and keep all others waiting. For the same
    reason whoever needs more than a share is counted with a share, and waits for a place that there is once
    (`outgrow`): a giant keeps only other giants waiting.

    Attributes:
        share: bytes.
    """

    def __init__(self, total: int, shares: int = 4, patience: float = PATIENCE) -> None:
        self._all = MemoryBudget(total, patience)
        self._patience = patience
        self.share = total // shares
        self._owners: dict[str, MemoryBudget] = {}
        self._giant = MemoryBudget(1)

    @asynccontextmanager
    async def hold(self, owner: str, size: int) -> AsyncIterator[None]:
        """Wait until the owner's share and the whole both have `size` bytes free; see `MemoryBudget`."""
        size = min(size, self.share)
        own = self._owners.setdefault(owner, MemoryBudget(self.share, self._patience))
        try:
            async with own.hold(size), self._all.hold(size):
                yield
        finally:
            if own.idle and self._owners.get(owner) is own:
                del self._owners[owner]

    def outgrow(self) -> AbstractAsyncContextManager[None]:
        """Return the place of the one who may hold more than a share; its holder has a share already."""
        return self._giant.hold(1)
