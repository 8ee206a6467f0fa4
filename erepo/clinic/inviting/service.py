"""An invitation's way to the service: written down, sent, confirmed; and its end, the same way.

    sending ──confirmed──► invited ──person ends it──► ending ──confirmed──► ended
       ├─────refused─────► refused    └── a later one for the same patient ──► replaced
       └── a later one for the same patient was confirmed first ──► replaced

**At the service the one that comes last counts.** So of one patient's invitations an earlier one never leaves
after a later one, whichever processes send them: before one is sent, those before it are; one behind which a
later one waits is left to that one's sending, and one behind which a later one was confirmed is not sent.

Commit points: the row with the exact octets **before** they are sent, and the state **after** the service has
confirmed it. After a crash or a lost answer `resume` sends the same octets under the same id once more, which
changes nothing at the service; every command does that first. The address of a patient is kept here no longer
than until the confirmation.
"""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

import orjson
import sqlalchemy as sa

from erepo.clinic.audit import note
from erepo.clinic.database import Database
from erepo.clinic.intake.patients import PatientFacts, patient_keys
from erepo.clinic.inviting.errors import InvitationUnknown
from erepo.clinic.inviting.wanted import Wanted, new_id
from erepo.clinic.permissions import Permission, require
from erepo.clinic.rest.errors import ServiceRefusal
from erepo.clinic.tables import now, patient
from erepo.clinic.tables_inviting import patient_invitation
from erepo.identifiers import CX

_table = patient_invitation.c
_NOT_THERE = "patients.unknown"
_FACTS = (_table.id, _table.state, _table.invited_by, _table.invited_at, _table.ended_at, _table.reason_code)


class Portal(Protocol):
    """What of the service is spoken to; `rest.patients.PatientCalls` is it.

    Both may be called again with the same octets at any moment.
    """

    def invite_patient(self, body: bytes) -> None:
        """Send an invitation.

        Raises:
            ServiceRefusal: the service says no for good.
            RetryableError: try again later.
        """
        ...

    def remove_patient(self, invitation_id: str, body: bytes) -> None:
        """End an invitation; raises as `invite_patient`."""
        ...


@dataclass(frozen=True, slots=True)
class Invitation:
    """What may be shown of an invitation: neither person nor address."""

    id: str
    state: str
    invited_by: str
    invited_at: datetime
    ended_at: datetime | None
    reason: str | None

    def as_json(self) -> dict[str, Any]:
        """Return plain data."""
        return {
            "id": self.id,
            "state": self.state,
            "invitedBy": self.invited_by,
            "invitedAt": self.invited_at.isoformat(),
            "endedAt": self.ended_at.isoformat() if self.ended_at else None,
            "reason": self.reason,
        }


def invite(database: Database, portal: Portal, wanted: Wanted, login: str) -> Invitation:
    """Invite a patient whose identity the clinic has checked; an earlier invitation is replaced.

    One that is still `sending` afterwards goes with a later one of the same patient, which waits already.

    Raises:
        NoSuchUser, PermissionMissing: nothing was sent.
        ServiceRefusal: the service refused it for good; it is noted as refused.
        RetryableError: it is kept, and sent by the next command.
    """
    invitation_id = new_id()
    with database.begin() as connection:
        require(connection, login, Permission.INVITE)
        row = {
            "id": invitation_id,
            "patient_id": _patient(connection, wanted.patient),
            "state": "sending",
            "body": wanted.body(invitation_id),
            "invited_by": login,
        }
        connection.execute(patient_invitation.insert(), row)
        _note(connection, "patient_invitation_asked", invitation_id, login)
    _send(database, portal, invitation_id)
    return _one(database, invitation_id)


def remove(database: Database, portal: Portal, invitation_id: str, login: str, reason: str) -> Invitation:
    """End an invitation: from the service's confirmation on, the patient sees nothing of this clinic there.

    Raises:
        NoSuchUser, PermissionMissing, InvitationUnknown: nothing was sent.
        ServiceRefusal, RetryableError: it is kept, and sent by the next command.
    """
    with database.begin() as connection:
        require(connection, login, Permission.INVITE)
        body = orjson.dumps({"id": invitation_id, "reason": reason})
        mine = (_table.id == invitation_id, _table.state.in_(("invited", "ending")))
        values = {"state": "ending", "body": body, "ended_by": login}
        if connection.execute(patient_invitation.update().where(*mine).values(values)).rowcount != 1:
            raise InvitationUnknown
        _note(connection, "patient_invitation_end_asked", invitation_id, login)
    _send(database, portal, invitation_id)
    return _one(database, invitation_id)


def resume(database: Database, portal: Portal) -> int:
    """Send what a crash or a lost answer left unconfirmed; return how many.

    What the service refuses for good is noted, and does not stop the others.

    Raises:
        RetryableError: the service cannot be reached; the rest is kept.
    """
    query = sa.select(_table.id).where(_table.state.in_(("sending", "ending"))).order_by(_table.invited_at)
    with database.read() as connection:
        waiting = connection.execute(query).scalars().all()
    for each in waiting:
        try:
            _send(database, portal, each)
        except ServiceRefusal:
            continue
    return len(waiting)


def invitations(database: Database, who: CX | None = None) -> Sequence[Invitation]:
    """Return all invitations, or those of one patient, the newest first."""
    query = sa.select(*_FACTS).order_by(_table.invited_at.desc(), _table.id)
    if who is not None:
        query = query.join(patient, patient.c.id == _table.patient_id).where(
            patient.c.identifier == who.id, patient.c.authority == who.authority_oid
        )
    with database.read() as connection:
        return [Invitation(*row) for row in connection.execute(query)]


def _send(database: Database, portal: Portal, invitation_id: str, *, for_later: bool = False) -> None:
    with database.read() as connection:
        row = connection.execute(sa.select(patient_invitation).where(_table.id == invitation_id)).one()
        others = _others(connection, row)
    later = {each.state for each in others if _rank(each) > _rank(row)}
    if row.state == "sending" and "invited" in later:
        _confirm(database, row, "replaced", row.invited_by)
    elif row.state == "sending" and (for_later or not later):
        for each in others:
            if each.state == "sending" and _rank(each) < _rank(row):
                _send_earlier(database, portal, each.id)
        _exchange(database, row, lambda: portal.invite_patient(row.body), "invited", row.invited_by)
    elif row.state == "ending":
        _exchange(database, row, lambda: portal.remove_patient(row.id, row.body), "ended", row.ended_by or "")


def _send_earlier(database: Database, portal: Portal, invitation_id: str) -> None:
    with suppress(ServiceRefusal):  # noted; the later one may be right
        _send(database, portal, invitation_id, for_later=True)


def _others(connection: sa.Connection, row: Any) -> Sequence[Any]:
    """Return a patient's other invitations that count or are on their way, the oldest first."""
    live = _table.state.in_(("sending", "invited"))
    query = sa.select(_table.id, _table.invited_at, _table.state)
    query = query.where(_table.patient_id == row.patient_id, _table.id != row.id, live)
    return sorted(connection.execute(query), key=_rank)


def _rank(row: Any) -> tuple[datetime, str]:
    return row.invited_at, row.id


def _exchange(database: Database, row: Any, send: Callable[[], None], done: str, login: str) -> None:
    try:
        send()
    except ServiceRefusal as refusal:
        code = str(refusal.data.get("code", ""))
        if row.state == "sending":
            _confirm(database, row, "refused", login, reason=code[:80])
        elif code == _NOT_THERE:
            # What the service does not know opens nothing: that is the end that was asked for.
            _confirm(database, row, "ended", login, reason=code)
            return
        raise
    _confirm(database, row, done, login)


def _confirm(database: Database, row: Any, state: str, login: str, reason: str | None = None) -> None:
    """Write down what the service has said, if nobody did so meanwhile; the address is forgotten."""
    mine = (_table.id == row.id, _table.state == row.state)
    values: dict[str, Any] = {"state": state, "body": None, "reason_code": reason}
    values["ended_at" if state in {"ended", "replaced"} else "confirmed_at"] = now()
    with database.begin() as connection:
        if connection.execute(patient_invitation.update().where(*mine).values(values)).rowcount != 1:
            return
        if state == "invited":
            # As the service does: a later invitation takes the place of what came before.
            before = (
                _table.patient_id == row.patient_id,
                _table.id != row.id,
                _table.state == "invited",
                _table.invited_at <= row.invited_at,
            )
            replaced = {"state": "replaced", "ended_at": now()}
            former = patient_invitation.update().where(*before).values(replaced).returning(_table.id)
            for each in connection.execute(former).scalars().all():
                _note(connection, "patient_invitation_replaced", each, login)
        _note(connection, f"patient_invitation_{state}", row.id, login, reason)


def _one(database: Database, invitation_id: str) -> Invitation:
    with database.read() as connection:
        return Invitation(*connection.execute(sa.select(*_FACTS).where(_table.id == invitation_id)).one())


def _patient(connection: sa.Connection, who: CX) -> int:
    """Return the row of a patient; one who has no document here yet gets one."""
    facts = PatientFacts(identifier=who.id, authority=who.authority_oid)
    return patient_keys(connection, [facts], ours=False)[facts.key]


def _note(
    connection: sa.Connection, event: str, invitation_id: str, login: str, reason: str | None = None
) -> None:
    detail = {"reason": reason} if reason else None
    note(connection, event, subject="invitation", subject_id=invitation_id, actor=login, detail=detail)
