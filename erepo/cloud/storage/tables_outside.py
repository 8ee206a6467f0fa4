"""Tables of what other providers do here: audit messages that P1 has not confirmed yet."""

from sqlalchemy import Column, DateTime, ForeignKey, Index, LargeBinary, Table

from erepo.cloud.storage.tables import Number, metadata

#: Written with the record of an access, gone when P1's audit repository has the message.
p1_audit = Table(
    "p1_audit",
    metadata,
    Column("number", Number, primary_key=True),
    Column("tenant_id", ForeignKey("tenant.id"), nullable=False),
    Column("at", DateTime, nullable=False),
    Column("facts", LargeBinary, nullable=False),  # the event as JSON, as in `audit_event`
)
Index("ix_p1_audit_account", p1_audit.c.tenant_id, p1_audit.c.number)
