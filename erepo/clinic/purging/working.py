"""Purge what is over, in portions: ask, write down, remove."""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby

from erepo.clinic import audit
from erepo.clinic.archiving.committing import GroupCommit, first_error
from erepo.clinic.archiving.comparing import Finding, compare
from erepo.clinic.archiving.permission import check_permitted
from erepo.clinic.archiving.results import Problem
from erepo.clinic.archiving.verdicts import Verdict, judge
from erepo.clinic.content import ContentStore
from erepo.clinic.database import Database
from erepo.clinic.pipeline import PATIENCE, ByteBudget
from erepo.clinic.purging.choosing import pages
from erepo.clinic.purging.errors import ContentNotRemoved
from erepo.clinic.purging.removing import make_remote, noted, remove_noted
from erepo.clinic.purging.results import Kept, PurgeReport, total_of
from erepo.clinic.repository import Cloud
from erepo.clinic.rereading import Archived, read_back
from erepo.clinic.tables import now
from erepo.xds import iti18

#: Documents of one question (all of one patient).
SLICE = 100

Found = tuple[Archived, Finding | None]
"""A document and what the repository says of it; None for octets that are not those that were sent."""
Remove = Callable[[PurgeReport, Sequence[Archived]], int]
"""Removes what is noted and was confirmed; writes into the report what the machine refuses."""


@dataclass
class Purging:
    """The purging of one run; `portion` until `done`.

    Attributes:
        cloud: an opened connection.
        database: the clinic's.
        done: nothing is left that this run has not looked at.
    """

    cloud: Cloud
    database: Database
    done: bool = False
    _left: Iterator[Sequence[Archived]] = field(init=False, repr=False)
    _pages: Iterator[Sequence[Archived]] = field(init=False, repr=False)
    _store: ContentStore = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Fix the moment, so that a run has an end."""
        self._left = noted(self.database, self.cloud.repository_unique_id)
        self._pages = pages(self.database, now(), self.cloud.repository_unique_id)
        self._store = ContentStore.at(self.cloud.settings)

    async def portion(self) -> PurgeReport:
        """Purge the next documents, at most a page of them; what an earlier run left over goes first.

        Raises:
            MaintenanceNow, LicenceExpired…: purging is not permitted now; nothing was touched.
        """
        await asyncio.to_thread(check_permitted, self.database, self.cloud.settings)
        report = PurgeReport()
        await asyncio.to_thread(self._remove, report, ())
        while not report.problem and (again := await asyncio.to_thread(next, self._left, None)) is not None:
            with first_error():
                await _Portion(self.cloud, self.database, report, self._remove, again=True).run(again)
        wanted = None if report.problem else await asyncio.to_thread(next, self._pages, None)
        if wanted is None:
            self.done = True
            return report
        with first_error():
            await _Portion(self.cloud, self.database, report, self._remove).run(wanted)
        self.done = report.problem is not None
        return report

    def _remove(self, report: PurgeReport, confirmed: Sequence[Archived]) -> int:
        try:
            return remove_noted(self.database, self._store, {one.id for one in confirmed})
        except OSError as error:
            report.problem = Problem.of(ContentNotRemoved(problem=error.strerror))
            return 0


async def purge(cloud: Cloud, database: Database) -> PurgeReport:
    """Purge everything whose local days are over.

    Args:
        cloud: an opened connection.
        database: the clinic's.

    Raises:
        MaintenanceNow, LicenceExpired…: purging is not permitted now.
    """
    purging, reports = Purging(cloud, database), []
    while not purging.done:
        reports.append(await purging.portion())
    return total_of(reports)


class _Portion:
    """One page of documents; `again`: of those that an earlier run has made remote and left here."""

    def __init__(
        self, cloud: Cloud, database: Database, report: PurgeReport, remove: Remove, *, again: bool = False
    ) -> None:
        self._cloud, self._database, self._report, self._remove = cloud, database, report, remove
        self._again = again
        self._budget = ByteBudget(cloud.settings.limits.memory_budget)
        self._failures = 0
        self._first: Problem | None = None

    async def run(self, wanted: Sequence[Archived]) -> None:
        slices = iter(list(_slices(wanted)))
        async with GroupCommit(self._commit) as commits, asyncio.TaskGroup() as lanes:
            for _ in range(self._cloud.settings.in_flight):
                lanes.create_task(self._lane(slices, commits))
        # Few documents end before patience does: what kept them from being asked about is told all the same.
        self._report.problem = self._report.problem or self._first

    async def _lane(self, slices: Iterator[Sequence[Archived]], commits: GroupCommit[Found]) -> None:
        while (wanted := next(slices, None)) is not None:
            if self._report.problem is not None:
                self._report.unasked += len(wanted)
                continue
            try:
                found = await self._ask(wanted)
            except Exception as error:  # noqa: BLE001 - whatever it is, these stay, others go on
                self._failed(error, len(wanted))
                continue
            self._failures = 0
            for one in found:
                await commits.add(one)

    def _failed(self, error: Exception, documents: int) -> None:
        self._failures += 1
        self._report.unasked += documents
        self._first = self._first or Problem.of(error)
        if self._failures >= PATIENCE or judge(error).verdict is Verdict.HALT:
            self._report.problem = self._report.problem or Problem.of(error)

    async def _ask(self, wanted: Sequence[Archived]) -> list[Found]:
        """Ask the registry, then fetch and hash what it holds equal (Q)."""
        ids = [one.unique_id for one in wanted]
        entries = (await self._cloud.query(iti18.get_documents(unique_ids=ids))).metadata.documents
        told = [
            (one, compare(one.unique_id, one.sha1, one.size, entries, replaced=one.replaced))
            for one in wanted
        ]
        equal = [one for one, finding in told if finding is Finding.EQUAL]
        read = await read_back(self._cloud, equal, self._budget)
        return [(one, read.get(one.id, finding)) for one, finding in told]

    def _commit(self, group: Sequence[Found]) -> None:
        equal = [one for one, finding in group if finding is Finding.EQUAL]
        if self._again:
            self._report.left_over += self._remove(self._report, equal)
        else:
            made = make_remote(self._database, equal)
            self._report.purged += len(made)
            self._report.bytes += sum(one.size for one in made)
            if made:
                self._remove(self._report, made)
        for one, finding in group:
            if finding is not Finding.EQUAL:
                self._keep(one, finding.value if finding else "content")

    def _keep(self, one: Archived, what: str) -> None:
        self._report.kept.append(Kept(one.public_id, what))
        with self._database.begin() as connection:
            audit.record(connection, "purge_refused", [one.id], detail={"what": what})


def _slices(wanted: Sequence[Archived]) -> Iterator[Sequence[Archived]]:
    """Yield what one question may ask about: documents of one patient, not too many."""
    by_patient = sorted(wanted, key=lambda one: (one.patient_key, one.id))
    for _, of_patient in groupby(by_patient, key=lambda one: one.patient_key):
        together = list(of_patient)
        for start in range(0, len(together), SLICE):
            yield together[start : start + SLICE]
