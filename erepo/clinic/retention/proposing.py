"""Proposals of destruction: a fixed list of documents, waiting for a second person."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import sqlalchemy as sa

from erepo.clinic import audit
from erepo.clinic.database import Database, repeated
from erepo.clinic.permissions import Permission, require
from erepo.clinic.retention.errors import (
    ListChanged,
    NothingFallsDue,
    ProposalClosed,
    ProposalUnknown,
    YearNotOver,
)
from erepo.clinic.retention.persons import check_another, check_linked, check_two_persons
from erepo.clinic.retention.report import this_year
from erepo.clinic.retention.rows import is_gone, is_held, is_needed
from erepo.clinic.shared import is_shared
from erepo.clinic.states import State
from erepo.clinic.tables import document
from erepo.clinic.tables_retention import destruction, destruction_item
from erepo.texts import day_words

#: Days in which a second person may confirm.
LIFE_DAYS = 14
#: Documents on their way; they are left for the next proposal.
MOVING = (State.QUEUED.value, State.SENDING.value, State.MIGRATING.value)
_INSERTED = 1000


@dataclass(frozen=True)
class Proposal:
    """A proposal as people and programs read it.

    Attributes:
        id: random.
        year: its documents had to be kept until the end of an earlier year.
        state: proposed, confirmed, finished, withdrawn.
        documents: on the list.
        fingerprint: SHA-256 of the list.
        proposed_by, proposed_at: login and time, UTC.
        expires_at: UTC; afterwards it can no longer be confirmed.
        confirmed_by, confirmed_at, finished_at: empty until then.
    """

    id: str
    year: int
    state: str
    documents: int
    fingerprint: str
    proposed_by: str
    proposed_at: datetime
    expires_at: datetime
    confirmed_by: str | None = None
    confirmed_at: datetime | None = None
    finished_at: datetime | None = None

    def as_json(self) -> dict[str, Any]:
        """Return plain data."""
        return asdict(self)


@repeated
def propose(
    database: Database, year: int, login: str, now: datetime, *, life_days: int = LIFE_DAYS
) -> Proposal:
    """Propose to destroy everything that had to be kept until the end of an earlier year, and is not held.

    Args:
        database: the clinic's.
        year: not a future one.
        login: who proposes.
        now: the time (aware).
        life_days: days in which a second person may confirm.

    Raises:
        NoSuchUser, PermissionMissing: the person may not (permission `destroy`).
        PersonUnlinked: the login has neither PESEL nor NPWZ.
        YearNotOver: the year is still to come.
        NothingFallsDue: the list would be empty.
    """
    if year > (latest := this_year(now)):
        raise YearNotOver(year=year, latest=latest)
    with database.begin() as connection:
        check_linked(require(connection, login, Permission.DESTROY))
        rows = _due(connection, year)
        if not rows:
            raise NothingFallsDue(year=year)
        lines = [(row.public_id, row.kind, row.destroy_after_year) for row in rows]
        new = Proposal(
            id=uuid4().hex,
            year=year,
            state="proposed",
            documents=len(rows),
            fingerprint=fingerprint(year, lines),
            proposed_by=login,
            proposed_at=now,
            expires_at=now + timedelta(days=life_days),
        )
        connection.execute(destruction.insert().values(**asdict(new)))
        items = [
            {"destruction_id": new.id, "document_id": row.id, "public_id": row.public_id, "kind": row.kind,
             "destroy_after_year": row.destroy_after_year}
            for row in rows
        ]  # fmt: skip
        for start in range(0, len(items), _INSERTED):
            connection.execute(destruction_item.insert(), items[start : start + _INSERTED])
        _note(connection, "destruction_proposed", new, login)
    return new


@repeated
def withdraw(database: Database, proposal: str, login: str, now: datetime) -> Proposal:
    """Withdraw a proposal that nobody has confirmed.

    Raises:
        NoSuchUser, PermissionMissing: the person may not (permission `destroy`).
        ProposalUnknown: there is none of this id.
        ProposalClosed: it is confirmed, or closed already.
    """
    with database.begin() as connection:
        require(connection, login, Permission.DESTROY)
        found = read_proposal(connection, proposal, lock=True)
        if found.state != "proposed":
            raise closed(found, now)
        wanted = destruction.c.id == proposal
        connection.execute(destruction.update().where(wanted).values(state="withdrawn", finished_at=now))
        _note(connection, "destruction_withdrawn", found, login)
    return read_again(database, proposal)


@repeated
def confirm_list(database: Database, proposal: str, login: str, now: datetime) -> Proposal:
    """Confirm a proposal by a second person; one that is confirmed already may be gone on with.

    Raises:
        NoSuchUser, PermissionMissing: the person may not (permission `destroy`).
        ProposalUnknown: there is none of this id.
        ProposalClosed: it has expired, or was withdrawn.
        SamePerson: who proposed it.
        PersonUnlinked: nobody can tell whether this is another person.
        ListChanged: the list does not have its fingerprint.
    """
    with database.begin() as connection:
        user = require(connection, login, Permission.DESTROY)
        found = read_proposal(connection, proposal, lock=True)
        check_another(connection, user, found.proposed_by, proposal)
        if found.state in ("confirmed", "finished"):
            return found
        if found.state != "proposed" or now > found.expires_at:
            raise closed(found, now)
        check_two_persons(connection, user, found.proposed_by, proposal)
        item = destruction_item.c
        lines = connection.execute(
            sa.select(item.public_id, item.kind, item.destroy_after_year)
            .where(item.destruction_id == proposal)
            .order_by(item.public_id)
        ).all()
        if fingerprint(found.year, [(line[0], line[1], line[2]) for line in lines]) != found.fingerprint:
            raise ListChanged(proposal=proposal)
        wanted = destruction.c.id == proposal
        values = {"state": "confirmed", "confirmed_by": login, "confirmed_at": now}
        connection.execute(destruction.update().where(wanted).values(**values))
        _note(connection, "destruction_confirmed", found, login)
    return read_again(database, proposal)


def fingerprint(year: int, lines: Iterable[tuple[str, str, int]]) -> str:
    """Return the SHA-256 (hex) of a list: its year, then one line a document, in the order of the ids."""
    digest = hashlib.sha256(f"{year}\n".encode())
    for public_id, kind, until in sorted(lines):
        digest.update(f"{public_id} {kind} {until}\n".encode())
    return digest.hexdigest()


def read_proposal(connection: sa.Connection, proposal: str, *, lock: bool = False) -> Proposal:
    """Return one proposal.

    Raises:
        ProposalUnknown: there is none of this id.
    """
    statement = sa.select(destruction).where(destruction.c.id == proposal)
    row = connection.execute(statement.with_for_update() if lock else statement).mappings().one_or_none()
    if row is None:
        raise ProposalUnknown(proposal=proposal)
    return Proposal(**row)


def read_again(database: Database, proposal: str) -> Proposal:
    """Return one proposal as it stands now."""
    with database.read() as connection:
        return read_proposal(connection, proposal)


def read_proposals(connection: sa.Connection) -> list[Proposal]:
    """Return all proposals, the latest first."""
    rows = connection.execute(sa.select(destruction).order_by(destruction.c.proposed_at.desc())).mappings()
    return [Proposal(**row) for row in rows]


def closed(found: Proposal, now: datetime) -> ProposalClosed:
    """Return the error for a proposal that can no longer be confirmed."""
    until = day_words(found.expires_at)
    why = {
        "withdrawn": ("withdrawn", "wycofana"),
        "confirmed": ("confirmed already", "już zatwierdzona"),
        "finished": ("carried out already", "już wykonana"),
        "proposed": (f"expired since {until}", f"nieważna od {until}"),
    }[found.state]
    return ProposalClosed(proposal=found.id, why_en=why[0], why_pl=why[1], at=now.isoformat())


def _due(connection: sa.Connection, year: int) -> Sequence[Any]:
    return connection.execute(
        sa.select(document.c.id, document.c.public_id, document.c.kind, document.c.destroy_after_year)
        .where(
            document.c.destroy_after_year < year,
            document.c.state.not_in(MOVING),
            sa.not_(is_held()),
            sa.not_(is_shared()),
            sa.not_(is_gone()),
            sa.not_(is_needed(year)),
        )
        .order_by(document.c.public_id)
    ).all()


def _note(connection: sa.Connection, event: str, found: Proposal, login: str) -> None:
    detail = {"year": found.year, "documents": found.documents, "fingerprint": found.fingerprint}
    audit.note(connection, event, subject="destruction", subject_id=found.id, actor=login, detail=detail)
