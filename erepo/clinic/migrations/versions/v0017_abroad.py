"""Documents of other providers in P1: searches, what they found, origins, emergencies."""

import json
from typing import Any

import sqlalchemy as sa
from alembic import op

from erepo.clinic.tables import UtcDateTime

revision = "0017"
down_revision = "0016"

_NUMBER = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Add the tables; what was fetched before gets its origin from the history."""
    _searches()
    origin = _origins()
    _fill(op.get_bind(), origin)


def _searches() -> None:
    op.create_table(
        "abroad_search",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("login", sa.String(), nullable=False),
        sa.Column("identifier", sa.String(), nullable=False),
        sa.Column("authority", sa.String(), nullable=False),
        sa.Column("purpose", sa.String(length=5), nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("more", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("made_at", UtcDateTime(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_abroad_search")),
    )
    op.create_index(op.f("ix_abroad_search_expires_at"), "abroad_search", ["expires_at"])
    op.create_table(
        "abroad_document",
        sa.Column("search_id", sa.String(length=32), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("unique_id", sa.String(), nullable=False),
        sa.Column("repository_unique_id", sa.String(), nullable=False),
        sa.Column("entry_uuid", sa.String(), nullable=False),
        sa.Column("class_code", sa.String(), server_default="", nullable=False),
        sa.Column("type_code", sa.String(), server_default="", nullable=False),
        sa.Column("mime_type", sa.String(), server_default="", nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=True),
        sa.Column("size", sa.BigInteger(), nullable=True),
        sa.Column("sha1", sa.String(length=40), server_default="", nullable=False),
        sa.Column("institution", sa.String(), server_default="", nullable=False),
        sa.Column("institution_id", sa.String(), server_default="", nullable=False),
        sa.Column("state", sa.String(length=10), server_default="found", nullable=False),
        sa.Column("public_id", sa.String(length=32), nullable=True),
        sa.Column("code", sa.String(length=80), nullable=True),
        sa.CheckConstraint(
            "state IN ('found', 'taken', 'known', 'refused')", name=op.f("ck_abroad_document_state")
        ),
        sa.ForeignKeyConstraint(
            ["search_id"], ["abroad_search.id"], name=op.f("fk_abroad_document_search_id")
        ),
        sa.PrimaryKeyConstraint("search_id", "number", name=op.f("pk_abroad_document")),
    )


def _origins() -> sa.Table:
    origin = op.create_table(
        "document_origin",
        sa.Column("document_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("repository_unique_id", sa.String(), nullable=False),
        sa.Column("unique_id", sa.String(), server_default="", nullable=False),
        sa.Column("institution", sa.String(), server_default="", nullable=False),
        sa.Column("institution_id", sa.String(), server_default="", nullable=False),
        sa.Column("purpose", sa.String(length=5), server_default="", nullable=False),
        sa.Column("fetched_by", sa.String(), server_default="", nullable=False),
        sa.Column("fetched_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["document_id"], ["document.id"], name=op.f("fk_document_origin_document_id")
        ),
        sa.PrimaryKeyConstraint("document_id", name=op.f("pk_document_origin")),
    )
    op.create_table(
        "emergency_access",
        sa.Column("id", _NUMBER, nullable=False),
        sa.Column("event_id", sa.String(length=36), nullable=False),
        sa.Column("login", sa.String(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("search_id", sa.String(length=32), nullable=False),
        sa.Column("made_at", UtcDateTime(), nullable=False),
        sa.Column("told_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_emergency_access")),
        sa.UniqueConstraint("event_id", name=op.f("uq_emergency_access_event_id")),
    )
    return origin


def _fill(connection: sa.Connection, origin: sa.Table) -> None:
    """Until now the origin of a fetched document stood in its history alone."""
    event = sa.table(
        "audit_event",
        sa.column("document_id", sa.Integer),
        sa.column("event", sa.String),
        sa.column("actor", sa.String),
        sa.column("at", UtcDateTime),
        sa.column("detail", sa.JSON),
    )
    document = sa.table("document", sa.column("id", sa.Integer), sa.column("origin", sa.String))
    query = (
        sa.select(event.c.document_id, event.c.actor, event.c.at, event.c.detail)
        .join(document, document.c.id == event.c.document_id)
        .where(event.c.event == "fetched", document.c.origin == "foreign")
    )
    rows: dict[int, dict[str, Any]] = {}
    for row in connection.execute(query):
        detail = json.loads(row.detail) if isinstance(row.detail, str) else row.detail or {}
        rows.setdefault(
            row.document_id,
            {
                "document_id": row.document_id,
                "repository_unique_id": str(detail.get("repository", "")),
                "fetched_by": row.actor,
                "fetched_at": row.at,
            },
        )
    if rows:
        connection.execute(origin.insert(), list(rows.values()))
