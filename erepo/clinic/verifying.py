"""Proving the archive: every archived document is asked for, and read back if wanted.

The registry is asked in slices of one patient (a list over several patients would be refused,
XDSResultNotSinglePatient). What is equal gets the time of the check; what is not is named by its opaque id.
"""

import asyncio
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from itertools import groupby
from typing import Any

import sqlalchemy as sa

from erepo.clinic import audit
from erepo.clinic.archiving.committing import GroupCommit, first_error
from erepo.clinic.archiving.comparing import Finding, compare
from erepo.clinic.archiving.results import Problem
from erepo.clinic.archiving.verdicts import Verdict, judge
from erepo.clinic.database import Database
from erepo.clinic.pipeline import PATIENCE, ByteBudget
from erepo.clinic.repository import Cloud
from erepo.clinic.rereading import Archived, read_back
from erepo.clinic.states import State
from erepo.clinic.tables import document, now
from erepo.clinic.tables_chain import chain_link
from erepo.xds import iti18

#: Documents of one question.
SLICE = 100
#: Rows read from the database at once.
_PAGE = 2000

Progress = Callable[[int], None]
"""Called with the number of documents that have just been checked."""


@dataclass(frozen=True)
class Difference:
    """A document that is not as it should be.

    Attributes:
        document: its opaque id.
        what: `hash`, `size`, `twice`, `deprecated`, `current` (registry), `content` (octets read back).
    """

    document: str
    what: str


@dataclass
class VerifyReport:
    """The archive compared with what was sent.

    Attributes:
        checked: documents compared.
        equal: of these, as they should be.
        differing: of these, different, by id.
        missing: of these, unknown to the registry or not delivered, by id.
        unchecked: documents nobody could be asked about.
        bytes: octets of the documents compared.
        read_back: whether the octets were fetched and hashed.
        seconds: duration.
        problem: why documents stayed unchecked, if any did.
    """

    checked: int = 0
    equal: int = 0
    differing: list[Difference] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    unchecked: int = 0
    bytes: int = 0
    read_back: bool = False
    seconds: float = 0.0
    problem: Problem | None = None

    @property
    def complete(self) -> bool:
        """Whether every document was checked and is as it should be."""
        return self.equal == self.checked and not self.unchecked and self.problem is None

    def as_json(self) -> dict[str, Any]:
        """Return plain data."""
        return asdict(self)


async def verify(
    cloud: Cloud, database: Database, *, read_back: bool = False, progress: Progress | None = None
) -> VerifyReport:
    """Compare hash and size of every archived document with the registry.

    Args:
        cloud: an opened connection.
        database: the clinic's.
        read_back: also fetch every document and compare its SHA-256.
        progress: called, from a thread, with documents just checked.

    Returns:
        The report; `problem` tells why documents stayed unchecked, if any did.
    """
    started = time.monotonic()
    check = _Check(cloud, database, VerifyReport(read_back=read_back), progress)
    with first_error():
        await check.run()
    # Few documents end before patience does: what kept them from being asked about is told all the same.
    check.report.problem = check.report.problem or check.first
    check.report.seconds = round(time.monotonic() - started, 3)
    return check.report


async def count(database: Database) -> int:
    """Return how many documents `verify` will check."""
    return await asyncio.to_thread(_count, database)


@dataclass
class _Check:
    cloud: Cloud
    database: Database
    report: VerifyReport
    progress: Progress | None
    first: Problem | None = None
    _failures: int = 0

    async def run(self) -> None:
        budget = ByteBudget(self.cloud.settings.limits.memory_budget)
        slices = self._slices()
        async with GroupCommit(self._commit) as commits, asyncio.TaskGroup() as lanes:
            for _ in range(self.cloud.settings.in_flight):
                lanes.create_task(self._lane(slices, budget, commits))

    async def _lane(
        self, slices: "_Shared", budget: ByteBudget, commits: "GroupCommit[tuple[Archived, Finding | None]]"
    ) -> None:
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

    def _commit(self, group: Sequence[tuple[Archived, Finding | None]]) -> None:
        equal = [one.id for one, finding in group if finding is Finding.EQUAL]
        wrong = [(one, finding) for one, finding in group if finding is not Finding.EQUAL]
        with self.database.begin() as connection:
            if equal:
                connection.execute(
                    document.update().where(document.c.id == sa.bindparam("key")),
                    [{"key": id_, "verified_at": now()} for id_ in equal],
                )
            for one, finding in wrong:
                what = finding.value if finding else "content"
                audit.record(connection, "verify_failed", [one.id], detail={"what": what})
        self._count(group)

    def _count(self, group: Sequence[tuple[Archived, Finding | None]]) -> None:
        report = self.report
        for one, finding in group:
            report.checked += 1
            report.bytes += one.size
            match finding:
                case Finding.EQUAL:
                    report.equal += 1
                case Finding.MISSING:
                    report.missing.append(one.public_id)
                case _:
                    report.differing.append(
                        Difference(one.public_id, finding.value if finding else "content")
                    )
        if self.progress is not None:
            self.progress(len(group))

    def _slices(self) -> "_Shared":
        return _Shared(_slices(_pages(self.database)))


class _Shared:
    """An iterator that many lanes take from, each step in a thread (it reads the database)."""

    def __init__(self, source: Iterator[Sequence[Archived]]) -> None:
        self._source, self._lock = source, asyncio.Lock()

    async def next(self) -> Sequence[Archived] | None:
        async with self._lock:
            return await asyncio.to_thread(next, self._source, None)


_ARCHIVED = (State.ARCHIVED.value, State.REMOTE.value)


def _count(database: Database) -> int:
    with database.read() as connection:
        return connection.execute(
            sa.select(sa.func.count()).select_from(document).where(document.c.state.in_(_ARCHIVED))
        ).scalar_one()


def _pages(database: Database) -> Iterator[Archived]:
    """Yield what is archived, by patient; each page is a short read of its own."""
    columns = [document.c[name] for name in Archived._fields[:-1]] + [_replaced()]
    last = (-1, -1)
    while True:
        with database.read() as connection:
            rows = connection.execute(
                sa.select(*columns)
                .where(
                    # Almost everything is archived: by the index of states, each page would sort all of it.
                    sa.func.coalesce(document.c.state, "").in_(_ARCHIVED),
                    sa.tuple_(document.c.patient_key, document.c.id)
                    > sa.tuple_(sa.literal(last[0]), sa.literal(last[1])),
                )
                .order_by(document.c.patient_key, document.c.id)
                .limit(_PAGE)
            ).all()
        yield from (Archived(*(*row[:-1], _REPLACED[row[-1]])) for row in rows)
        if len(rows) < _PAGE:
            return
        last = (rows[-1].patient_key, rows[-1].id)


#: By the state of the link: whether the registry must show the older document as replaced; None: it may.
_REPLACED = {None: False, "linked": True, "open": None}


def _replaced() -> sa.ColumnElement[str | None]:
    """State of the best link to a document: one that is known to the registry before one that may be."""
    settled = sa.select(sa.func.min(chain_link.c.state)).where(
        chain_link.c.predecessor_id == document.c.id, chain_link.c.state.in_(("linked", "open"))
    )
    return settled.correlate(document).scalar_subquery()


def _slices(archived: Iterable[Archived]) -> Iterator[Sequence[Archived]]:
    for _, of_patient in groupby(archived, key=lambda one: one.patient_key):
        together: list[Archived] = []
        for one in of_patient:
            together.append(one)
            if len(together) == SLICE:
                yield together
                together = []
        if together:
            yield together
