"""Content that left for the repository, and the questions of purging it here."""

import sqlalchemy as sa
from alembic import op

from erepo.clinic.tables import UtcDateTime

revision = "0009"
down_revision = "0008"

_KEPT = sa.text("state = 'archived'")


def upgrade() -> None:
    """Add the notes of removals, and an index for each way of counting local days."""
    op.create_table(
        "content_removal",
        sa.Column("document_id", sa.Integer(), nullable=False),
        sa.Column("noted_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["document_id"], ["document.id"], name=op.f("fk_content_removal_document_id")
        ),
        sa.PrimaryKeyConstraint("document_id", name=op.f("pk_content_removal")),
    )
    for name, since in (
        ("ix_document_kept_since_archived", "archived_at"),
        ("ix_document_kept_since_taken_in", "taken_in_at"),
    ):
        op.create_index(name, "document", ["kind", since], sqlite_where=_KEPT, postgresql_where=_KEPT)
