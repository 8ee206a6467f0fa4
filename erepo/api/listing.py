"""Documents as other systems may see them: ids, kinds, states and times; never a patient, title or file name.

Pages go by key: a cursor is the public id of the last document that was seen.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from erepo.api.errors import DocumentUnknown, RequestInvalid
from erepo.cda.kinds import Kind
from erepo.clinic.intake import parse_patient
from erepo.clinic.shared import is_shared
from erepo.clinic.states import State
from erepo.clinic.tables import audit_event, document, patient
from erepo.clinic.tables_abroad import document_origin
from erepo.clinic.times import sensible
from erepo.identifiers.errors import IdentifierInvalid


def _summary() -> tuple[sa.ColumnElement[Any], ...]:
    columns = (document.c.kind, document.c.state, document.c.taken_in_at, document.c.archived_at)
    return document.c.public_id.label("id"), *columns, is_shared().label("shared")


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which documents; what is None does not matter.

    Attributes:
        patient: PESEL or HL7 CX.
        state: as it is now.
        kind: of the document.
        since: taken in at or after.
        cursor: only those after this one.
        limit: at most so many.
    """

    patient: str | None = None
    state: State | None = None
    kind: Kind | None = None
    since: datetime | None = None
    cursor: str | None = None
    limit: int = 100


def list_documents(connection: sa.Connection, wanted: Wanted) -> dict[str, Any]:
    """Return one page in the form of `models.DocumentList`.

    Raises:
        RequestInvalid: the cursor, the patient or the time cannot be used.
    """
    statement = sa.select(*_summary()).order_by(document.c.id).limit(wanted.limit + 1)
    for condition in _conditions(connection, wanted):
        statement = statement.where(condition)
    rows = [dict(row) for row in connection.execute(statement).mappings()]
    page = rows[: wanted.limit]
    return {"documents": page, "next": page[-1]["id"] if len(rows) > len(page) else None}


def _conditions(connection: sa.Connection, wanted: Wanted) -> list[sa.ColumnElement[bool]]:
    found: list[sa.ColumnElement[bool]] = []
    if wanted.state is not None:
        found.append(document.c.state == wanted.state.value)
    if wanted.kind is not None:
        found.append(document.c.kind == wanted.kind.value)
    if wanted.since is not None:
        if wanted.since.tzinfo is None or sensible(wanted.since) is None:
            raise RequestInvalid(field="since")
        found.append(document.c.taken_in_at >= wanted.since)
    if wanted.cursor is not None:
        last = connection.execute(
            sa.select(document.c.id).where(document.c.public_id == wanted.cursor)
        ).scalar()
        if last is None:
            raise RequestInvalid(field="cursor")
        found.append(document.c.id > last)
    if wanted.patient is not None:
        found.append(document.c.patient_key.in_(_patient(wanted.patient)))
    return found


def _patient(text: str) -> sa.Select[Any]:
    if not text.isprintable():
        raise RequestInvalid(field="patient")
    try:
        cx = parse_patient(text)
    except IdentifierInvalid:
        raise RequestInvalid(field="patient") from None
    return sa.select(patient.c.id).where(
        patient.c.identifier == cx.id, patient.c.authority == cx.authority_oid
    )


def state_of(connection: sa.Connection, public_id: str) -> str:
    """Return the state of a document.

    Raises:
        DocumentUnknown: there is none of this id.
    """
    state = connection.execute(sa.select(document.c.state).where(document.c.public_id == public_id)).scalar()
    if state is None:
        raise DocumentUnknown
    return str(state)


def read_document(connection: sa.Connection, public_id: str) -> dict[str, Any]:
    """Return a document in the form of `models.DocumentDetails`.

    Raises:
        DocumentUnknown: there is none of this id.
    """
    names = (
        "mime_type", "size", "sha256", "origin", "due_at", "verified_at", "unique_id", "entry_uuid",
        "repository_unique_id", "reason_code", "reason_text", "next_step", "warnings",
    )  # fmt: skip
    columns = [document.c[name] for name in names]
    row = (
        connection.execute(
            sa.select(document.c.id.label("row"), *_summary(), *columns).where(
                document.c.public_id == public_id
            )
        )
        .mappings()
        .one_or_none()
    )
    if row is None:
        raise DocumentUnknown
    ids = ("unique_id", "entry_uuid", "repository_unique_id")
    return {
        **{
            name: row[name]
            for name in ("id", "kind", "state", "taken_in_at", "archived_at", "shared", *names[:6])
        },
        "source": _source(connection, row["row"]),
        "registry": {name: row[name] for name in ids},
        "reason": _reason(row),
        "warnings": [one["code"] for one in row["warnings"] or ()],
        "history": _history(connection, row["row"]),
    }


def _source(connection: sa.Connection, row: int) -> dict[str, Any] | None:
    columns = ("institution", "repository_unique_id", "fetched_by", "fetched_at")
    found = connection.execute(
        sa.select(*(document_origin.c[name] for name in columns)).where(document_origin.c.document_id == row)
    ).one_or_none()
    if found is None:
        return None
    return {
        "institution": found.institution or None,
        "repository": found.repository_unique_id,
        "fetched_by": found.fetched_by or None,
        "fetched_at": found.fetched_at,
    }


def _reason(row: Mapping[Any, Any]) -> dict[str, str] | None:
    if not row["reason_code"]:
        return None
    words = {"code": "reason_code", "text": "reason_text", "next_step": "next_step"}
    return {name: row[column] or "" for name, column in words.items()}


def _history(connection: sa.Connection, row: int) -> list[dict[str, Any]]:
    columns = [audit_event.c[name] for name in ("at", "event", "actor", "from_state", "to_state")]
    statement = sa.select(*columns).where(audit_event.c.document_id == row).order_by(audit_event.c.id)
    return [dict(event) for event in connection.execute(statement).mappings()]
