"""Documents that were refused for good, or lost by the repository: why, and back into the queue."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from erepo.clinic.chain import resend
from erepo.clinic.errors import DocumentNotRejected
from erepo.clinic.states import State, move
from erepo.clinic.tables import document, now
from erepo.clinic.tables_earchive import repair

_SLICE = 500


@dataclass(frozen=True)
class RejectedDocument:
    """One refused document as a member of the clinic's staff needs to see it.

    Attributes:
        public_id: opaque id.
        kind: `erepo.cda.kinds.Kind`.
        source_name: name of the file it came from; may name a patient, so it never leaves the clinic.
        taken_in_at: UTC.
        reason_code: for programs.
        reason_text: what happened, in the installation's language.
        next_step: what to do about it.
    """

    public_id: str
    kind: str
    source_name: str
    taken_in_at: datetime
    reason_code: str
    reason_text: str
    next_step: str

    def as_json(self) -> dict[str, Any]:
        """Return plain data."""
        return asdict(self)


def read_rejected(connection: sa.Connection, limit: int = 1000) -> list[RejectedDocument]:
    """Return refused documents, the latest first."""
    words = ("reason_code", "reason_text", "next_step")
    rows = connection.execute(
        sa.select(
            document.c.public_id,
            document.c.kind,
            document.c.source_name,
            document.c.taken_in_at,
            *(sa.func.coalesce(document.c[name], "").label(name) for name in words),
        )
        .where(document.c.state == State.REJECTED.value)
        .order_by(document.c.id.desc())
        .limit(limit)
    )
    return [RejectedDocument(*row) for row in rows]


def release(
    connection: sa.Connection, public_ids: Sequence[str] | None = None, *, actor: str = "erepo"
) -> int:
    """Make refused documents ordinary local ones again, to be planned by the next run.

    Their uniqueIds stay: what the repository may hold of them already is found, not stored twice.

    Args:
        connection: the transaction; the caller commits.
        public_ids: opaque ids; None means all refused documents.
        actor: who asks for it, for the audit.

    Returns:
        The number of documents released.

    Raises:
        DocumentNotRejected: some id is unknown or its document is not refused; nothing was changed.
    """
    ids = _in_state(connection, State.REJECTED, public_ids)
    if public_ids is not None and len(ids) != len(set(public_ids)):
        raise DocumentNotRejected(count=len(set(public_ids)) - len(ids))
    return move(connection, ids, State.REJECTED, State.LOCAL, "released", values=_CLEARED, actor=actor)


def send_again(connection: sa.Connection, public_ids: Sequence[str], *, actor: str = "erepo") -> int:
    """Make archived documents that the repository has lost local ones again, to be planned by the next run.

    Only for what `verify` found missing, for instance after the service was restored from an older backup. A
    document that is in the repository after all is found by its ids and not stored twice. Their rows in the
    repair plan are closed.

    Args:
        connection: the transaction; the caller commits.
        public_ids: opaque ids; those that are not archived any more, or not kept here, are left alone.
        actor: who asks for it, for the audit.

    Returns:
        The number of documents that will be sent again.
    """
    ids = _in_state(connection, State.ARCHIVED, public_ids)
    resend(connection, ids)
    values = {**_CLEARED, "archived_at": None, "verified_at": None, "read_back_at": None}
    for start in range(0, len(ids), _SLICE):
        part = repair.c.document_id.in_(ids[start : start + _SLICE])
        closed = repair.update().where(part, repair.c.state == "open")
        connection.execute(closed.values(state="repaired", closed_at=now()))
    return move(connection, ids, State.ARCHIVED, State.LOCAL, "missed", values=values, actor=actor)


_CLEARED: Mapping[str, None] = dict.fromkeys(("submission_id", "reason_code", "reason_text", "next_step"))


def _in_state(connection: sa.Connection, state: State, public_ids: Sequence[str] | None) -> list[int]:
    wanted = sa.select(document.c.id).where(document.c.state == state.value)
    if public_ids is None:
        return list(connection.execute(wanted).scalars())
    found: list[int] = []
    for start in range(0, len(public_ids), _SLICE):
        part = wanted.where(document.c.public_id.in_(public_ids[start : start + _SLICE]))
        found += connection.execute(part).scalars()
    return sorted(set(found))
