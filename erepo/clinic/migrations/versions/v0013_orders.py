"""Migrations that are ordered through the REST interface, and what keeps them from going on."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    """Add both columns; what was ordered before is not standing."""
    op.add_column("migration", sa.Column("standing", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("migration", sa.Column("problem", sa.String(length=80), nullable=True))
