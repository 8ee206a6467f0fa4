"""Consents and their documents, and an index that finds the history of what is no document."""

import sqlalchemy as sa
from alembic import op

from erepo.clinic.tables import UtcDateTime

revision = "0016"
down_revision = "0015"

_STATES = ("draft", "ordered", "sent", "scheduled", "active", "expired", "revoking", "revoked", "refused")
_OPEN = sa.text("state IN ('ordered', 'sent', 'scheduled', 'active', 'revoking')")
_NAMED = sa.text("subject_id IS NOT NULL")


def upgrade() -> None:
    """Add both tables and the index."""
    op.create_table(
        "consent",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("patient_key", sa.Integer(), nullable=False),
        sa.Column("recipient_kind", sa.String(length=10), nullable=False),
        sa.Column("recipient_root", sa.String(length=64), nullable=True),
        sa.Column("recipient_extension", sa.String(length=64), nullable=True),
        sa.Column("recipient_account", sa.String(length=16), nullable=True),
        sa.Column("recipient_name", sa.String(length=500), nullable=True),
        sa.Column("valid_from", UtcDateTime(), nullable=False),
        sa.Column("valid_until", UtcDateTime(), nullable=False),
        sa.Column("matter", sa.String(length=500), nullable=False),
        sa.Column("state", sa.String(length=10), server_default="draft", nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("created_by", sa.String(), nullable=False),
        sa.Column("ordered_at", UtcDateTime(), nullable=True),
        sa.Column("ordered_by", sa.String(), nullable=True),
        sa.Column("account", sa.String(length=16), nullable=True),
        sa.Column("body", sa.LargeBinary(), nullable=True),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("tried_at", UtcDateTime(), nullable=True),
        sa.Column("confirmed_at", UtcDateTime(), nullable=True),
        sa.Column("revoking_at", UtcDateTime(), nullable=True),
        sa.Column("revoked_by", sa.String(), nullable=True),
        sa.Column("revocation", sa.LargeBinary(), nullable=True),
        sa.Column("revoked_at", UtcDateTime(), nullable=True),
        sa.Column("reason", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("problem", sa.JSON(none_as_null=True), nullable=True),
        _one_of("state", _STATES),
        _one_of("recipient_kind", ("patient", "person", "account")),
        sa.ForeignKeyConstraint(["patient_key"], ["patient.id"], name=op.f("fk_consent_patient_key")),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_consent")),
        sa.UniqueConstraint("id", name=op.f("uq_consent_id")),
    )
    op.create_index("ix_consent_open", "consent", ["state"], sqlite_where=_OPEN, postgresql_where=_OPEN)
    op.create_index(op.f("ix_consent_patient_key"), "consent", ["patient_key"])
    op.create_table(
        "consent_document",
        sa.Column("consent_number", sa.Integer(), nullable=False),
        sa.Column("document_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["consent_number"], ["consent.number"], name=op.f("fk_consent_document_consent_number")
        ),
        sa.ForeignKeyConstraint(
            ["document_id"], ["document.id"], name=op.f("fk_consent_document_document_id")
        ),
        sa.PrimaryKeyConstraint("consent_number", "document_id", name=op.f("pk_consent_document")),
    )
    op.create_index(op.f("ix_consent_document_document_id"), "consent_document", ["document_id"])
    op.create_index(
        "ix_audit_event_subject",
        "audit_event",
        ["subject_id"],
        sqlite_where=_NAMED,
        postgresql_where=_NAMED,
    )


def _one_of(column: str, values: tuple[str, ...]) -> sa.CheckConstraint:
    return sa.CheckConstraint(
        f"{column} IN ({', '.join(repr(value) for value in values)})", name=op.f(f"ck_consent_{column}")
    )
