"""The latest moment that was seen, so that a licence does not pass on a clock that was set back."""

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

from erepo.clinic.tables import UtcDateTime

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    """Add the one row; nothing was seen yet."""
    table = op.create_table(
        "clock_seen",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("latest", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_clock_seen")),
    )
    op.bulk_insert(table, [{"id": 1, "latest": datetime(1970, 1, 1, tzinfo=UTC)}])
