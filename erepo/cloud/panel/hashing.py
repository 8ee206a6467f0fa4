"""Where passwords are hashed: one at a time, so that a storm of logins takes neither memory nor cores."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final, TypeVar

from erepo.cloud.panel.errors import LoginsBusy

Result = TypeVar("Result")

#: Logins that may wait; each takes some 0.3 s.
MOST: Final = 16


class Hashing:
    """One thread for slow hashes."""

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1, "erepo-password")
        self._waiting = 0

    async def run(self, work: Callable[[], Result]) -> Result:
        """Run a slow hash beside the event loop.

        Raises:
            LoginsBusy: too many wait already.
        """
        if self._waiting >= MOST:
            raise LoginsBusy
        self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._thread, work)
        finally:
            self._waiting -= 1

    def close(self) -> None:
        """End the thread."""
        self._thread.shutdown()
