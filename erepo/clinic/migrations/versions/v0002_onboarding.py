"""The ledger of onboarding learns who waits for the certificates, what was refused, and when it reminded."""

import sqlalchemy as sa
from alembic import op

from erepo.clinic.tables import UtcDateTime

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Add the columns; an onboarding that was under way has asked an unknown office and waits for nobody."""
    for column in (
        sa.Column("office", sa.String(), server_default="", nullable=False),
        sa.Column("waiting", sa.JSON(), nullable=True),
        sa.Column("refusal", sa.JSON(), nullable=True),
        sa.Column("reminders", sa.Integer(), server_default="0", nullable=False),
        sa.Column("reminded_at", UtcDateTime(), nullable=True),
    ):
        op.add_column("onboarding", column)


def downgrade() -> None:
    """Drop them."""
    for name in ("reminded_at", "reminders", "refusal", "waiting", "office"):
        op.drop_column("onboarding", name)
