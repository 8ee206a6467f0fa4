"""The index of documents in P1, as the clinic knows it."""

import sqlalchemy as sa
from alembic import op

from erepo.clinic.tables import UtcDateTime

revision = "0015"
down_revision = "0014"

_STATES = "'waiting', 'indexing', 'indexed', 'refused', 'withdrawing', 'withdrawn', 'replaced', 'left'"


def upgrade() -> None:
    """Add both tables; nothing is indexed by that."""
    op.create_table(
        "document_index",
        sa.Column("document_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("state", sa.String(), server_default="waiting", nullable=False),
        sa.Column("unique_id", sa.String(), nullable=False),
        sa.Column("lawful", sa.Boolean(), nullable=False),
        sa.Column("deadline", UtcDateTime(), nullable=False),
        sa.Column("asked_by", sa.String(), nullable=True),
        sa.Column("event_root", sa.String(), nullable=True),
        sa.Column("event_extension", sa.String(), nullable=True),
        sa.Column("event_from", sa.String(), nullable=True),
        sa.Column("run_key", sa.String(), nullable=True),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("next_at", UtcDateTime(), nullable=True),
        sa.Column("code", sa.String(length=80), nullable=True),
        sa.Column("told", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("entry_uuid", sa.String(), nullable=True),
        sa.Column("repository_unique_id", sa.String(), nullable=True),
        *(
            sa.Column(name, UtcDateTime(), nullable=True)
            for name in ("indexed_at", "withdrawn_at", "near_told_at", "late_told_at")
        ),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint(f"state IN ({_STATES})", name=op.f("ck_document_index_state")),
        sa.ForeignKeyConstraint(["document_id"], ["document.id"], name=op.f("fk_document_index_document_id")),
        sa.PrimaryKeyConstraint("document_id", name=op.f("pk_document_index")),
    )
    op.create_index(op.f("ix_document_index_state_deadline"), "document_index", ["state", "deadline"])
    op.create_table(
        "index_pause",
        sa.Column("account", sa.String(length=16), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("since", UtcDateTime(), nullable=False),
        sa.Column("resume_at", UtcDateTime(), nullable=False),
        sa.Column("code", sa.String(length=80), nullable=False),
        sa.PrimaryKeyConstraint("account", name=op.f("pk_index_pause")),
    )
