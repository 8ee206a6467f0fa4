"""Tables about the eArchiwum and about differences that verifying found; `metadata` is that of the clinic."""

import sqlalchemy as sa

from erepo.clinic.tables import UtcDateTime, metadata, now

#: The eArchiwum of this installation: at most one row.
earchive = sa.Table(
    "earchive",
    metadata,
    sa.Column("archive", sa.String(32), primary_key=True),
    sa.Column("folder", sa.String, nullable=False),
    sa.Column("repository_unique_id", sa.String, nullable=False),
    sa.Column("installation", sa.String(32), nullable=False),
    sa.Column("updated_at", UtcDateTime, nullable=False, default=now),
)

_OPEN = sa.text("state = 'open'")

#: The repair plan: one row a difference; at most one open row a document.
repair = sa.Table(
    "repair",
    metadata,
    sa.Column("id", sa.String(32), primary_key=True),
    sa.Column("document_id", sa.ForeignKey("document.id"), nullable=False, index=True),
    sa.Column("state", sa.String, nullable=False, server_default="open"),
    sa.Column("what", sa.String, nullable=False),
    sa.Column("copy", sa.String, nullable=False),
    sa.Column("action", sa.String, nullable=False),
    sa.Column("found_at", UtcDateTime, nullable=False, default=now),
    sa.Column("told_at", UtcDateTime),
    sa.Column("closed_at", UtcDateTime),
    sa.CheckConstraint("state IN ('open', 'repaired', 'gone')", name="state"),
    sa.Index("uq_repair_open", "document_id", unique=True, sqlite_where=_OPEN, postgresql_where=_OPEN),
    sa.Index("ix_repair_state_found_at", "state", "found_at"),
)
