"""Tables about the index of documents in P1: how far each is, and when P1 is asked again after an outage.

They stand in the same database and the same `metadata` as `erepo.clinic.tables`.
"""

import sqlalchemy as sa

from erepo.clinic.tables import UtcDateTime, metadata, now, one_of

#: See `erepo.clinic.indexing.states`.
INDEX_STATES = (
    "waiting", "indexing", "indexed", "refused", "withdrawing", "withdrawn", "replaced", "left",
)  # fmt: skip

#: One row for each document that has to be, or is, or was in P1's index.
document_index = sa.Table(
    "document_index",
    metadata,
    sa.Column("document_id", sa.ForeignKey("document.id"), primary_key=True, autoincrement=False),
    sa.Column("state", sa.String, nullable=False, server_default="waiting"),
    # Kept here too: an index may have to be withdrawn when the document is gone.
    sa.Column("unique_id", sa.String, nullable=False),
    sa.Column("lawful", sa.Boolean, nullable=False),  # whether the law demands it, or only a person
    sa.Column("deadline", UtcDateTime, nullable=False),
    sa.Column("asked_by", sa.String),
    sa.Column("event_root", sa.String),
    sa.Column("event_extension", sa.String),
    sa.Column("event_from", sa.String),  # `document`, or the login of who gave it
    sa.Column("run_key", sa.String),  # lease: owner|expiry
    sa.Column("attempts", sa.Integer, nullable=False, server_default="0"),
    sa.Column("next_at", UtcDateTime),
    sa.Column("code", sa.String(80)),
    sa.Column("told", sa.JSON(none_as_null=True)),
    sa.Column("entry_uuid", sa.String),  # P1's own
    sa.Column("repository_unique_id", sa.String),
    sa.Column("indexed_at", UtcDateTime),
    sa.Column("withdrawn_at", UtcDateTime),
    sa.Column("near_told_at", UtcDateTime),
    sa.Column("late_told_at", UtcDateTime),
    sa.Column("created_at", UtcDateTime, nullable=False, default=now),
    sa.Index(None, "state", "deadline"),
    one_of("state", INDEX_STATES),
)

#: While P1 or the service does not answer: when an account asks again, and with one document first.
index_pause = sa.Table(
    "index_pause",
    metadata,
    sa.Column("account", sa.String(16), primary_key=True),
    sa.Column("failures", sa.Integer, nullable=False),
    sa.Column("since", UtcDateTime, nullable=False),
    sa.Column("resume_at", UtcDateTime, nullable=False),
    sa.Column("code", sa.String(80), nullable=False),
)
