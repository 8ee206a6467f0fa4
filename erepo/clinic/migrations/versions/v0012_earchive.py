"""The eArchiwum, when each document was last read back, and the repair plan."""

import sqlalchemy as sa
from alembic import op

from erepo.clinic.tables import UtcDateTime

revision = "0012"
down_revision = "0011"

_IN_REPOSITORY = sa.text("coalesce(state, '') IN ('archived', 'remote')")
_OPEN = sa.text("state = 'open'")


def upgrade() -> None:
    """Add tables, column and index."""
    op.create_table(
        "earchive",
        sa.Column("archive", sa.String(length=32), nullable=False),
        sa.Column("folder", sa.String(), nullable=False),
        sa.Column("repository_unique_id", sa.String(), nullable=False),
        sa.Column("installation", sa.String(length=32), nullable=False),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("archive", name=op.f("pk_earchive")),
    )
    op.create_table(
        "repair",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("document_id", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(), server_default="open", nullable=False),
        sa.Column("what", sa.String(), nullable=False),
        sa.Column("copy", sa.String(), nullable=False),
        sa.Column("action", sa.String(), nullable=False),
        sa.Column("found_at", UtcDateTime(), nullable=False),
        sa.Column("told_at", UtcDateTime(), nullable=True),
        sa.Column("closed_at", UtcDateTime(), nullable=True),
        sa.CheckConstraint("state IN ('open', 'repaired', 'gone')", name=op.f("ck_repair_state")),
        sa.ForeignKeyConstraint(["document_id"], ["document.id"], name=op.f("fk_repair_document_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_repair")),
    )
    op.create_index(op.f("ix_repair_document_id"), "repair", ["document_id"])
    op.create_index("ix_repair_state_found_at", "repair", ["state", "found_at"])
    op.create_index(
        "uq_repair_open", "repair", ["document_id"], unique=True, sqlite_where=_OPEN, postgresql_where=_OPEN
    )
    op.add_column("document", sa.Column("read_back_at", UtcDateTime(), nullable=True))
    op.create_index(
        "ix_document_read_back",
        "document",
        ["read_back_at", "archived_at", "id"],
        sqlite_where=_IN_REPOSITORY,
        postgresql_where=_IN_REPOSITORY,
    )
