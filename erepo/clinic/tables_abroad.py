"""Tables of documents of other providers: what P1 was asked, what it named, where fetched ones come from.

A search stands here for a day, with its patient: the database is the only place where that is written down.
"""

import sqlalchemy as sa

from erepo.clinic.tables import UtcDateTime, metadata, now, one_of

_NUMBER = sa.BigInteger().with_variant(sa.Integer, "sqlite")
FOUND_STATES = ("found", "taken", "known", "refused")

#: One question to P1's index; its id is random and may leave the clinic.
abroad_search = sa.Table(
    "abroad_search",
    metadata,
    sa.Column("id", sa.String(32), primary_key=True),
    sa.Column("login", sa.String, nullable=False),
    sa.Column("identifier", sa.String, nullable=False),
    sa.Column("authority", sa.String, nullable=False),
    sa.Column("purpose", sa.String(5), nullable=False),
    sa.Column("reason", sa.Text, nullable=False, server_default=""),
    sa.Column("more", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("made_at", UtcDateTime, nullable=False, default=now),
    sa.Column("expires_at", UtcDateTime, nullable=False, index=True),
)

#: What P1's index named, in the order in which it is shown, and what became of it.
abroad_document = sa.Table(
    "abroad_document",
    metadata,
    sa.Column("search_id", sa.ForeignKey("abroad_search.id"), primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("unique_id", sa.String, nullable=False),
    sa.Column("repository_unique_id", sa.String, nullable=False),
    sa.Column("entry_uuid", sa.String, nullable=False),
    sa.Column("class_code", sa.String, nullable=False, server_default=""),
    sa.Column("type_code", sa.String, nullable=False, server_default=""),
    sa.Column("mime_type", sa.String, nullable=False, server_default=""),
    sa.Column("created_at", UtcDateTime),
    sa.Column("size", sa.BigInteger),
    sa.Column("sha1", sa.String(40), nullable=False, server_default=""),
    sa.Column("institution", sa.String, nullable=False, server_default=""),
    sa.Column("institution_id", sa.String, nullable=False, server_default=""),
    sa.Column("state", sa.String(10), nullable=False, server_default="found"),
    sa.Column("public_id", sa.String(32)),  # of the document here
    sa.Column("code", sa.String(80)),  # why it was not taken in the last time
    one_of("state", FOUND_STATES),
)

#: Where a document of another provider comes from; stays with the document.
document_origin = sa.Table(
    "document_origin",
    metadata,
    sa.Column("document_id", sa.ForeignKey("document.id"), primary_key=True, autoincrement=False),
    sa.Column("repository_unique_id", sa.String, nullable=False),
    sa.Column("unique_id", sa.String, nullable=False, server_default=""),  # as the index called it
    sa.Column("institution", sa.String, nullable=False, server_default=""),
    sa.Column("institution_id", sa.String, nullable=False, server_default=""),
    sa.Column("purpose", sa.String(5), nullable=False, server_default=""),
    sa.Column("fetched_by", sa.String, nullable=False, server_default=""),
    sa.Column("fetched_at", UtcDateTime, nullable=False, default=now),
)

#: Accesses because a life is in danger: evidence, and the outbox of the warning to the administrator.
emergency_access = sa.Table(
    "emergency_access",
    metadata,
    sa.Column("id", _NUMBER, primary_key=True),
    sa.Column("event_id", sa.String(36), nullable=False, unique=True),
    sa.Column("login", sa.String, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),  # may name the patient
    sa.Column("search_id", sa.String(32), nullable=False),
    sa.Column("made_at", UtcDateTime, nullable=False, default=now),
    sa.Column("told_at", UtcDateTime),
)
