"""The concurrent sender: many submissions in flight, small ones never waiting for large ones.

It knows no database: what must be remembered before and after sending is handed in as two hooks. The same
code serves archiving (hooks write the clinic's database) and the benchmark's bare run (no hooks).

    parcels ──► window of small ones, marked together ──► `in_flight` lanes ─┐
        └─────► large ones, marked one by one ──► LARGE_LANES, byte budget ──┴──► courier ──► report

Lanes stop taking parcels once the breaker trips: after `PATIENCE` consecutive failures of the way itself
(no connection, no answer, busy) or after one refusal that would meet every other document too. What was
marked but not sent by then is reported as unsent, so that nobody has to ask about it.
"""

import asyncio
import itertools
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from erepo.clinic.archiving.errors import DescriptionUnusable
from erepo.clinic.archiving.verdicts import ANSWERED, STORED, UNSENT, Judgement, Verdict, judge, refuse
from erepo.settings import Limits

if TYPE_CHECKING:
    from erepo.xds.iti41 import Submission

#: Submissions marked in one commit before any of them is sent.
WINDOW = 64
#: Large submissions under way at once, beside the small ones.
LARGE_LANES = 2
#: Consecutive failures of the way to the service after which nothing more is sent.
PATIENCE = 4


@dataclass(frozen=True, slots=True)
class Parcel:
    """One submission to be sent.

    Attributes:
        key: what the caller knows it by.
        size: octets of its documents.
        build: makes the submission right before sending; what it raises is the document's own fault.
    """

    key: int
    size: int
    build: "Callable[[], Submission]"


@dataclass(frozen=True, slots=True)
class Delivery:
    """What became of one parcel."""

    parcel: Parcel
    judgement: Judgement


Courier = Callable[["Submission"], Awaitable[None]]
"""Sends one submission; returns after a verified Success, raises a typed error otherwise."""
Mark = Callable[[Sequence[Parcel]], Awaitable[None]]
"""Called, and awaited, before the first byte of any of the parcels leaves."""
Report = Callable[[Delivery], Awaitable[None]]
"""Called once for each parcel that was marked."""


async def nothing(_: object) -> None:
    """Stand in for a hook that has nothing to do."""


class ByteBudget:
    """Octets that may be under way at once; a single larger demand is let through alone."""

    def __init__(self, total: int) -> None:
        self._total = self._free = max(total, 1)
        self._changed = asyncio.Condition()

    async def take(self, size: int) -> int:
        """Wait until `size` octets are free and return what was taken."""
        wanted = min(size, self._total)
        async with self._changed:
            await self._changed.wait_for(lambda: self._free >= wanted)
            self._free -= wanted
        return wanted

    async def give_back(self, taken: int) -> None:
        """Free what `take` returned."""
        async with self._changed:
            self._free += taken
            self._changed.notify_all()


@dataclass
class Breaker:
    """Counts consecutive failures of the way to the service.

    Attributes:
        reason: the judgement that stopped everything; None while the way is open.
        answered: whether the service has judged any submission on its merits.
    """

    patience: int = PATIENCE
    reason: Judgement | None = None
    answered: bool = False
    _failures: int = 0

    def note(self, judgement: Judgement) -> None:
        """Take one outcome of the courier into account."""
        if judgement.verdict in ANSWERED:
            self.answered, self._failures = True, 0
            return
        self._failures += 1
        if judgement.verdict is Verdict.HALT or self._failures >= self.patience:
            self.reason = self.reason or judgement


class _Feed:
    """Hands out parcels to the lanes; small ones are marked a window at a time, large ones by their lane."""

    def __init__(self, parcels: Iterable[Parcel], mark: Mark, large_from: int) -> None:
        self._source, self._mark, self._large_from = iter(parcels), mark, large_from
        self._lock = asyncio.Lock()
        self._waiting: deque[Parcel] = deque()
        self._marked: deque[Parcel] = deque()
        self._large: deque[Parcel] = deque()

    async def small(self) -> Parcel | None:
        """Return the next small parcel, marked; None when there are no more."""
        async with self._lock:
            if not self._marked:
                while not self._waiting and self._pull():
                    pass
                await self._mark_window()
            return self._marked.popleft() if self._marked else None

    async def large(self) -> Parcel | None:
        """Return the next large parcel, not marked yet; None when there are no more."""
        async with self._lock:
            while not self._large and self._pull():
                pass
            return self._large.popleft() if self._large else None

    def left_over(self) -> list[Parcel]:
        """Return what was marked and not handed out."""
        return list(self._marked)

    def _pull(self) -> bool:
        window = list(itertools.islice(self._source, WINDOW))
        for parcel in window:
            (self._large if parcel.size > self._large_from else self._waiting).append(parcel)
        return bool(window)

    async def _mark_window(self) -> None:
        window = [self._waiting.popleft() for _ in range(min(WINDOW, len(self._waiting)))]
        if window:
            await self._mark(window)
            self._marked.extend(window)


@dataclass
class Pipeline:
    """Sends parcels concurrently.

    Attributes:
        courier: sends one submission.
        in_flight: small submissions under way at once.
        limits: what counts as large, and the octets of large ones under way at once.
        mark: hook before sending.
        report: hook after sending.
        patience: consecutive failures of the way after which nothing more is sent.
    """

    courier: Courier
    in_flight: int
    limits: Limits
    mark: Mark = nothing
    report: Report = nothing
    patience: int = PATIENCE
    _breaker: Breaker = field(init=False)

    async def run(self, parcels: Iterable[Parcel]) -> Breaker:
        """Send everything, or stop early; every marked parcel is reported exactly once.

        Raises:
            ExceptionGroup: a hook failed; parcels under way are then neither reported nor known.
        """
        self._breaker = Breaker(self.patience)
        feed = _Feed(parcels, self.mark, self.limits.large_body)
        budget = ByteBudget(self.limits.memory_budget - self.in_flight * self.limits.large_body)
        async with asyncio.TaskGroup() as lanes:
            for _ in range(self.in_flight):
                lanes.create_task(self._small_lane(feed))
            for _ in range(LARGE_LANES):
                lanes.create_task(self._large_lane(feed, budget))
        for parcel in feed.left_over():
            await self.report(Delivery(parcel, UNSENT))
        return self._breaker

    async def _small_lane(self, feed: _Feed) -> None:
        while self._breaker.reason is None and (parcel := await feed.small()) is not None:
            await self.report(Delivery(parcel, await self._deliver(parcel)))

    async def _large_lane(self, feed: _Feed, budget: ByteBudget) -> None:
        while self._breaker.reason is None and (parcel := await feed.large()) is not None:
            taken = await budget.take(parcel.size)
            try:
                if self._breaker.reason is None:
                    await self.mark([parcel])
                    await self.report(Delivery(parcel, await self._deliver(parcel)))
            finally:
                await budget.give_back(taken)

    async def _deliver(self, parcel: Parcel) -> Judgement:
        if self._breaker.reason is not None:
            return UNSENT
        try:
            submission = parcel.build()
        except Exception as error:  # noqa: BLE001 - one rotten document must not stop the others
            judgement = refuse(error)
            if judgement.verdict is Verdict.HALT:
                self._breaker.note(judgement)
            return judgement
        judgement = STORED
        try:
            await self.courier(submission)
        except DescriptionUnusable as error:
            return refuse(error)  # nothing has left, and the way was not even tried
        except Exception as error:  # noqa: BLE001 - whatever it is, others go on; `judge` decides
            judgement = judge(error)
        self._breaker.note(judgement)
        return judgement
