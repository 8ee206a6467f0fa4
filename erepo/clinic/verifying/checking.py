"""One pass over documents: the registry is asked, octets are read back if wanted, findings are committed.

The registry is asked in slices of one patient (a list over several patients would be refused,
XDSResultNotSinglePatient). What is equal gets the time of the check; what is not gets a row in the repair
plan, in the same transaction.
"""

import asyncio
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from erepo.clinic.archiving.committing import GroupCommit, first_error
from erepo.clinic.archiving.comparing import Finding, compare
from erepo.clinic.archiving.results import Problem
from erepo.clinic.archiving.verdicts import Verdict, judge
from erepo.clinic.database import Database
from erepo.clinic.pipeline import PATIENCE, ByteBudget
from erepo.clinic.repository import Cloud
from erepo.clinic.rereading import Archived, read_back
from erepo.clinic.tables import document, now
from erepo.clinic.verifying.plan import Planner
from erepo.clinic.verifying.report import Checked, VerifyReport
from erepo.xds import iti18

Progress = Callable[[int], None]
"""Called with the number of documents that have just been checked."""


async def check(
    cloud: Cloud,
    database: Database,
    slices: Iterator[Sequence[Archived]],
    *,
    read_back: bool,
    progress: Progress | None = None,
) -> VerifyReport:
    """Check documents.

    Args:
        cloud: an opened connection.
        database: the clinic's.
        slices: documents of one patient each; taken in a thread, as they are needed.
        read_back: also fetch every document and compare its SHA-256.
        progress: called, from a thread, with documents just checked.

    Returns:
        The report; `problem` tells why documents stayed unchecked, if any did.
    """
    started = time.monotonic()
    work = _Check(cloud, database, VerifyReport(read_back=read_back), progress)
    with first_error():
        await work.run(_Shared(slices))
    # Few documents end before patience does: what kept them from being asked about is told all the same.
    work.report.problem = work.report.problem or work.first
    work.report.seconds = round(time.monotonic() - started, 3)
    return work.report


@dataclass
class _Check:
    cloud: Cloud
    database: Database
    report: VerifyReport
    progress: Progress | None
    first: Problem | None = None
    _failures: int = 0

    async def run(self, slices: "_Shared") -> None:
        budget = ByteBudget(self.cloud.settings.limits.memory_budget)
        async with GroupCommit(self._commit) as commits, asyncio.TaskGroup() as lanes:
            for _ in range(self.cloud.settings.in_flight):
                lanes.create_task(self._lane(slices, budget, commits))

    async def _lane(self, slices: "_Shared", budget: ByteBudget, commits: "GroupCommit[Checked]") -> None:
        while (wanted := await slices.next()) is not None:
            if self.report.problem is not None:
                self.report.unchecked += len(wanted)
                continue
            try:
                findings = await self._compare(wanted, budget)
            except Exception as error:  # noqa: BLE001 - whatever it is, these stay unchecked, others go on
                self._failed(error, len(wanted))
                continue
            self._failures = 0
            for one, finding in zip(wanted, findings, strict=True):
                await commits.add((one, finding))

    def _failed(self, error: Exception, documents: int) -> None:
        self._failures += 1
        self.report.unchecked += documents
        self.first = self.first or Problem.of(error)
        if self._failures >= PATIENCE or judge(error).verdict is Verdict.HALT:
            self.report.problem = self.report.problem or Problem.of(error)

    async def _compare(self, wanted: Sequence[Archived], budget: ByteBudget) -> list[Finding | None]:
        """None stands for octets that are not those that were sent."""
        result = await self.cloud.query(iti18.get_documents(unique_ids=[one.unique_id for one in wanted]))
        entries = result.metadata.documents
        findings: list[Finding | None] = [
            compare(one.unique_id, one.sha1, one.size, entries, replaced=one.replaced) for one in wanted
        ]
        if self.report.read_back:
            equal = [one for one, finding in zip(wanted, findings, strict=True) if finding is Finding.EQUAL]
            read = await read_back(self.cloud, equal, budget)
            findings = [read.get(one.id, finding) for one, finding in zip(wanted, findings, strict=True)]
        return findings

    def _commit(self, group: Sequence[Checked]) -> None:
        moment, planner = now(), Planner(self.cloud.settings)
        equal = [one.id for one, finding in group if finding is Finding.EQUAL]
        wrong = [(one, finding) for one, finding in group if finding is not Finding.EQUAL]
        found = [planner.judge(*each) for each in wrong]
        times = {"verified_at": moment} | ({"read_back_at": moment} if self.report.read_back else {})
        with self.database.begin() as connection:
            if equal:
                connection.execute(
                    document.update().where(document.c.id == sa.bindparam("key")),
                    [{"key": id_, **times} for id_ in equal],
                )
                planner.right_again(connection, equal, read_back=self.report.read_back)
            planner.note(connection, found, moment if self.report.read_back else None)
        for each in group:
            self.report.count(each)
        if self.progress is not None:
            self.progress(len(group))


class _Shared:
    """An iterator that many lanes take from, each step in a thread (it reads the database)."""

    def __init__(self, source: Iterator[Sequence[Archived]]) -> None:
        self._source, self._lock = source, asyncio.Lock()

    async def next(self) -> Sequence[Archived] | None:
        async with self._lock:
            return await asyncio.to_thread(next, self._source, None)
