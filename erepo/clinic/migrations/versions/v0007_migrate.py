"""What comes back from the repository, and what is deleted there."""

import sqlalchemy as sa
from alembic import op

from erepo.clinic.tables import UtcDateTime

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Add the ledgers of migration and deletion."""
    op.create_table(
        "migration",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("documents", sa.Integer(), nullable=False),
        sa.Column("bytes", sa.BigInteger(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("stop_requested_at", UtcDateTime()),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_migration")),
    )
    op.create_table(
        "migration_batch",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("migration_id", sa.String(length=32), nullable=False),
        sa.Column("run_key", sa.String()),
        sa.Column("state", sa.String(), server_default="prepared", nullable=False),
        sa.Column("documents", sa.Integer(), nullable=False),
        sa.Column("bytes", sa.BigInteger(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("finished_at", UtcDateTime()),
        sa.CheckConstraint(
            "state IN ('prepared', 'working', 'finished')", name=op.f("ck_migration_batch_state")
        ),
        sa.ForeignKeyConstraint(
            ["migration_id"], ["migration.id"], name=op.f("fk_migration_batch_migration_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_migration_batch")),
    )
    op.create_index(op.f("ix_migration_batch_migration_id"), "migration_batch", ["migration_id"])
    op.create_index(op.f("ix_migration_batch_state"), "migration_batch", ["state"])
    _items()
    op.create_table(
        "deletion",
        sa.Column("document_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("step", sa.String(), server_default="intended", nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("intended_at", UtcDateTime(), nullable=False),
        sa.Column("removed_at", UtcDateTime()),
        sa.Column("content_removed_at", UtcDateTime()),
        sa.Column("code", sa.String()),
        sa.CheckConstraint(
            "step IN ('intended', 'removed', 'done', 'given_up')", name=op.f("ck_deletion_step")
        ),
        sa.ForeignKeyConstraint(["document_id"], ["document.id"], name=op.f("fk_deletion_document_id")),
        sa.PrimaryKeyConstraint("document_id", name=op.f("pk_deletion")),
    )
    op.create_index(op.f("ix_deletion_step"), "deletion", ["step"])


def _items() -> None:
    op.create_table(
        "migration_item",
        sa.Column("batch_id", sa.String(length=32), nullable=False),
        sa.Column("document_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("step", sa.String(), server_default="planned", nullable=False),
        sa.Column("from_state", sa.String()),
        sa.Column("code", sa.String()),
        sa.Column("durable_at", UtcDateTime()),
        sa.Column("finished_at", UtcDateTime()),
        sa.CheckConstraint(
            "step IN ('planned', 'fetching', 'durable', 'done', 'given_up', 'left')",
            name=op.f("ck_migration_item_step"),
        ),
        sa.ForeignKeyConstraint(
            ["batch_id"], ["migration_batch.id"], name=op.f("fk_migration_item_batch_id")
        ),
        sa.ForeignKeyConstraint(["document_id"], ["document.id"], name=op.f("fk_migration_item_document_id")),
        sa.PrimaryKeyConstraint("batch_id", "document_id", name=op.f("pk_migration_item")),
    )
    op.create_index(op.f("ix_migration_item_document_id"), "migration_item", ["document_id"])
    op.create_index(op.f("ix_migration_item_batch_id_step"), "migration_item", ["batch_id", "step"])
