"""Rows of documents for tests that need states, not content."""

import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from erepo.clinic.database import Database
from erepo.clinic.tables import audit_event, document, patient
from tests.support.cda_documents import P1

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


def rows_of(database: Database) -> Sequence[Any]:
    """Return every document with its patient, in the order taken in."""
    statement = sa.select(
        document, patient.c.identifier, patient.c.authority, patient.c.family, patient.c.city
    )
    with database.read() as connection:
        return connection.execute(
            statement.join(patient, patient.c.id == document.c.patient_key).order_by(document.c.id)
        ).all()


def write(folder: Path, name: str, octets: bytes) -> Path:
    """Write a file, its folders too."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(octets)
    return path


def identity(extension: str) -> str:
    """Return the `id` element of a document of ours."""
    return f'<id root="{P1}.2.7.100300.7.1" extension="{extension}"/>'
