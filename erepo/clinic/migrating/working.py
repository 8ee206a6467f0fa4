"""One batch of a migration in the hands of one process: secure here, remove there, block."""

import asyncio
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from erepo.clinic.archiving.reasons import problem_of
from erepo.clinic.archiving.results import Problem, Rejection
from erepo.clinic.archiving.verdicts import Verdict, judge
from erepo.clinic.content import ContentStore
from erepo.clinic.database import Database
from erepo.clinic.indexing.leaving import withdraw_first
from erepo.clinic.machine import trouble_of
from erepo.clinic.migrating import ledger
from erepo.clinic.migrating.errors import MigrationLost, RemoteMissing
from erepo.clinic.migrating.leases import Lease
from erepo.clinic.migrating.ledger import Doc, GivenUp
from erepo.clinic.migrating.results import MIGRATED, SKIPPED, Message
from erepo.clinic.migrating.securing import here_already, secure
from erepo.clinic.pipeline import PATIENCE, ByteBudget
from erepo.clinic.removal import RemoteDocument, is_registered, remove_remote
from erepo.clinic.repository import Cloud
from erepo.clinic.states import State
from erepo.errors import ErepoError

#: Documents, and octets, of one retrieval and one removal. A stop is obeyed between two of them.
GROUP, GROUP_OCTETS = 64, 4 * 1024**2
#: Groups under way at once.
LANES = 4
#: Times what is left over is tried within one call, and seconds before the second time.
ROUNDS, PAUSE = 3, 0.5

Progress = Callable[[Sequence[Message], int], None]
"""Called with what has just come to an end, and the octets of the migrated ones."""


@dataclass
class Work:
    """What has been done in one batch so far.

    Attributes:
        cloud: the opened connection.
        database: the clinic's.
        lease: of the batch.
        progress: told what came to an end.
        migrated: documents.
        recovered: of these, begun by an earlier call.
        bytes: octets of the migrated ones.
        skipped: documents that were not in the repository any more.
        failed: given up, with reasons.
        messages: one for each document that came to an end.
        stopped: somebody asked to stop.
        problem: what stopped the work.
    """

    cloud: Cloud
    database: Database
    lease: Lease
    progress: Progress | None = None
    migrated: int = 0
    recovered: int = 0
    bytes: int = 0
    skipped: int = 0
    failed: list[Rejection] = field(default_factory=list)
    messages: list[Message] = field(default_factory=list)
    stopped: bool = False
    problem: Problem | None = None
    _failure: Exception | None = None
    _failures: int = 0

    def __post_init__(self) -> None:
        self._store = ContentStore.at(self.cloud.settings)
        limits = self.cloud.settings.limits
        self._budget = ByteBudget(limits.memory_budget)

    async def run(self, *, begin: bool = True) -> None:
        """Bring what an earlier call left open to an end; then, if wanted, what was not begun yet."""
        if begin and not await self._is_answered():
            return
        for number in range(ROUNDS):
            if number:
                await asyncio.sleep(PAUSE * 2**number * random.uniform(0.5, 1))  # noqa: S311 - jitter
            begun = await self._load(ledger.OPEN)
            planned = await self._load(("planned",)) if begin else []
            if not (begun or planned) or self.problem is not None:
                return
            before = self._failure
            await self._pass(begun, planned, recovering=not number)
            if self.stopped or self._failure is before:
                return

    def problem_of(self, left: int) -> Problem | None:
        """Return why `left` documents did not come to an end; None if there are none or nothing failed."""
        if self.problem is None and left and self._failure is not None:
            return problem_of(self._failure)
        return self.problem

    async def _is_answered(self) -> bool:
        """Begin nothing where nobody answers: documents would wait half-way for no reason."""
        for one in (await self._load(("planned",)))[:1]:
            try:
                await is_registered(self.cloud, self._remote(one))
            except Exception as error:  # noqa: BLE001 - whatever it is, nothing is begun
                self._note(error)
                self.problem = problem_of(self._failure or error)
                return False
        return True

    async def _load(self, steps: Sequence[str]) -> list[Doc]:
        return await asyncio.to_thread(ledger.load, self.database, self.lease, steps)

    async def _pass(self, begun: Sequence[Doc], planned: Sequence[Doc], *, recovering: bool) -> None:
        waiting = iter([(one, False) for one in groups(begun)] + [(one, True) for one in groups(planned)])

        async def lane() -> None:
            while self.problem is None and (work := next(waiting, None)) is not None:
                docs, fresh = work
                taken = await self._budget.take(sum(one.size for one in docs))
                try:
                    await self._group(docs, fresh=fresh, recovering=recovering)
                finally:
                    await self._budget.give_back(taken)

        async with asyncio.TaskGroup() as lanes:
            for _ in range(min(LANES, self.cloud.settings.in_flight)):
                lanes.create_task(lane())

    async def _group(self, docs: Sequence[Doc], *, fresh: bool, recovering: bool) -> None:
        if fresh and (self.stopped or await asyncio.to_thread(ledger.is_stopped, self.database, self.lease)):
            self.stopped = True
            return
        try:
            if fresh:
                docs = await self._begin(docs)
            secured = await self._secure(docs)
            if secured:
                await self._remove(secured, recovered=recovering and not fresh)
        except MigrationLost:
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is, other groups go on
            self._failed(error)

    async def _begin(self, docs: Sequence[Doc]) -> list[Doc]:
        begun = await asyncio.to_thread(ledger.begin, self.database, self.lease, docs)
        left = {one.id for one in docs} - {one.id for one in begun}
        self.skipped += len(left)
        self._tell([Message(one.public_id, SKIPPED) for one in docs if one.id in left])
        return begun

    async def _secure(self, docs: Sequence[Doc]) -> list[Doc]:
        """Return those whose octets lie here by a committed fact; the others are back where they were."""
        here = await here_already(self._store, docs)
        lost = [one for one in docs if one.step == "durable" and one.id not in here]
        if lost:
            await asyncio.to_thread(ledger.back_to_fetching, self.database, self.lease, lost)
        away = [one for one in docs if one.id not in here]
        found, refused = [one for one in docs if one.id in here], list[tuple[Doc, ErepoError]]()
        if away:
            try:
                fetched = await secure(self.cloud, self._store, away)
            except Exception as error:  # noqa: BLE001 - whatever it is, other groups go on
                # Nothing of these was removed: they are where they were. Of what was durable once something
                # may have been; that stays on its way.
                code = error.code if isinstance(error, ErepoError) else f"unexpected.{type(error).__name__}"
                again = [
                    GivenUp(one, one.from_state, code, again=True) for one in away if not one.once_durable
                ]
                await asyncio.to_thread(ledger.give_up, self.database, self.lease, again)
                self._failed(error)
            else:
                found, refused = found + fetched.here, fetched.refused
        if refused:
            await self._give_up(refused)
        fresh = [one for one in found if one.step != "durable"]
        if fresh:
            await asyncio.to_thread(ledger.durable, self.database, self.lease, fresh)
        return found

    async def _remove(self, docs: Sequence[Doc], *, recovered: bool) -> None:
        await withdraw_first(self.cloud, self.database, [one.id for one in docs], actor=self.lease.actor)
        removal = await remove_remote(self.cloud, [self._remote(one) for one in docs])
        self._failures = 0
        gone = [one for one in docs if one.unique_id in removal.gone]
        if gone:
            await asyncio.to_thread(ledger.finish, self.database, self.lease, gone)
            octets = sum(one.size for one in gone)
            self.migrated, self.bytes = self.migrated + len(gone), self.bytes + octets
            self.recovered += len(gone) if recovered else 0
            self._tell([Message(one.public_id, MIGRATED) for one in gone], octets)
        for one in docs:
            error = removal.failed.get(one.unique_id)
            if error is None:
                continue
            if isinstance(error, ErepoError) and await is_registered(self.cloud, self._remote(one)):
                # The entry is there, so the octets are: all as before, but for the copy here.
                await self._give_up([(one, error)], state=State.ARCHIVED)
            else:
                self._note(error)

    async def _give_up(self, refused: Sequence[tuple[Doc, ErepoError]], state: State | None = None) -> None:
        given = [
            GivenUp(one, state or one.from_state, error.code, alarm=isinstance(error, RemoteMissing))
            for one, error in refused
        ]
        await asyncio.to_thread(ledger.give_up, self.database, self.lease, given)
        for one, error in refused:
            told = problem_of(error)
            self.failed.append(
                Rejection(one.public_id, told.code, told.cause_en, told.cause_pl, told.cure_en, told.cure_pl)
            )
        self._tell([Message(one.public_id, error.code) for one, error in refused])

    def _remote(self, doc: Doc) -> RemoteDocument:
        here = doc.repository_unique_id or self.cloud.repository_unique_id
        return RemoteDocument(doc.unique_id, here, doc.entry_uuid or "")

    def _failed(self, error: Exception) -> None:
        self._failures += 1
        self._note(error)
        told = self._failure or error
        if self._failures >= PATIENCE or judge(told).verdict is Verdict.HALT:
            self.problem = self.problem or problem_of(told)

    def _note(self, error: Exception) -> None:
        self._failure = error if isinstance(error, ErepoError) else trouble_of(error, "content") or error

    def _tell(self, messages: Sequence[Message], octets: int = 0) -> None:
        self.messages += messages
        if self.progress is not None and messages:
            self.progress(messages, octets)


def groups(docs: Sequence[Doc]) -> Iterator[list[Doc]]:
    """Yield documents in groups that are fetched and removed together."""
    together: list[Doc] = []
    size = 0
    for one in docs:
        if together and (len(together) == GROUP or size + one.size > GROUP_OCTETS):
            yield together
            together, size = [], 0
        together.append(one)
        size += one.size
    if together:
        yield together
