"""Secrets that webhooks are signed with are encrypted; those in clear are when the interface starts next."""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"


def upgrade() -> None:
    """Make room for the encrypted form; a migration does not know the passphrase."""
    op.add_column("webhook", sa.Column("secret_locked", sa.LargeBinary(), nullable=True))
