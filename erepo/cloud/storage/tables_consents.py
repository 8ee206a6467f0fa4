"""Tables of consents: who may see which documents of an account, from when until when, and who did."""

from sqlalchemy import (
    Boolean,
    Column,
    DateTime,
    ForeignKey,
    Index,
    LargeBinary,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from erepo.cloud.storage.tables import Number, metadata

#: A consent never changes but for its revocation, and is never removed: it is evidence.
consent = Table(
    "consent",
    metadata,
    Column("number", Number, primary_key=True),
    Column("tenant_id", ForeignKey("tenant.id"), nullable=False),
    Column("id", String(36), nullable=False),  # of the client
    Column("patient_id", String(256), nullable=False),  # CX, as in `registry_object`
    Column("recipient_kind", String(10), nullable=False),  # patient, person, account
    Column("recipient", String(256), nullable=False),  # CX of a person or the patient, number of an account
    Column("valid_from", DateTime, nullable=False),
    Column("valid_until", DateTime, nullable=False),  # the first moment in which it does not hold any more
    Column("body", LargeBinary, nullable=False),  # the very octets that were signed
    Column("signature", Text, nullable=False),
    Column("signer", String(64), nullable=False),  # SHA-256 of the WSS certificate, hex
    Column("created_at", DateTime, nullable=False),
    Column("revoked_at", DateTime),  # set: it holds no more, whatever the time
    Column("revocation", LargeBinary),  # and the three that prove who revoked it
    Column("revocation_signature", Text),
    Column("revocation_signer", String(64)),
    UniqueConstraint("tenant_id", "id"),
)
Index("ix_consent_recipient", consent.c.tenant_id, consent.c.recipient_kind, consent.c.recipient)
# Persons ask for what is shared with them by anybody.
Index("ix_consent_anywhere", consent.c.recipient_kind, consent.c.recipient)
# Patients ask who has looked at their documents.
Index("ix_consent_patient", consent.c.tenant_id, consent.c.patient_id)
Index("ix_consent_number", consent.c.tenant_id, consent.c.number)

consent_document = Table(
    "consent_document",
    metadata,
    Column("consent_number", ForeignKey("consent.number"), primary_key=True, autoincrement=False),
    Column("unique_id", String(256), primary_key=True),
    Column("tenant_id", Number, nullable=False),
    Column("patient_id", String(256), nullable=False),
    sqlite_with_rowid=False,
)

#: Each access that was granted, by a consent, by SOZ to a provider that P1 vouches for, or in an emergency:
#: one row of a query, one for each document that was given out.
consent_access = Table(
    "consent_access",
    metadata,
    Column("number", Number, primary_key=True),
    Column("tenant_id", ForeignKey("tenant.id"), nullable=False),
    Column("consent_number", Number),  # NULL: granted by none of our consents
    Column("emergency", Boolean, nullable=False),  # break-glass
    Column("patient_id", String(256)),  # CX; NULL: the consent tells whose it is
    Column("at", DateTime, nullable=False),
    Column("reader_kind", String(10), nullable=False),
    Column("reader", String(256), nullable=False),
    Column("unique_id", String(256)),  # NULL: a query
    Column("actor", String(128)),  # who acted for an account or provider: NPWZ as `OID:number`
)
Index("ix_access_consent", consent_access.c.tenant_id, consent_access.c.consent_number)
Index("ix_access_document", consent_access.c.tenant_id, consent_access.c.unique_id)
Index(
    "ix_access_patient",
    consent_access.c.tenant_id,
    consent_access.c.patient_id,
    sqlite_where=consent_access.c.patient_id.is_not(None),
    postgresql_where=consent_access.c.patient_id.is_not(None),
)
