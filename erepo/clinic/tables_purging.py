"""Tables about content that has left this place for the repository.

They stand in the same database and the same `metadata` as `erepo.clinic.tables`.
"""

import sqlalchemy as sa

from erepo.clinic.tables import UtcDateTime, document, metadata, now

#: Content that is to be removed here: written in the transaction that makes its document `remote`, deleted
#: once the file is gone. What a crash leaves over is found here, without a look at the whole store.
content_removal = sa.Table(
    "content_removal",
    metadata,
    sa.Column("document_id", sa.ForeignKey("document.id"), primary_key=True),
    sa.Column("noted_at", UtcDateTime, nullable=False, default=now),
)

_KEPT = sa.text("state = 'archived'")

#: What lies both here and in the repository, by kind and time: the questions of purging, whatever lies there
#: alone. Kinds that stay after archiving count from `archived_at`, those of P1 from `taken_in_at`.
kept_since_archived = sa.Index(
    "ix_document_kept_since_archived",
    document.c.kind,
    document.c.archived_at,
    sqlite_where=_KEPT,
    postgresql_where=_KEPT,
)
kept_since_taken_in = sa.Index(
    "ix_document_kept_since_taken_in",
    document.c.kind,
    document.c.taken_in_at,
    sqlite_where=_KEPT,
    postgresql_where=_KEPT,
)
