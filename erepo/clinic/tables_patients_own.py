"""Table of documents that patients gave through the service: the ledger of their way in.

It stands in the same database and the same `metadata` as `erepo.clinic.tables`.
"""

import sqlalchemy as sa

from erepo.clinic.tables import UtcDateTime, metadata, now

#: A row is written with the document (or with its refusal) and tells that the service need not keep it.
own_document = sa.Table(
    "own_document",
    metadata,
    sa.Column("account", sa.String(16), primary_key=True),
    sa.Column("id", sa.String(36), primary_key=True),  # of the service
    sa.Column("sha256", sa.String(64), nullable=False),  # of the octets as given, like the next
    sa.Column("size", sa.BigInteger, nullable=False),
    sa.Column("state", sa.String(10), nullable=False),  # taken, refused
    sa.Column("public_id", sa.String(32)),  # of the document that it became
    sa.Column("reason", sa.String(20)),  # of a refusal, as the patient is told
    sa.Column("code", sa.String(60)),  # the same, as the staff is told
    sa.Column("given_at", UtcDateTime, nullable=False),
    sa.Column("came_at", UtcDateTime, nullable=False, default=now),
    sa.Column("settled_at", UtcDateTime),  # the service knows
)
