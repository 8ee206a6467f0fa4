"""Table of documents that patients gave to a clinic of theirs, and that it has not taken, or has."""

from sqlalchemy import (
    Column,
    DateTime,
    ForeignKey,
    Index,
    LargeBinary,
    String,
    Table,
    UniqueConstraint,
)

from erepo.cloud.storage.tables import Number, metadata

#: Rows stay when their octets are gone: the patient sees what became of what they gave.
own_document = Table(
    "own_document",
    metadata,
    Column("id", Number, primary_key=True),
    Column("tenant_id", ForeignKey("tenant.id"), nullable=False),
    Column("public_id", String(36), nullable=False, unique=True),
    Column("giver", Number, nullable=False),  # the patient's account at the portal
    Column("key", String(64), nullable=False),  # SHA-256 of the Idempotency-Key it came with
    Column("state", String(10), nullable=False),  # erepo.cloud.patients_own.states.State
    Column("mime_type", String(64), nullable=False),  # by the octets
    Column("size", Number, nullable=False),  # of the octets as given, like the next
    Column("sha256", String(64), nullable=False),
    Column("key_id", String(16), nullable=False),  # of the master key
    Column("wrapped", LargeBinary, nullable=False),  # the row's data key under the master key
    Column(
        "sealed", LargeBinary, nullable=False
    ),  # patient, title and half of the octets' key under the data key
    Column("salt", LargeBinary(32)),  # the other half; gone with the octets: then no backup of them opens
    Column("blob_key", String(80), index=True),  # where the sealed octets lie; NULL: they are gone
    Column("given_at", DateTime, nullable=False),
    Column("offered_at", DateTime),  # the clinic fetched the octets for the first time
    Column("settled_at", DateTime),  # taken, refused or expired
    Column("reason", String(20)),  # of a refusal: erepo.cloud.patients_own.states.Reason
    UniqueConstraint("tenant_id", "giver", "key"),
)
Index("ix_own_document_giver", own_document.c.tenant_id, own_document.c.giver, own_document.c.id)
Index("ix_own_document_state", own_document.c.tenant_id, own_document.c.state, own_document.c.id)
