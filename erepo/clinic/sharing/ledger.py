"""The commits of sharing (points O, S, M, A, I, R of the package's table)."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any, Final

import orjson
import sqlalchemy as sa

from erepo.clinic import audit
from erepo.clinic.archiving.results import Problem
from erepo.clinic.database import Database, repeated
from erepo.clinic.permissions import Permission, require
from erepo.clinic.sharing.documents import MOST, check_fit, locked, unfit
from erepo.clinic.sharing.drafting import octets_of
from erepo.clinic.sharing.errors import (
    ConsentFixed,
    ConsentUnknown,
    DocumentsUnfit,
    DocumentsWaiting,
    DocumentsWrong,
    ValidityWrong,
)
from erepo.clinic.sharing.input import read_matter
from erepo.clinic.sharing.states import OPEN, ConsentState, by_clock, document_ids, move
from erepo.clinic.sharing.words import STATE_WORDS
from erepo.clinic.states import State
from erepo.clinic.tables import document
from erepo.clinic.tables_sharing import HELD, OVER, consent
from erepo.errors import ErepoError

S = ConsentState
#: After so long no request that was sent before can be accepted any more: the service takes a signature for
#: ten minutes (`erepo.acting.detached`), and its clock may differ from ours.
GRACE: Final = timedelta(minutes=20)
_NEVER_SENT = (S.DRAFT, S.ORDERED)
_ON_THE_WAY = (S.SENT, S.SCHEDULED, S.ACTIVE, S.REFUSED)
_GONE_ON = (S.ORDERED, S.SENT, S.SCHEDULED, S.ACTIVE)


def read(connection: sa.Connection, consent_id: str, *, lock: bool = False) -> sa.Row[Any]:
    """Return the row of a consent.

    Raises:
        ConsentUnknown: there is none of this id.
    """
    wanted = sa.select(consent).where(consent.c.id == consent_id.strip())
    row = connection.execute(wanted.with_for_update() if lock else wanted).one_or_none()
    if row is None:
        raise ConsentUnknown
    return row


def look(database: Database, consent_id: str) -> sa.Row[Any]:
    """Return the row of a consent, as it is now.

    Raises:
        ConsentUnknown: there is none of this id.
    """
    with database.read() as connection:
        return read(connection, consent_id)


@repeated
def order(database: Database, consent_id: str, login: str, at: datetime) -> ConsentState:
    """Write down that a person wants it sent (O); what is local of its documents becomes due. Idempotent.

    Raises:
        NoSuchUser, PermissionMissing: the person may not.
        ConsentUnknown: there is none of this id.
        ConsentFixed: it is over.
        ValidityWrong: its end has passed.
        DocumentsUnfit: some of the documents cannot be shared any more.
    """
    with database.begin() as connection:
        require(connection, login, Permission.SHARE)
        row = read(connection, consent_id, lock=True)
        state = S(row.state)
        if state in _GONE_ON:
            return state
        if state is not S.DRAFT:
            raise fixed(state)
        if row.valid_until <= at:
            raise ValidityWrong(problem_en="it is over already", problem_pl="już minął")
        ids = document_ids(connection, row.number)
        if not ids:  # all of them were destroyed since it was written down
            raise DocumentsWrong(most=MOST, unknown=0)
        check_fit(locked(connection, ids), row.patient_key)
        move(connection, row, S.ORDERED, "consent_ordered", actor=login,
             values={"ordered_at": at, "ordered_by": login})  # fmt: skip
        _make_due(connection, ids, at)
        audit.record(connection, "sharing_ordered", ids, actor=login, detail={"consent": row.id})
    return S.ORDERED


def _make_due(connection: sa.Connection, ids: Sequence[int], at: datetime) -> None:
    """Whoever shares a document wants it in the repository now; kinds that are off were refused before."""
    later = sa.or_(document.c.due_at.is_(None), document.c.due_at > at)
    local = sa.and_(document.c.id.in_(ids), document.c.state == State.LOCAL.value, later)
    connection.execute(document.update().where(local).values(due_at=at))


@repeated
def seal(database: Database, consent_id: str, account: str, at: datetime) -> ConsentState:
    """Make and keep the octets that go out, once every document is in the repository (S).

    Returns:
        The state after it: `sent`, or whatever somebody else has made of it.

    Raises:
        DocumentsWaiting: some documents are not there yet; nothing was changed.
        DocumentsUnfit: some of them cannot be shared any more; the consent is `refused` for that.
        ValidityWrong: its time is over; likewise.
    """
    with database.begin() as connection:
        row = read(connection, consent_id, lock=True)
        if row.state != S.ORDERED:
            return S(row.state)
        found = locked(connection, document_ids(connection, row.number))
        error: ErepoError | None = None
        if row.valid_until <= at:
            error = ValidityWrong(problem_en="it is over already", problem_pl="już minął")
        elif wrong := {one.public_id: one.unfit for one in found if one.unfit}:
            error = unfit(wrong)
        if error is None:
            if waiting := sum(not one.is_there for one in found):
                raise DocumentsWaiting(count=waiting)
            move(connection, row, S.SENT, "consent_sealed", actor=row.ordered_by,
                 values={"account": account, "body": octets_of(connection, row)})  # fmt: skip
            return S.SENT
        refuse(connection, row, error)
    raise error


@repeated
def attempt(database: Database, consent_id: str, at: datetime) -> bool:
    """Write down that the body goes out now (M); False where it must not any more."""
    with database.begin() as connection:
        found = connection.execute(
            consent.update()
            .where(consent.c.id == consent_id, consent.c.state == S.SENT.value)
            .values(attempts=consent.c.attempts + 1, tried_at=at)
        )
        return bool(found.rowcount)


@repeated
def confirm(database: Database, consent_id: str, at: datetime, *, revoked: bool = False) -> ConsentState:
    """Write down that the service has it (A); the clock says what it is.

    Returns:
        The state after it: `revoking` where somebody has revoked it meanwhile.
    """
    with database.begin() as connection:
        row = read(connection, consent_id, lock=True)
        if row.state == S.SENT:
            target = S.REVOKED if revoked else by_clock(row.valid_from, row.valid_until, at)
            values = {"confirmed_at": at} | ({"revoked_at": at} if revoked else {})
            move(connection, row, target, "consent_confirmed", actor=row.ordered_by, values=values)
            return target
        connection.execute(
            consent.update()
            .where(consent.c.number == row.number, consent.c.confirmed_at.is_(None))
            .values(confirmed_at=at)
        )
        return S(row.state)


def refuse(
    connection: sa.Connection, row: sa.Row[Any], error: ErepoError, documents: Mapping[str, str] | None = None
) -> None:
    """Write down that it is refused for good, why, and which documents are to blame.

    Args:
        connection: the transaction.
        row: of the consent.
        error: the reason.
        documents: opaque ids, each with a code; those of a `DocumentsUnfit` are taken from it.
    """
    blamed = dict(documents or {})
    if isinstance(error, DocumentsUnfit):
        blamed = dict(zip(_texts(error, "documents"), _texts(error, "codes"), strict=True))
    reason = asdict(Problem.of(error)) | {"documents": blamed}
    detail = {"reason": error.code, "documents": len(blamed)}
    move(connection, row, S.REFUSED, "consent_refused", values={"reason": reason}, detail=detail)


@repeated
def refuse_sent(database: Database, consent_id: str, error: ErepoError, unique_ids: Sequence[str]) -> None:
    """Write down that the service refused what was sent; `unique_ids` are the documents it names."""
    with database.begin() as connection:
        row = read(connection, consent_id, lock=True)
        if row.state != S.SENT:
            return
        named = sa.select(document.c.public_id).where(
            document.c.unique_id.in_(unique_ids), document.c.id.in_(document_ids(connection, row.number))
        )
        blamed = dict.fromkeys(connection.execute(named).scalars(), "not-there")
        refuse(connection, row, error, blamed)


@repeated
def note_problem(database: Database, consent_id: str, error: Exception) -> Problem:
    """Write down what keeps a consent from going on; its state stays."""
    problem = Problem.of(error)
    with database.begin() as connection:
        connection.execute(consent.update().where(consent.c.id == consent_id).values(problem=asdict(problem)))
    return problem


@repeated
def intend_revocation(
    database: Database, consent_id: str, login: str, reason: str, at: datetime
) -> ConsentState:
    """Write down that a person revokes it, and the octets that say so (I). Idempotent.

    Args:
        database: the clinic's.
        consent_id: UUID.
        login: who revokes; needs the permission `share`.
        reason: in one line; goes to the service and stays there.
        at: now (aware).

    Returns:
        `revoked` where nothing was ever sent, else `revoking`.

    Raises:
        NoSuchUser, PermissionMissing: the person may not.
        ConsentUnknown: there is none of this id.
        ConsentFixed: it has expired.
        MatterWrong: the reason cannot be sent.
    """
    words = read_matter(reason)
    with database.begin() as connection:
        require(connection, login, Permission.SHARE)
        row = read(connection, consent_id, lock=True)
        state = S(row.state)
        if state in (S.REVOKING, S.REVOKED):
            return state
        values: dict[str, Any] = {"revoking_at": at, "revoked_by": login}
        if state in _NEVER_SENT:
            move(connection, row, S.REVOKED, "consent_revoked", actor=login,
                 values={**values, "revoked_at": at})  # fmt: skip
            return S.REVOKED
        # Our clock may have been wrong when it called it expired; the service asks its own.
        shown = state in _ON_THE_WAY or (state is S.EXPIRED and row.valid_until > at)
        # What was refused without ever being sent is nowhere.
        if not shown or row.body is None:
            raise fixed(state)
        octets = orjson.dumps({"id": row.id, "reason": words})
        move(connection, row, S.REVOKING, "consent_revocation_ordered", actor=login,
             values={**values, "revocation": octets})  # fmt: skip
        return S.REVOKING


@repeated
def revoked(database: Database, consent_id: str, at: datetime, *, there: bool) -> None:
    """Write down that nobody sees anything by it any more (R); `there`: the service had it."""
    with database.begin() as connection:
        row = read(connection, consent_id, lock=True)
        if row.state == S.REVOKING:
            move(connection, row, S.REVOKED, "consent_revoked", actor=row.revoked_by,
                 values={"revoked_at": at}, detail={"there": there})  # fmt: skip


def may_still_come(row: sa.Row[Any], at: datetime) -> bool:
    """Tell whether a request that is on its way could bring the consent to the service."""
    return row.tried_at is not None and at <= row.tried_at + GRACE


@repeated
def advance(database: Database, at: datetime) -> dict[ConsentState, int]:
    """Write down what the clock has made of consents; return how many came into each state.

    One that was sent and never confirmed shows nothing either once its time is over. One whose end lies ahead
    again, because a clock was wrong, goes back: the service shows it.
    """
    waiting = sa.and_(consent.c.state == S.SCHEDULED.value, consent.c.valid_from <= at)
    over = sa.and_(
        consent.c.state.in_([S.SENT.value, S.SCHEDULED.value, S.ACTIVE.value]), consent.c.valid_until <= at
    )
    found: dict[ConsentState, int] = {}
    with database.begin() as connection:
        wanted = sa.select(consent)
        rows = [
            *connection.execute(wanted.where(HELD, sa.or_(waiting, over)).order_by(consent.c.number)),
            *connection.execute(wanted.where(_too_early(at)).order_by(consent.c.valid_until)),
        ]
        for row in rows:
            target = by_clock(row.valid_from, row.valid_until, at)
            event = "consent_expired" if target is S.EXPIRED else "consent_begun"
            if row.state == S.EXPIRED:
                event, target = "consent_goes_on", target if row.confirmed_at is not None else S.SENT
            if move(connection, row, target, event):
                found[target] = found.get(target, 0) + 1
    return found


def _too_early(at: datetime) -> sa.ColumnElement[bool]:
    """Consents that a clock has ended before their time; written out, for only so is their index found."""
    return sa.and_(OVER, consent.c.valid_until > at, consent.c.body.is_not(None))


def open_ones(database: Database) -> list[str]:
    """Return ids of consents with which something is still to be done, revocations first.

    What something has kept back comes behind what was not tried yet, in an order of chance: a call that takes
    care of some of them must not come to the same ones each time.
    """
    open_ = consent.c.state.in_([one.value for one in OPEN])
    kept = consent.c.problem.is_not(None).label("kept")
    wanted = sa.select(consent.c.id, consent.c.number, consent.c.state, kept).where(HELD, open_)
    with database.read() as connection:
        rows = connection.execute(wanted).all()

    def turn(row: sa.Row[Any]) -> tuple[int, bool, float]:
        # No secret: it spreads turns.
        place = random.random() if row.kept else row.number  # noqa: S311
        return OPEN.index(S(row.state)), row.kept, place

    return [row.id for row in sorted(rows, key=turn)]


def is_anything_due(database: Database, at: datetime) -> bool:
    """Tell whether the clock or an open consent leaves anything to do."""
    due = sa.or_(
        consent.c.state.in_([one.value for one in OPEN]),
        sa.and_(consent.c.state == S.SCHEDULED.value, consent.c.valid_from <= at),
        sa.and_(consent.c.state == S.ACTIVE.value, consent.c.valid_until <= at),
    )
    with database.read() as connection:
        return any(
            connection.execute(sa.select(consent.c.number).where(which).limit(1)).first() is not None
            for which in (sa.and_(HELD, due), _too_early(at))
        )


def fixed(state: ConsentState) -> ConsentFixed:
    """Return the error for what cannot be done in a state."""
    words = STATE_WORDS[state]
    return ConsentFixed(state=state.value, state_en=words.en, state_pl=words.pl)


def _texts(error: ErepoError, name: str) -> list[str]:
    found = error.data[name]
    assert isinstance(found, list)
    return found
