"""States of a consent and the only moves between them.

    draft ─► ordered ─► sent ─► scheduled ─► active ─► expired
      │         │  │      │ │        │          │
      │         │  │      │ └────────┴──────────┴─► revoking ─► revoked
      │         │  └──────┴─► refused ─────────────────┘          ▲
      └─────────┴─────────────────────────────────────────────────┘

`sent`: the body is written down and perhaps at the service, which has not said so yet; once it has, the clock
decides (from `sent` also at once to `active` or `expired`). `revoking`: a person has revoked it and the
service has not confirmed that yet. What was never sent is revoked by that alone; what was refused because the
service has another consent under its id may be revoked there. Every move writes its audit events in its
transaction, those of the documents as well.

`expired` is what our clock said. Where that was wrong and is right again before the end, the service still
shows the documents: the consent goes back to where it stands, and may be revoked at any moment.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final

import sqlalchemy as sa

from erepo.clinic import audit
from erepo.clinic.errors import IllegalMove
from erepo.clinic.tables_sharing import LIVE_STATES, consent, consent_document


class ConsentState(StrEnum):
    """Where a consent stands."""

    DRAFT = "draft"
    ORDERED = "ordered"
    SENT = "sent"
    SCHEDULED = "scheduled"
    ACTIVE = "active"
    EXPIRED = "expired"
    REVOKING = "revoking"
    REVOKED = "revoked"
    REFUSED = "refused"


S = ConsentState
#: In these the service may show the documents, or is about to.
LIVE: Final = frozenset(S(one) for one in LIVE_STATES)
#: Something is still to be done with the service.
OPEN: Final = (S.REVOKING, S.ORDERED, S.SENT)
MOVES: Final[Mapping[ConsentState, frozenset[ConsentState]]] = MappingProxyType(
    {
        S.DRAFT: frozenset({S.ORDERED, S.REVOKED}),
        S.ORDERED: frozenset({S.SENT, S.REFUSED, S.REVOKED}),
        S.SENT: frozenset({S.SCHEDULED, S.ACTIVE, S.EXPIRED, S.REFUSED, S.REVOKING, S.REVOKED}),
        S.SCHEDULED: frozenset({S.ACTIVE, S.EXPIRED, S.REVOKING}),
        S.ACTIVE: frozenset({S.EXPIRED, S.REVOKING}),
        S.REVOKING: frozenset({S.REVOKED}),
        S.REFUSED: frozenset({S.REVOKING}),
        S.EXPIRED: frozenset({S.SENT, S.SCHEDULED, S.ACTIVE, S.REVOKING}),
        S.REVOKED: frozenset(),
    }
)
#: States that the clock alone changes.
_TIMED: Final = (S.SCHEDULED, S.ACTIVE)
#: What the history of each document says of a move of its consent; other moves say nothing there.
_TOLD: Final = {
    (S.SENT, S.SCHEDULED): "shared",
    (S.SENT, S.ACTIVE): "shared",
    (S.SCHEDULED, S.EXPIRED): "sharing_expired",
    (S.ACTIVE, S.EXPIRED): "sharing_expired",
    (S.REVOKING, S.REVOKED): "sharing_revoked",
}


def by_clock(valid_from: datetime, valid_until: datetime, at: datetime) -> ConsentState:
    """Return what the clock makes of a consent that the service has: the window holds its first moment."""
    if at < valid_from:
        return S.SCHEDULED
    return S.ACTIVE if at < valid_until else S.EXPIRED


def standing(
    state: ConsentState | str, valid_from: datetime, valid_until: datetime, at: datetime
) -> ConsentState:
    """Return what a consent is at a moment, whether or not anybody has written that down yet."""
    found = ConsentState(state)
    return by_clock(valid_from, valid_until, at) if found in _TIMED else found


def is_standing(wanted: ConsentState, at: datetime) -> sa.ColumnElement[bool]:
    """Return the condition that a row of `consent` is in a state at a moment, as `standing` tells it."""
    column = consent.c.state
    timed = column.in_([one.value for one in _TIMED])
    match wanted:
        case S.SCHEDULED:
            return sa.and_(timed, consent.c.valid_from > at)
        case S.ACTIVE:
            return sa.and_(timed, consent.c.valid_from <= at, consent.c.valid_until > at)
        case S.EXPIRED:
            over = sa.and_(timed, consent.c.valid_until <= at)
            return sa.or_(column == wanted.value, over)
        case _:
            return column == wanted.value


def move(
    connection: sa.Connection,
    row: sa.Row[Any],
    target: ConsentState,
    event: str,
    *,
    actor: str = "erepo",
    values: Mapping[str, Any] | None = None,
    detail: Mapping[str, Any] | None = None,
) -> bool:
    """Move one consent to another state; return False if it is not where it was any more.

    Args:
        connection: the transaction; the caller commits.
        row: of `consent`, as it was read.
        target: the state it gets.
        event: past-tense word for the audit.
        actor: user or task.
        values: other columns to set.
        detail: codes and counts for the audit; no patient data.

    Raises:
        IllegalMove: the table has no such move.
    """
    source = ConsentState(row.state)
    if target not in MOVES[source]:
        raise IllegalMove(source=source.value, target=target.value)
    found = connection.execute(
        consent.update()
        .where(consent.c.number == row.number, consent.c.state == source.value)
        .values({**(values or {}), "state": target.value, "problem": None})
    )
    if not found.rowcount:
        return False
    audit.note(
        connection,
        event,
        subject="consent",
        subject_id=row.id,
        from_state=source.value,
        to_state=target.value,
        actor=actor,
        detail=detail,
    )
    if (told := _TOLD.get((source, target))) is not None:
        ids = document_ids(connection, row.number)
        audit.record(connection, told, ids, actor=actor, detail={"consent": row.id})
    return True


def document_ids(connection: sa.Connection, number: int) -> Sequence[int]:
    """Return the internal ids of a consent's documents, in order."""
    wanted = sa.select(consent_document.c.document_id).where(consent_document.c.consent_number == number)
    return connection.execute(wanted.order_by(consent_document.c.document_id)).scalars().all()
