"""The concurrent sender: order of marking and sending, lanes, budget, breaker."""

import asyncio
from collections.abc import Sequence

import pytest

from erepo.clinic.archiving.verdicts import Verdict
from erepo.clinic.pipeline import PATIENCE, WINDOW, ByteBudget, Delivery, Parcel, Pipeline
from erepo.errors import RemoteUnavailable
from erepo.settings import Limits
from erepo.soap.errors import ForbiddenAnswer

LIMITS = Limits(large_body=1000, memory_budget=16 * 1000 + 2500)


class Log:
    """Records what the pipeline does, in order."""

    def __init__(self) -> None:
        self.events: list[tuple[str, int]] = []
        self.deliveries: dict[int, Verdict] = {}
        self.under_way = self.most = self.large = self.most_large = 0

    async def mark(self, parcels: Sequence[Parcel]) -> None:
        """Take down that these are about to be sent."""
        await asyncio.sleep(0)
        self.events += [("mark", parcel.key) for parcel in parcels]

    async def report(self, delivery: Delivery) -> None:
        """Take down what became of one, at most once."""
        assert delivery.parcel.key not in self.deliveries
        self.deliveries[delivery.parcel.key] = delivery.judgement.verdict

    async def send(self, key: int) -> None:
        """Stand in for the courier."""
        self.events.append(("send", key))
        self.under_way += 1
        self.most = max(self.most, self.under_way)
        await asyncio.sleep(0.001)
        self.under_way -= 1


def pipeline(log: Log, courier: object, in_flight: int = 16) -> Pipeline:
    """Return a pipeline that writes into a log."""
    return Pipeline(courier, in_flight, LIMITS, mark=log.mark, report=log.report)  # type: ignore[arg-type]


def parcels(sizes: Sequence[int]) -> list[Parcel]:
    """Return parcels of these sizes that build their own number."""
    return [Parcel(key, size, lambda key=key: key) for key, size in enumerate(sizes)]  # type: ignore[misc,return-value]


async def test_every_parcel_is_marked_before_it_is_sent_and_reported_once() -> None:
    """No octet leaves before its parcel is marked, and each parcel is reported exactly once."""
    log = Log()
    await pipeline(log, log.send).run(parcels([10] * 200 + [5000] * 3))
    assert log.deliveries == dict.fromkeys(range(203), Verdict.STORED)
    for key in range(203):
        assert log.events.index(("mark", key)) < log.events.index(("send", key))


async def test_small_parcels_are_marked_a_window_at_a_time() -> None:
    """Marking runs ahead by at most one window."""
    log = Log()
    await pipeline(log, log.send).run(parcels([10] * 300))
    marked = sent = 0
    for what, _ in log.events:
        marked, sent = marked + (what == "mark"), sent + (what == "send")
        assert marked - sent <= WINDOW + 16


async def test_as_many_are_in_flight_as_allowed() -> None:
    """The limit of submissions in flight is used and kept."""
    log = Log()
    await pipeline(log, log.send, in_flight=5).run(parcels([10] * 50))
    assert log.most == 5


async def test_small_parcels_go_on_while_large_ones_wait() -> None:
    """A large parcel that takes for ever does not keep small ones waiting, even when it comes first."""
    log, gate = Log(), asyncio.Event()

    async def courier(key: int) -> None:
        if key < 4:
            await gate.wait()
        await log.send(key)
        if len(log.deliveries) >= 95:
            gate.set()

    await asyncio.wait_for(pipeline(log, courier).run(parcels([2000] * 4 + [10] * 100)), 120)
    assert len(log.deliveries) == 104


async def test_large_parcels_keep_within_the_byte_budget() -> None:
    """Two large parcels that exceed the budget together are not under way together."""
    log = Log()
    await pipeline(log, log.send, in_flight=16).run(parcels([1500, 1500, 1500]))
    assert log.most == 1
    await pipeline(Log(), log.send, in_flight=16).run(parcels([90_000]))


async def test_a_parcel_that_cannot_be_built_is_refused_and_others_go_on() -> None:
    """What building raises is the document's own fault; nothing of it is sent."""
    log = Log()

    def broken() -> object:
        raise ValueError("whatever")

    mixed = [Parcel(0, 10, broken), *parcels([10] * 9)[1:]]  # type: ignore[arg-type]
    breaker = await pipeline(log, log.send).run(mixed)
    assert log.deliveries[0] is Verdict.REFUSED
    assert breaker.reason is None
    assert list(log.deliveries.values()).count(Verdict.STORED) == 8


async def test_nobody_answering_stops_after_few_tries() -> None:
    """A dead service is tried a handful of times, not once per document."""
    log, tries = Log(), 0

    async def courier(_: int) -> None:
        nonlocal tries
        tries += 1
        raise RemoteUnavailable(address="x")

    breaker = await pipeline(log, courier, in_flight=4).run(parcels([10] * 200))
    assert breaker.reason is not None
    assert tries <= PATIENCE + 4
    marked = {key for what, key in log.events if what == "mark"}
    assert log.deliveries.keys() == marked
    assert set(log.deliveries.values()) == {Verdict.LATER, Verdict.UNSENT}


async def test_single_failures_do_not_stop() -> None:
    """Failures with successes between them are no outage."""
    log = Log()

    async def courier(key: int) -> None:
        if key % 3 == 0:
            raise RemoteUnavailable(address="x")
        await log.send(key)

    breaker = await pipeline(log, courier, in_flight=1).run(parcels([10] * 60))
    assert breaker.reason is None
    assert list(log.deliveries.values()).count(Verdict.LATER) == 20


async def test_one_forbidden_answer_stops_at_once() -> None:
    """What would meet every other document too is not tried with every other document."""
    log, tries = Log(), 0

    async def courier(_: int) -> None:
        nonlocal tries
        tries += 1
        raise ForbiddenAnswer(address="x", status=403)

    breaker = await pipeline(log, courier, in_flight=1).run(parcels([10] * 50))
    assert tries == 1
    assert breaker.reason is not None
    assert breaker.reason.verdict is Verdict.HALT


async def test_a_failing_hook_ends_the_run() -> None:
    """When the database cannot be written, nothing more is sent."""

    async def mark(_: object) -> None:
        raise OSError("disk full")

    log = Log()
    with pytest.raises(ExceptionGroup):
        await Pipeline(log.send, 4, LIMITS, mark=mark).run(parcels([10] * 10))  # type: ignore[arg-type]
    assert not log.events


async def test_the_budget_lets_a_single_larger_demand_through_alone() -> None:
    """A demand above the total waits for everything to be free, then gets it."""
    budget = ByteBudget(100)
    first = await budget.take(60)
    waiting = asyncio.create_task(budget.take(500))
    await asyncio.sleep(0)
    assert not waiting.done()
    await budget.give_back(first)
    assert await waiting == 100
