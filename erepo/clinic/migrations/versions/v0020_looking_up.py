"""What is looked for among all: a document by its SHA-1 (as P1's index names it), consents by their end."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"


def upgrade() -> None:
    """Add the indexes; without them each look would cost a look at all that are here."""
    op.create_index(op.f("ix_document_sha1"), "document", ["sha1"], unique=False)
    over = sa.text("state = 'expired'")
    op.create_index("ix_consent_over", "consent", ["valid_until"], sqlite_where=over, postgresql_where=over)
