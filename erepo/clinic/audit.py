"""The clinic's history: what happened to which record, written in the transaction that made it happen.

Only opaque ids, states, codes and counts are kept; never a name, an identifier of a patient, or a file name.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from erepo.clinic.tables import audit_event, document, now


def record(
    connection: sa.Connection,
    event: str,
    document_ids: Sequence[int],
    *,
    from_state: str | None = None,
    to_state: str | None = None,
    actor: str = "erepo",
    detail: Mapping[str, Any] | None = None,
) -> None:
    """Write one event for each of many documents, in one statement.

    Args:
        connection: of the transaction that makes the event true.
        event: past-tense word, `taken_in`, `archived`…
        document_ids: internal ids of existing documents.
        from_state: state before, None for a document that is new.
        to_state: state after.
        actor: user or task.
        detail: codes and counts, the same for all.
    """
    if not document_ids:
        return
    values = {
        "at": now(),
        "event": event,
        "actor": actor,
        "from_state": from_state,
        "to_state": to_state,
        "detail": dict(detail) if detail else None,
    }
    constants = [sa.literal(value, audit_event.c[name].type).label(name) for name, value in values.items()]
    source = (
        sa.select(document.c.id, *constants).where(document.c.id.in_(document_ids)).order_by(document.c.id)
    )
    connection.execute(
        audit_event.insert().from_select(["document_id", *values], source, include_defaults=False)
    )


def note(  # noqa: PLR0913 - columns of one row
    connection: sa.Connection,
    event: str,
    *,
    subject: str,
    subject_id: str,
    from_state: str | None = None,
    to_state: str | None = None,
    actor: str = "erepo",
    detail: Mapping[str, Any] | None = None,
) -> None:
    """Write one event about a record that is no document: a kind, the structure, an account, a consent."""
    connection.execute(
        audit_event.insert().values(
            event=event,
            subject=subject,
            subject_id=subject_id,
            from_state=from_state,
            to_state=to_state,
            actor=actor,
            detail=dict(detail) if detail else None,
        )
    )
