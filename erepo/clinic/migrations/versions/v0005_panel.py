"""The administrator of the account's panel."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Add who administers the panel."""
    op.add_column("account", sa.Column("panel_login", sa.String(64), nullable=True))
