"""How often somebody may show a wrong token."""

import time
from collections import OrderedDict
from collections.abc import Callable
from threading import Lock

from erepo.api.errors import TooManyFailures

#: Seconds after which failures are forgotten.
WINDOW = 60.0
#: Askers remembered; the oldest are forgotten first.
_MOST = 10_000

Asker = tuple[str, str]
"""Address, and the id of the token that was tried (empty if there is no such token).

Of an address behind which many systems stand, only those who try the same token keep each other out.
"""


class FailureLimit:
    """Counts failures by asker in memory; thread-safe."""

    def __init__(self, most: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._most, self._clock, self._lock = most, clock, Lock()
        self._failures: OrderedDict[Asker, list[float]] = OrderedDict()

    def check(self, asker: Asker) -> None:
        """Return while an asker may try.

        Raises:
            TooManyFailures: not before some seconds have passed.
        """
        with self._lock:
            recent = self._recent(asker)
            if len(recent) >= self._most:
                raise TooManyFailures(seconds=int(recent[0] + WINDOW - self._clock()) + 1)

    def failed(self, asker: Asker) -> None:
        """Count one failure."""
        with self._lock:
            self._failures[asker] = [*self._recent(asker), self._clock()][-self._most :]
            self._failures.move_to_end(asker)
            while len(self._failures) > _MOST:
                self._failures.popitem(last=False)

    def _recent(self, asker: Asker) -> list[float]:
        begin = self._clock() - WINDOW
        return [moment for moment in self._failures.get(asker, ()) if moment > begin]
