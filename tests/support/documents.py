"""Rows of documents for tests that need states, not content."""

import uuid
from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from erepo.clinic.tables import audit_event, document, patient

PESEL_ROOT = "2.16.840.1.113883.3.4424.1.1.616"


def add_documents(
    connection: sa.Connection, count: int, *, state: str = "local", kind: str = "lab_result", **columns: Any
) -> list[int]:
    """Insert bare documents of one patient and return their internal ids."""
    found = connection.execute(sa.select(patient.c.id)).scalar()
    key = (
        found
        or connection.execute(
            patient.insert().values(identifier="44051401359", authority=PESEL_ROOT).returning(patient.c.id)
        ).scalar_one()
    )
    ids = []
    for _ in range(count):
        name = uuid.uuid4().hex
        row = connection.execute(
            document.insert()
            .values(
                public_id=name,
                unique_id=f"2.25.{uuid.UUID(name).int}",
                sha256=name * 2,
                sha1="0" * 40,
                size=10,
                mime_type="text/xml",
                kind=kind,
                state=state,
                patient_key=key,
                **columns,
            )
            .returning(document.c.id)
        )
        ids.append(row.scalar_one())
    return ids


def states_of(connection: sa.Connection) -> dict[int, str]:
    """Return the state of every document by internal id."""
    return {row.id: row.state for row in connection.execute(sa.select(document.c.id, document.c.state))}


def history_of(connection: sa.Connection, document_id: int) -> list[Mapping[str, Any]]:
    """Return the audit events of one document, oldest first."""
    statement = sa.select(audit_event).where(audit_event.c.document_id == document_id)
    return list(connection.execute(statement.order_by(audit_event.c.id)).mappings())
