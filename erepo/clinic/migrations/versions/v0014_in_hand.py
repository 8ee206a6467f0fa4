"""An index of the documents under way: a run looks at them, however many are archived."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"

_IN_HAND = sa.text("state IN ('queued', 'sending')")


def upgrade() -> None:
    """Make the index, and one for the counts by kind."""
    op.create_index("ix_document_state_kind", "document", ["state", "kind"])
    op.create_index(
        "ix_document_in_hand",
        "document",
        ["submission_id"],
        sqlite_where=_IN_HAND,
        postgresql_where=_IN_HAND,
    )
