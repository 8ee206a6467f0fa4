"""The register of consents ("Rejestr zgód", manual 1.4): lists, one consent, its history.

Lists tell nothing of a patient, a recipient or a reason; one consent does, and its history notes who looked.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from erepo.clinic import audit
from erepo.clinic.database import Database
from erepo.clinic.permissions import person
from erepo.clinic.sharing.ledger import read
from erepo.clinic.sharing.states import LIVE, ConsentState, is_standing, standing
from erepo.clinic.tables import audit_event, document, now, patient
from erepo.clinic.tables_chain import chain_link
from erepo.clinic.tables_sharing import HELD, consent, consent_document
from erepo.identifiers.hl7 import CX

S = ConsentState


@dataclass(frozen=True, slots=True)
class Line:
    """A consent in a list.

    Attributes:
        id: UUID.
        state: as the clock makes it now.
        recipient: `patient`, `person` or `account`.
        valid_from, valid_until: UTC; at the end it holds no more.
        documents: how many.
        created_at, created_by: when and by whom it was written down.
        problem: code of what keeps it from going on; empty if nothing does.
    """

    id: str
    state: ConsentState
    recipient: str
    valid_from: datetime
    valid_until: datetime
    documents: int
    created_at: datetime
    created_by: str
    problem: str

    def as_json(self) -> dict[str, Any]:
        """Return plain data."""
        return {name: getattr(self, name) for name in self.__slots__}


@dataclass(frozen=True, slots=True)
class SharedDocument:
    """A document of a consent.

    Attributes:
        id: opaque.
        kind: of the document.
        state: where it stands.
        replaced: a newer version took its place; the recipient still sees this one, and not the newer.
    """

    id: str
    kind: str
    state: str
    replaced: bool


@dataclass(frozen=True, slots=True)
class Details:
    """One consent, whole.

    Attributes:
        line: what a list shows.
        documents: of the consent.
        reason, problem: why it was refused; what keeps it from going on. As `Problem`, the first with the
            documents to blame.
        ordered_by, confirmed_at, revoked_by, revoked_at: who sent and who ended it, and since when.
        patient, identifier, recipient_name, recipient_number, matter: for people; never in `repr` or a list.
    """

    line: Line
    documents: Sequence[SharedDocument]
    reason: dict[str, Any] | None
    problem: dict[str, Any] | None
    ordered_by: str | None
    confirmed_at: datetime | None
    revoked_by: str | None
    revoked_at: datetime | None
    patient: str = field(repr=False)
    identifier: str = field(repr=False)
    recipient_name: str = field(repr=False)
    recipient_number: str = field(repr=False)
    matter: str = field(repr=False)

    def as_json(self) -> dict[str, Any]:
        """Return what tells nothing of patient, recipient or reason, as plain data."""
        names = ("reason", "problem", "ordered_by", "confirmed_at", "revoked_by", "revoked_at")
        documents = [
            {"id": one.id, "kind": one.kind, "state": one.state, "replaced": one.replaced}
            for one in self.documents
        ]
        return {
            **self.line.as_json(),
            "documents": documents,
            **{name: getattr(self, name) for name in names},
        }


@dataclass(frozen=True, slots=True)
class Search:
    """Which consents; what is None or empty does not narrow.

    Attributes:
        states: as they are now.
        open: only those that hold or are about to.
        document: that name this document, by its opaque id.
        patient: of this patient; `recipient`: for this person. `repr` hides both.
        account: for this account.
        valid_at: that hold at this moment (if they are not ended before).
        after: those written down before the consent of this id: the next page.
        limit: at most so many.
    """

    states: Sequence[ConsentState] = ()
    open: bool = False
    document: str = ""
    patient: CX | None = field(default=None, repr=False)
    recipient: CX | None = field(default=None, repr=False)
    account: str = ""
    valid_at: datetime | None = None
    after: str = ""
    limit: int = 50


@dataclass(frozen=True, slots=True)
class Change:
    """One entry of a consent's history."""

    at: datetime
    event: str
    actor: str
    from_state: str | None
    to_state: str | None
    detail: dict[str, Any] | None


_COUNT = (
    sa.select(sa.func.count())
    .select_from(consent_document)
    .where(consent_document.c.consent_number == consent.c.number)
    .correlate(consent)
    .scalar_subquery()
)


def find(connection: sa.Connection, wanted: Search, at: datetime | None = None) -> list[Line]:
    """Return consents, the latest first.

    Raises:
        ConsentUnknown: `after` names none.
    """
    moment = at or now()
    statement = sa.select(consent, _COUNT.label("documents")).order_by(consent.c.number.desc())
    for condition in _conditions(connection, wanted, moment):
        statement = statement.where(condition)
    return [_line(row, moment) for row in connection.execute(statement.limit(wanted.limit))]


def show(database: Database, consent_id: str, login: str, at: datetime | None = None) -> Details:
    """Return one consent with patient, recipient and reason; its history notes who looked.

    Raises:
        NoSuchUser: nobody on the active staff has this login.
        ConsentUnknown: there is none of this id.
    """
    with database.begin() as connection:
        person(connection, login)
        found = describe(connection, consent_id, at)
        audit.note(connection, "consent_read", subject="consent", subject_id=found.line.id, actor=login)
    return found


def describe(connection: sa.Connection, consent_id: str, at: datetime | None = None) -> Details:
    """Return one consent; for what shows nothing of a patient (`Details.as_json`), or notes who looks.

    Raises:
        ConsentUnknown: there is none of this id.
    """
    number = read(connection, consent_id).number
    row = connection.execute(
        sa.select(consent, _COUNT.label("documents"), patient.c.given, patient.c.family, patient.c.identifier)
        .join(patient, patient.c.id == consent.c.patient_key)
        .where(consent.c.number == number)
    ).one()
    return Details(
        _line(row, at or now()),
        _documents(connection, number),
        row.reason,
        row.problem,
        row.ordered_by,
        row.confirmed_at,
        row.revoked_by,
        row.revoked_at,
        f"{row.given} {row.family}".strip(),
        row.identifier,
        row.recipient_name or "",
        row.recipient_extension or row.recipient_account or "",
        row.matter,
    )


def history(connection: sa.Connection, consent_id: str) -> list[Change]:
    """Return what happened to a consent, oldest first.

    Raises:
        ConsentUnknown: there is none of this id.
    """
    name = read(connection, consent_id).id
    columns = [audit_event.c[part] for part in Change.__slots__]
    mine = sa.and_(audit_event.c.subject_id == name, audit_event.c.subject == "consent")
    rows = connection.execute(sa.select(*columns).where(mine).order_by(audit_event.c.id))
    return [Change(*row) for row in rows]


def count_standing(connection: sa.Connection, at: datetime) -> dict[ConsentState, int]:
    """Return how many consents hold, or are about to, by their state; what is over is counted by nobody."""
    whens = [(is_standing(one, at), one.value) for one in (S.SCHEDULED, S.ACTIVE, S.EXPIRED)]
    state = sa.case(*whens, else_=consent.c.state).label("standing")
    counted = sa.select(state, sa.func.count()).where(HELD).group_by(state)
    found = {row[0]: row[1] for row in connection.execute(counted)}
    return {one: found[one.value] for one in S if one.value in found}


def _conditions(connection: sa.Connection, wanted: Search, at: datetime) -> list[sa.ColumnElement[bool]]:
    found: list[sa.ColumnElement[bool]] = []
    states = [*wanted.states, *(LIVE if wanted.open else ())]
    if states:
        found.append(sa.or_(*(is_standing(one, at) for one in states)))
    if wanted.document:
        mine = (
            sa.select(consent_document.c.consent_number)
            .join(document, document.c.id == consent_document.c.document_id)
            .where(document.c.public_id == wanted.document)
        )
        found.append(consent.c.number.in_(mine))
    if wanted.patient is not None:
        whose = sa.select(patient.c.id).where(
            patient.c.identifier == wanted.patient.id, patient.c.authority == wanted.patient.authority_oid
        )
        found.append(consent.c.patient_key.in_(whose))
    if wanted.recipient is not None:
        found += [
            consent.c.recipient_extension == wanted.recipient.id,
            consent.c.recipient_root == wanted.recipient.authority_oid,
        ]
    if wanted.account:
        found.append(consent.c.recipient_account == wanted.account)
    if wanted.valid_at is not None:
        found += [consent.c.valid_from <= wanted.valid_at, consent.c.valid_until > wanted.valid_at]
    if wanted.after:
        found.append(consent.c.number < read(connection, wanted.after).number)
    return found


def _line(row: sa.Row[Any], at: datetime) -> Line:
    return Line(
        row.id,
        standing(row.state, row.valid_from, row.valid_until, at),
        row.recipient_kind,
        row.valid_from,
        row.valid_until,
        row.documents,
        row.created_at,
        row.created_by,
        (row.problem or {}).get("code", ""),
    )


def _documents(connection: sa.Connection, number: int) -> list[SharedDocument]:
    newer = sa.select(chain_link.c.document_id).where(
        chain_link.c.predecessor_id == document.c.id, chain_link.c.state == "linked"
    )
    rows = connection.execute(
        sa.select(
            document.c.public_id,
            document.c.kind,
            document.c.state,
            newer.correlate(document).exists().label("replaced"),
        )
        .join(consent_document, consent_document.c.document_id == document.c.id)
        .where(consent_document.c.consent_number == number)
        .order_by(document.c.id)
    )
    return [SharedDocument(row[0], row[1], row[2], bool(row[3])) for row in rows]
