"""Documents that were refused for good: why, what to do, and back into the queue once that is done."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from erepo.clinic.errors import DocumentNotRejected
from erepo.clinic.states import State, move
from erepo.clinic.tables import document

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
    released = 0
    for start in range(0, len(public_ids), _SLICE) if public_ids is not None else (0,):
        part = None if public_ids is None else list(dict.fromkeys(public_ids[start : start + _SLICE]))
        ids = _rejected_ids(connection, part)
        if part is not None and len(ids) != len(part):
            raise DocumentNotRejected(count=len(part) - len(ids))
        cleared = dict.fromkeys(("submission_id", "reason_code", "reason_text", "next_step"))
        released += move(
            connection, ids, State.REJECTED, State.LOCAL, "released", values=cleared, actor=actor
        )
    return released


def _rejected_ids(connection: sa.Connection, public_ids: Sequence[str] | None) -> list[int]:
    wanted = sa.select(document.c.id).where(document.c.state == State.REJECTED.value)
    if public_ids is not None:
        wanted = wanted.where(document.c.public_id.in_(public_ids))
    return list(connection.execute(wanted).scalars())
