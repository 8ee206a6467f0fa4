"""Documents found by their SHA-1: what P1's index names of another provider's document."""

from alembic import op

revision = "0099_review_e"
down_revision = "0019"


def upgrade() -> None:
    """Add the index; without it each document that is fetched costs a look at all that are here."""
    op.create_index(op.f("ix_document_sha1"), "document", ["sha1"], unique=False)
