"""What a run of archiving would do now, and why it leaves the rest: counts alone, nothing is changed."""

from dataclasses import asdict, dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa

from erepo.cda.kinds import Kind
from erepo.clinic import chain
from erepo.clinic.actor import archiving_actor
from erepo.clinic.archiving import EVERYTHING, Choice, check_permitted
from erepo.clinic.archiving.errors import AccountMissing
from erepo.clinic.archiving.ledger import OPEN
from erepo.clinic.archiving.planning import chosen_due, is_due
from erepo.clinic.archiving.results import Problem
from erepo.clinic.database import Database
from erepo.clinic.occupancy import name_in_use
from erepo.clinic.purging import count_due
from erepo.clinic.states import State
from erepo.clinic.structure import check_ready
from erepo.clinic.tables import document, kind_rule, now
from erepo.errors import ErepoError
from erepo.settings import Settings
from erepo.texts import Text


class Reason(StrEnum):
    """Why a document that is here would not be sent."""

    OFF = "off"
    LATER = "later"
    NOT_CHOSEN = "not-chosen"
    LIMIT = "limit"
    OLDER_FIRST = "older-first"
    BLOCKED = "blocked"
    REJECTED = "rejected"


#: Each reason as people read it.
WORDS = {
    Reason.OFF: Text("kind is not archived by itself", "rodzaj nie jest zapisywany automatycznie w archiwum"),
    Reason.LATER: Text("local days are not over", "nie upłynął okres dostępności lokalnej"),
    Reason.NOT_CHOSEN: Text("due, but not chosen", "do archiwizacji, ale nieobjęte wyborem"),
    Reason.LIMIT: Text("due, left to a later run", "do archiwizacji w kolejnym uruchomieniu"),
    Reason.OLDER_FIRST: Text(
        "due, goes after the version it replaces", "do archiwizacji po wersji, którą zastępują"
    ),
    Reason.BLOCKED: Text("migrated back and blocked", "zmigrowane z powrotem i zablokowane"),
    Reason.REJECTED: Text(
        "refused earlier (`erepo rejected list`)", "odrzucone wcześniej (`erepo rejected list`)"
    ),
}


@dataclass(frozen=True, slots=True)
class Pile:
    """Documents of one kind."""

    kind: str
    documents: int
    bytes: int


@dataclass(frozen=True, slots=True)
class Skipped:
    """Documents of one kind that stay, for one reason.

    Attributes:
        kind: of the documents.
        reason: why they stay.
        documents: how many.
        earliest: when the first of them falls due; None where no day is known.
    """

    kind: str
    reason: Reason
    documents: int
    earliest: datetime | None = None


@dataclass(frozen=True)
class Outlook:
    """What a run would do.

    Attributes:
        at: the moment.
        due: what would be planned and sent, by kind.
        waiting: documents of earlier runs, which are sent whatever is chosen.
        purge: what is both here and in the repository and would leave here, once confirmed, by kind.
        skipped: what would stay, by kind and reason.
        obstacles: why nothing at all would be sent; empty where the run would go.
    """

    at: datetime
    due: list[Pile] = field(default_factory=list)
    waiting: int = 0
    purge: list[Pile] = field(default_factory=list)
    skipped: list[Skipped] = field(default_factory=list)
    obstacles: list[Problem] = field(default_factory=list)

    @property
    def documents(self) -> int:
        """Documents that would be sent."""
        return sum(one.documents for one in self.due) + self.waiting

    def by_reason(self) -> dict[Reason, int]:
        """Return how many documents stay for each reason that any has."""
        found = {
            reason: sum(one.documents for one in self.skipped if one.reason is reason) for reason in Reason
        }
        return {reason: count for reason, count in found.items() if count}

    def as_json(self) -> dict[str, Any]:
        """Return plain data."""
        return asdict(self)


def look_ahead(database: Database, settings: Settings, choice: Choice = EVERYTHING) -> Outlook:
    """Tell what a run with this choice would do at this moment; plans nothing, sends nothing."""
    moment = now()
    with database.read() as connection:
        due = _piles(connection, moment, choice)
        return Outlook(
            at=moment,
            due=due,
            waiting=_waiting(connection),
            purge=[Pile(kind.value, *sums) for kind, sums in count_due(connection, moment).items()],
            skipped=_skipped(connection, moment, choice, due),
            obstacles=_obstacles(database, connection, settings),
        )


def _piles(connection: sa.Connection, moment: datetime, choice: Choice) -> list[Pile]:
    chosen = chosen_due(moment, choice).subquery()
    rows = connection.execute(
        sa.select(chosen.c.kind, sa.func.count(), sa.func.sum(chosen.c.size)).group_by(chosen.c.kind)
    ).all()
    found = {row[0]: Pile(row[0], row[1], int(row[2])) for row in rows}
    return [found[kind] for kind in Kind if kind in found]


def _waiting(connection: sa.Connection) -> int:
    question = sa.select(sa.func.count()).where(document.c.state.in_(OPEN))
    return connection.execute(question).scalar_one()


def _skipped(connection: sa.Connection, moment: datetime, choice: Choice, due: list[Pile]) -> list[Skipped]:
    reason = sa.case(
        (kind_rule.c.auto_archive.is_(False), Reason.OFF.value),
        (sa.not_(sa.and_(*is_due(moment))), Reason.LATER.value),
        (document.c.due_at.is_(None), Reason.LATER.value),
        (chain.waits(), Reason.OLDER_FIRST.value),
        (sa.and_(sa.true(), *choice.conditions()), Reason.LIMIT.value),
        else_=Reason.NOT_CHOSEN.value,
    ).label("reason")
    rows = connection.execute(
        sa.select(document.c.kind, reason, sa.func.count(), sa.func.min(document.c.due_at))
        .join(kind_rule, kind_rule.c.kind == document.c.kind)
        .where(document.c.state == State.LOCAL.value)
        .group_by(document.c.kind, reason)
    ).all()
    sent = {one.kind: one.documents for one in due}
    found = []
    for kind, word, count, earliest in rows:
        why = Reason(word)
        left = count - sent.get(kind, 0) if why is Reason.LIMIT else count
        if left:
            found.append(Skipped(kind, why, left, earliest if why is Reason.LATER else None))
    for state, why in ((State.BLOCKED, Reason.BLOCKED), (State.REJECTED, Reason.REJECTED)):
        counts = connection.execute(
            sa.select(document.c.kind, sa.func.count())
            .where(document.c.state == state.value)
            .group_by(document.c.kind)
        )
        found += [Skipped(kind, why, count) for kind, count in counts]
    order, reasons = list(Kind), list(Reason)
    return sorted(found, key=lambda one: (order.index(Kind(one.kind)), reasons.index(one.reason)))


def _obstacles(database: Database, connection: sa.Connection, settings: Settings) -> list[Problem]:
    """Return every reason at once why nothing could be sent, each with its cure."""
    active = name_in_use(connection)

    def permitted() -> None:
        check_permitted(database, settings)

    def onboarded() -> None:
        if active is None:
            raise AccountMissing(what="account")

    def complete() -> None:
        check_ready(connection)
        archiving_actor(connection, active or "")

    found = []
    for check in (permitted, onboarded, complete):
        try:
            check()
        except ErepoError as error:
            found.append(Problem.of(error))
    return found
