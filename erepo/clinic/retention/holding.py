"""Legal holds: what is wanted in proceedings may be neither destroyed nor deleted, whatever its year."""

from collections.abc import Sequence
from enum import StrEnum

import sqlalchemy as sa

from erepo.clinic import audit
from erepo.clinic.permissions import Permission, require
from erepo.clinic.retention.errors import BeingDestroyed, HoldReasonUnknown
from erepo.clinic.retention.rows import SLICE, ids_of, is_being_deleted, is_gone
from erepo.clinic.tables import document, now
from erepo.clinic.tables_retention import legal_hold


class HoldReason(StrEnum):
    """Why; a code, never a text that could name somebody."""

    COURT = "court"
    PROSECUTOR = "prosecutor"
    CLAIM = "claim"
    INSPECTION = "inspection"
    PATIENT = "patient"
    OTHER = "other"


def parse_reason(text: str) -> HoldReason:
    """Return the reason of this code.

    Raises:
        HoldReasonUnknown: there is none.
    """
    try:
        return HoldReason(text.strip().lower())
    except ValueError:
        raise HoldReasonUnknown(known=", ".join(HoldReason)) from None


def hold(connection: sa.Connection, public_ids: Sequence[str], reason: HoldReason, login: str) -> int:
    """Put documents under a legal hold; all their versions are protected by it.

    Args:
        connection: the transaction; the caller commits.
        public_ids: opaque ids.
        reason: why; one document may be held for several reasons.
        login: who does it.

    Returns:
        The number of documents that were not held for this reason before.

    Raises:
        NoSuchUser, PermissionMissing: the person may not (permission `hold`).
        RetentionDocumentUnknown: some id belongs to no document.
        BeingDestroyed: it is too late for some of them; nothing was changed.
    """
    require(connection, login, Permission.HOLD)
    _check_not_begun(connection, public_ids)
    ids = ids_of(connection, public_ids)
    held = set(connection.execute(sa.select(legal_hold.c.document_id).where(_open(ids, reason))).scalars())
    new = [one for one in ids if one not in held]
    if new:
        rows = [{"document_id": one, "reason": reason.value, "set_by": login} for one in new]
        connection.execute(legal_hold.insert(), rows)
        connection.execute(document.update().where(document.c.id.in_(new)).values(legal_hold=True))
        audit.record(connection, "hold_set", new, actor=login, detail={"reason": reason.value})
    return len(new)


def release_hold(connection: sa.Connection, public_ids: Sequence[str], reason: HoldReason, login: str) -> int:
    """Release documents from the holds of one reason; those of other reasons stay in force.

    Returns:
        The number of documents released from it.

    Raises:
        NoSuchUser, PermissionMissing: the person may not (permission `hold`).
        RetentionDocumentUnknown: some id belongs to no document.
    """
    require(connection, login, Permission.HOLD)
    ids = ids_of(connection, public_ids)
    held = list(connection.execute(sa.select(legal_hold.c.document_id).where(_open(ids, reason))).scalars())
    if held:
        ended = {"released_by": login, "released_at": now()}
        connection.execute(legal_hold.update().where(_open(held, reason)).values(**ended))
        still = sa.select(legal_hold.c.document_id).where(
            legal_hold.c.document_id == document.c.id, legal_hold.c.released_at.is_(None)
        )
        free = sa.and_(document.c.id.in_(held), sa.not_(still.correlate(document).exists()))
        connection.execute(document.update().where(free).values(legal_hold=False))
        audit.record(connection, "hold_released", held, actor=login, detail={"reason": reason.value})
    return len(held)


def _check_not_begun(connection: sa.Connection, public_ids: Sequence[str]) -> None:
    begun = 0
    for start in range(0, len(public_ids), SLICE):
        part = document.c.public_id.in_(public_ids[start : start + SLICE])
        # Locked, with all their versions: what is about to begin sees the hold, or we see that it has begun.
        sets = connection.execute(sa.select(document.c.set_id).where(part).distinct()).scalars()
        versions = document.c.set_id.in_([one for one in sets if one])
        locked = sa.select(document.c.id).where(part | versions).order_by(document.c.id)
        connection.execute(locked.with_for_update())
        begun += connection.execute(
            sa.select(sa.func.count()).select_from(document).where(part, is_gone() | is_being_deleted())
        ).scalar_one()
    if begun:
        raise BeingDestroyed(count=begun)


def _open(ids: Sequence[int], reason: HoldReason) -> sa.ColumnElement[bool]:
    return sa.and_(
        legal_hold.c.document_id.in_(ids),
        legal_hold.c.reason == reason.value,
        legal_hold.c.released_at.is_(None),
    )
