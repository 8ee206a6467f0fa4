"""What is in the index, what is late and why; and one document's index."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

import sqlalchemy as sa

from erepo.clinic.archiving.results import Problem
from erepo.clinic.indexing.enrolling import THERE
from erepo.clinic.indexing.errors import IndexUnknown
from erepo.clinic.indexing.pausing import Pause, pause_of
from erepo.clinic.indexing.preflight import check_account
from erepo.clinic.indexing.results import Reason
from erepo.clinic.indexing.states import AT_P1, TO_GO, UNDER_WAY, Index
from erepo.clinic.p1.errors import P1NotRegistered
from erepo.clinic.tables import document
from erepo.clinic.tables_indexing import INDEX_STATES, document_index
from erepo.errors import ErepoError

#: Why a document is late that nothing has been said of yet.
NOT_ARCHIVED, NOT_TRIED = "indexing.not-archived", "indexing.not-tried"
#: Late documents that a report names; all of them are counted.
MOST: Final = 1000
_i = document_index.c


@dataclass(frozen=True)
class Shown:
    """One document's index.

    Attributes:
        document: opaque id.
        kind: of the document.
        state: of its index.
        lawful: whether the law demands it.
        deadline: until when, UTC.
        late: whether that has passed, and it is not there.
        attempts: so far.
        next_at: when it is tried again by itself.
        code: why it is not there; empty where it is, or nobody has tried.
        reason: the same in words.
        event: whether its medical event is known, and who told it.
        indexed_at: UTC.
        withdrawn_at: UTC.
    """

    document: str
    kind: str
    state: str
    lawful: bool
    deadline: datetime
    late: bool
    attempts: int
    next_at: datetime | None
    code: str
    reason: Reason | None
    event: str
    indexed_at: datetime | None
    withdrawn_at: datetime | None

    def as_json(self) -> dict[str, Any]:
        """Return plain data."""
        return asdict(self)


@dataclass(frozen=True)
class Report:
    """How indexing stands.

    Attributes:
        states: documents by the state of their index: of those under way, or of all.
        late: lawful documents whose deadline has passed and that are not in the index.
        near: those whose deadline passes soon.
        reasons: the late ones by why they are late.
        listed: the late ones, the oldest deadline first, at most `MOST`.
        owed: indexes that have to be withdrawn.
        pause: while P1 is left alone.
        problem: what keeps the account from indexing at all.
        used: whether any document has to be, or was, in the index.
        at_p1: whether P1 has, or may have, the index of any.
    """

    states: dict[str, int] = field(default_factory=dict)
    late: int = 0
    near: int = 0
    reasons: dict[str, int] = field(default_factory=dict)
    listed: list[Shown] = field(default_factory=list)
    owed: int = 0
    pause: Pause | None = None
    problem: Problem | None = None
    used: bool = False
    at_p1: bool = False

    @property
    def unused(self) -> bool:
        """Whether the clinic does not index in P1 at all: it is not registered, and P1 has nothing of it."""
        return self.problem is not None and self.problem.code == P1NotRegistered.code and not self.at_p1

    def as_json(self) -> dict[str, Any]:
        """Return plain data."""
        return {name: value for name, value in asdict(self).items() if name not in ("used", "at_p1")}


def report(
    connection: sa.Connection, account: str, at: datetime, warn: timedelta, *, whole: bool = False
) -> Report:
    """Return how indexing stands now, by the clinic's own tables; what a run asks does not grow with them.

    Args:
        connection: of the transaction.
        account: 16 digits.
        at: now.
        warn: how long before its deadline a document counts as nearly late.
        whole: count those as well that came to an end; for a person who asks.
    """
    counted = sa.select(_i.state, sa.func.count()).group_by(_i.state)
    if not whole:
        counted = counted.where(_i.state.in_(UNDER_WAY))
    states = {str(state): int(count) for state, count in connection.execute(counted)}
    late = connection.execute(_SELECT.where(*open_until(at)).order_by(_i.deadline, _i.document_id)).all()
    near = connection.execute(
        sa.select(sa.func.count()).select_from(document_index).where(*open_until(at + warn))
    ).scalar_one()
    problem: Problem | None = None
    try:
        check_account(connection, account, at)
    except ErepoError as error:
        problem = Problem.of(error)
    return Report(
        states,
        len(late),
        near - len(late),
        dict(sorted(Counter(_why(row) for row in late).items())),
        [_shown(row, at) for row in late[:MOST]],
        states.get(Index.WITHDRAWING.value, 0),
        pause_of(connection, account),
        problem,
        _any(connection, INDEX_STATES),
        _any(connection, AT_P1),
    )


def _any(connection: sa.Connection, states: Sequence[str]) -> bool:
    found = sa.select(_i.document_id).where(_i.state.in_(states)).limit(1)
    return connection.execute(found).first() is not None


def show(connection: sa.Connection, public_id: str, at: datetime) -> Shown:
    """Return one document's index.

    Raises:
        IndexUnknown: no such document, or it is on no list.
    """
    row = connection.execute(_SELECT.where(document.c.public_id == public_id)).one_or_none()
    if row is None:
        raise IndexUnknown(count=1)
    return _shown(row, at)


def open_until(moment: datetime) -> Sequence[sa.ColumnElement[bool]]:
    """Return what holds for documents that the law wants in the index by then and that are not."""
    return (_i.lawful.is_(True), _i.state.in_(TO_GO), _i.deadline <= moment)


_SELECT: Final = sa.select(
    document_index,
    document.c.public_id,
    document.c.kind,
    document.c.state.label("document_state"),
).join(document, document.c.id == _i.document_id)


def _why(row: Any) -> str:
    if row.told is not None:
        reason = Reason.read(row.told)
        return reason.rule or reason.code
    return NOT_TRIED if row.document_state in THERE else NOT_ARCHIVED


def _shown(row: Any, at: datetime) -> Shown:
    open_ = row.state in TO_GO
    told = Reason.read(row.told) if row.told else None
    return Shown(
        row.public_id,
        row.kind,
        row.state,
        bool(row.lawful),
        row.deadline,
        bool(row.lawful and open_ and row.deadline <= at),
        row.attempts,
        row.next_at,
        _why(row) if open_ else (row.code or ""),
        told,
        row.event_from or "",
        row.indexed_at,
        row.withdrawn_at,
    )
