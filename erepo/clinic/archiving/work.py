"""One batch in the hands of one archiver: ask about the unknown, send the queued, settle what is open."""

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from functools import partial

from erepo.clinic import chain
from erepo.clinic.archiving import ledger
from erepo.clinic.archiving.asking import ABSENT, ask_documents, ask_submission
from erepo.clinic.archiving.building import Builder
from erepo.clinic.archiving.committing import GroupCommit
from erepo.clinic.archiving.leases import RENEWAL, Lease, renew
from erepo.clinic.archiving.reasons import problem_of, reason_of
from erepo.clinic.archiving.results import Problem, Rejection
from erepo.clinic.archiving.shipments import Shipment, load
from erepo.clinic.archiving.verdicts import ABOUT_RELATIONSHIPS, ALREADY_USED, Judgement, Verdict, judge
from erepo.clinic.database import Database
from erepo.clinic.pipeline import PATIENCE, Breaker, Delivery, Parcel, Pipeline
from erepo.clinic.repository import Cloud
from erepo.clinic.states import State
from erepo.settings import Settings

#: Times the queued documents of a batch are sent within one call.
ROUNDS = 3
#: Seconds before the second round; doubled before the third, with jitter.
PAUSE = 0.5
#: Attempts after which a request that is refused as a whole is the document's own fault.
SUSPECT_ATTEMPTS = 3

Progress = Callable[[int, int], None]
"""Called with documents and octets that have just been archived."""
Asked = tuple[Shipment, Judgement]


@dataclass
class Work:
    """What has been done in one batch so far.

    Attributes:
        cloud: the opened connection.
        database: the clinic's.
        settings: in flight, limits.
        lease: of the batch.
        progress: told about archived documents.
        archived: documents.
        recovered: of these, found in the registry.
        requeued: documents found absent there.
        asked: submissions asked about.
        bytes: octets of the archived ones.
        rejected: with reasons.
        problem: what stopped the work.
        failure: the last error on the way, whether it stopped the work or not.
    """

    cloud: Cloud
    database: Database
    settings: Settings
    lease: Lease
    progress: Progress | None = None
    archived: int = 0
    recovered: int = 0
    requeued: int = 0
    asked: int = 0
    bytes: int = 0
    rejected: list[Rejection] = field(default_factory=list)
    problem: Problem | None = None
    failure: Exception | None = None
    _open: list[Asked] = field(default_factory=list)

    async def ask(self) -> None:
        """Ask the registry about everything whose outcome is unknown."""
        await self._settle(await self._load(State.SENDING), ask_submission)

    async def send(self) -> None:
        """Send what is queued, in rounds, until nothing is or something stops us."""
        try:
            await chain.look(self.cloud, self.database, self.lease.batch_id)
        except Exception as error:  # noqa: BLE001 - nobody can be asked: nothing would get through either
            self.failure, self.problem = error, problem_of(error)
            return
        for number in range(ROUNDS):
            shipments = await self._load(State.QUEUED)
            if not shipments or self.problem is not None:
                return
            if number:
                await asyncio.sleep(PAUSE * 2**number * random.uniform(0.5, 1))  # noqa: S311 - jitter
            breaker = await self._round(shipments)
            await self._settle_open(breaker)
            if breaker.reason is not None:
                self.problem = _problem(breaker.reason)

    def problem_of(self, left: int) -> Problem | None:
        """Return why `left` documents did not come to an end; None if there are none or nothing failed."""
        if self.problem is None and left and self.failure is not None:
            return problem_of(self.failure)
        return self.problem

    async def _load(self, state: State) -> list[Shipment]:
        def read() -> list[Shipment]:
            with self.database.read() as connection:
                return load(connection, self.lease.batch_id, state)

        return await asyncio.to_thread(read)

    async def _round(self, shipments: Sequence[Shipment]) -> Breaker:
        by_id = {shipment.id: shipment for shipment in shipments}
        builder = await asyncio.to_thread(Builder, self.database, self.settings, self.cloud.source_id)

        async def mark(parcels: Sequence[Parcel]) -> None:
            await asyncio.to_thread(
                ledger.mark, self.database, self.lease, [by_id[one.key] for one in parcels]
            )

        def commit(deliveries: Sequence[Delivery]) -> None:
            self._commit([(by_id[one.parcel.key], one.judgement) for one in deliveries])

        async with GroupCommit(commit) as commits:
            pipeline = Pipeline(
                self.cloud.provide,
                self.settings.in_flight,
                self.settings.limits,
                mark=mark,
                report=commits.add,
            )
            return await pipeline.run(_parcels(shipments, builder))

    def _commit(self, group: Sequence[Asked], event: str = "archived") -> None:
        """Write down a group of outcomes (in a thread); what is still open is kept for later."""
        stored = [shipment for shipment, judgement in group if judgement.verdict is Verdict.STORED]
        if stored:
            ledger.archive(self.database, self.lease, stored, self.cloud.repository_unique_id, event=event)
            documents, octets = sum(len(one.items) for one in stored), sum(one.size for one in stored)
            self.archived, self.bytes = self.archived + documents, self.bytes + octets
            if self.progress is not None:
                self.progress(documents, octets)
        lost = (told.error for _, told in group if told.error and told.verdict not in _FINAL)
        self.failure = next(lost, self.failure)
        later = [(one, judgement) for one, judgement in group if judgement.verdict in _NOT_THERE]
        if later:
            ledger.requeue(self.database, self.lease, [(one, told.code) for one, told in later])
        self._open += [(one, judgement) for one, judgement in group if judgement.verdict in _UNSETTLED]

    async def _settle_open(self, breaker: Breaker) -> None:
        """Bring to an end what one answer alone could not decide."""
        unsettled, self._open = self._open, []
        await self._find([asked for asked in unsettled if asked[1].verdict is Verdict.ASK])
        refused = [asked for asked in unsettled if asked[1].verdict in _FINAL]
        doubtful = [asked for asked in refused if _is_doubtful(asked, breaker)]
        sure = [asked for asked in refused if not _is_doubtful(asked, breaker)]
        for shipment, judgement in sure:
            if len(shipment.items) > 1:
                await asyncio.to_thread(ledger.split, self.database, self.lease, shipment, judgement)
        await self._refuse([asked for asked in sure if len(asked[0].items) == 1])
        if doubtful:
            told = [(shipment, judgement.code) for shipment, judgement in doubtful]
            await asyncio.to_thread(ledger.requeue, self.database, self.lease, told)
            self.problem = self.problem or _problem(doubtful[0][1])

    async def _find(self, unknown: Sequence[Asked]) -> None:
        """Ask for submissions; for those whose ids are said to be taken, also for their documents."""
        told = {shipment.id: judgement for shipment, judgement in unknown}

        async def ask(cloud: Cloud, shipment: Shipment) -> Judgement:
            answer, reason = await ask_submission(cloud, shipment), told[shipment.id]
            if answer is not ABSENT or reason.code not in ALREADY_USED:
                return answer
            # The id of a document then, stored by another submission: our database may be an older backup.
            answer = await ask_documents(cloud, shipment)
            if answer is ABSENT and shipment.attempts + 1 >= SUSPECT_ATTEMPTS:
                return replace(reason, verdict=Verdict.REFUSED)
            return answer

        await self._settle([shipment for shipment, _ in unknown], ask)

    async def _refuse(self, refused: Sequence[Asked]) -> None:
        """Reject, unless the registry knows the document after all."""
        reasons = {shipment.id: judgement for shipment, judgement in refused}

        async def ask(cloud: Cloud, shipment: Shipment) -> Judgement:
            told = await ask_documents(cloud, shipment)
            return reasons[shipment.id] if told.verdict is Verdict.LATER else told

        await self._settle([shipment for shipment, _ in refused], ask)

    async def _settle(
        self, shipments: Sequence[Shipment], ask: Callable[[Cloud, Shipment], Awaitable[Judgement]]
    ) -> None:
        """Ask about each, several at once, and write down what is told; stop when nobody answers."""
        waiting, failures = iter(shipments), 0

        async def lane(commits: GroupCommit[Asked]) -> None:
            nonlocal failures
            while self.problem is None and (shipment := next(waiting, None)) is not None:
                try:
                    told = await ask(self.cloud, shipment)
                except Exception as error:  # noqa: BLE001 - unknown still, the next run asks
                    failures, self.failure = failures + 1, error
                    if failures >= PATIENCE or judge(error).verdict is Verdict.HALT:
                        self.problem = problem_of(error)
                    continue
                failures = 0
                await commits.add((shipment, told))

        if not shipments:
            return
        async with GroupCommit(self._commit_told) as commits, asyncio.TaskGroup() as lanes:
            for _ in range(min(self.settings.in_flight, len(shipments))):
                lanes.create_task(lane(commits))

    def _commit_told(self, group: Sequence[Asked]) -> None:
        before = self.archived
        settled = [asked for asked in group if asked[1].verdict not in _FINAL]
        self._commit(settled, event="found_registered")
        self.recovered += self.archived - before
        self.requeued += sum(len(one.items) for one, told in group if told.verdict in _NOT_THERE)
        self.asked += len(group)
        for shipment, judgement in group:
            if judgement.verdict in _FINAL:
                self._reject(shipment, judgement)

    def _reject(self, shipment: Shipment, judgement: Judgement) -> None:
        """Reject one document; of several, each is first tried alone, for only one may be at fault."""
        if len(shipment.items) > 1:
            self.failure = judgement.error or self.failure
            self.requeued += len(shipment.items)
            ledger.split(self.database, self.lease, shipment, judgement)
            return
        if shipment.items[0].replaces and judgement.code in ABOUT_RELATIONSHIPS:
            self.requeued += 1
            ledger.send_alone(self.database, self.lease, shipment, judgement)
            return
        ledger.reject(self.database, self.lease, shipment, judgement)
        self.rejected += _rejections(shipment, judgement)


_NOT_THERE = frozenset({Verdict.LATER, Verdict.UNSENT, Verdict.HALT})
_UNSETTLED = frozenset({Verdict.ASK, Verdict.REFUSED, Verdict.SUSPECT})
_FINAL = frozenset({Verdict.REFUSED, Verdict.SUSPECT})


def _parcels(shipments: Iterable[Shipment], builder: Builder) -> Iterable[Parcel]:
    for shipment in shipments:
        yield Parcel(shipment.id, shipment.size, partial(builder.build, shipment))


def _is_doubtful(asked: Asked, breaker: Breaker) -> bool:
    """Whether a refusal as a whole may be the account's fault rather than the document's."""
    shipment, judgement = asked
    if judgement.verdict is not Verdict.SUSPECT:
        return False
    return breaker.reason is not None or not (breaker.answered or shipment.attempts + 1 >= SUSPECT_ATTEMPTS)


def _problem(judgement: Judgement) -> Problem | None:
    return problem_of(judgement.error) if judgement.error is not None else None


def _rejections(shipment: Shipment, judgement: Judgement) -> list[Rejection]:
    (cause, cure), code = reason_of(judgement), judgement.code
    return [Rejection(item.public_id, code, cause.en, cause.pl, cure.en, cure.pl) for item in shipment.items]


@asynccontextmanager
async def keeping(database: Database, lease: Lease) -> AsyncIterator[None]:
    """Renew the lease while the block runs; a lost one shows at the next commit, which is fenced."""

    async def beat() -> None:
        while True:
            await asyncio.sleep(RENEWAL)
            await asyncio.to_thread(renew, database, lease)

    heart = asyncio.create_task(beat())
    try:
        yield
    finally:
        heart.cancel()
        await asyncio.gather(heart, return_exceptions=True)
