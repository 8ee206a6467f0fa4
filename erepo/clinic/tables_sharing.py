"""Tables of consents: who may see which documents of a patient, from when until when (manual 1.4).

They stand in the same database and the same `metadata` as `erepo.clinic.tables`. A consent's id is random and
may be a parameter of Prefect; whom it is about, whom it is for and why may not. What happened to a consent
stands in `audit_event` (subject `consent`), in the transaction that made it happen.
"""

import sqlalchemy as sa

from erepo.clinic.tables import UtcDateTime, metadata, now, one_of

CONSENT_STATES = (
    "draft", "ordered", "sent", "scheduled", "active", "expired", "revoking", "revoked", "refused",
)  # fmt: skip
RECIPIENT_KINDS = ("patient", "person", "account")
#: In these the service may show the documents, or is about to: they must stay where they are.
LIVE_STATES = ("ordered", "sent", "scheduled", "active", "revoking")

_OVER = sa.text("state = 'expired'")
_OPEN = sa.text("state IN ('ordered', 'sent', 'scheduled', 'active', 'revoking')")

consent = sa.Table(
    "consent",
    metadata,
    sa.Column("number", sa.Integer, primary_key=True),
    sa.Column("id", sa.String(36), nullable=False, unique=True),  # UUID in its usual form, ours for ever
    sa.Column("patient_key", sa.ForeignKey("patient.id"), nullable=False, index=True),
    sa.Column("recipient_kind", sa.String(10), nullable=False),
    sa.Column("recipient_root", sa.String(64)),  # of a person: register and number in it
    sa.Column("recipient_extension", sa.String(64)),
    sa.Column("recipient_account", sa.String(16)),
    sa.Column("recipient_name", sa.String(500)),
    sa.Column("valid_from", UtcDateTime, nullable=False),
    sa.Column("valid_until", UtcDateTime, nullable=False),  # the first moment in which it holds no more
    sa.Column("matter", sa.String(500), nullable=False),  # "Sprawa"; may tell anything of the patient
    sa.Column("state", sa.String(10), nullable=False, server_default="draft"),
    sa.Column("created_at", UtcDateTime, nullable=False, default=now),
    sa.Column("created_by", sa.String, nullable=False),
    sa.Column("ordered_at", UtcDateTime),
    sa.Column("ordered_by", sa.String),
    sa.Column("account", sa.String(16)),  # whose consent it is at the service; set with the body
    sa.Column("body", sa.LargeBinary),  # the very octets that go out, committed before they do
    sa.Column("attempts", sa.Integer, nullable=False, server_default="0"),
    sa.Column("tried_at", UtcDateTime),  # since when the body may be on its way for the last time
    sa.Column("confirmed_at", UtcDateTime),  # the service said it has it
    sa.Column("revoking_at", UtcDateTime),
    sa.Column("revoked_by", sa.String),
    sa.Column("revocation", sa.LargeBinary),  # the very octets of the revocation, committed before they go
    sa.Column("revoked_at", UtcDateTime),  # the service said it holds no more
    sa.Column("reason", sa.JSON(none_as_null=True)),  # why it was refused: a problem, and public ids
    sa.Column("problem", sa.JSON(none_as_null=True)),  # what keeps it from going on; gone when it goes on
    one_of("state", CONSENT_STATES),
    one_of("recipient_kind", RECIPIENT_KINDS),
    sa.Index("ix_consent_open", "state", sqlite_where=_OPEN, postgresql_where=_OPEN),
    sa.Index("ix_consent_over", "valid_until", sqlite_where=_OVER, postgresql_where=_OVER),
)

#: Consents that hold, or are about to, however many are over; written out, for only so is their index found.
HELD = consent.c.state.in_(sa.bindparam("held", LIVE_STATES, expanding=True, literal_execute=True))
#: Those whose time is over, by its end.
OVER = consent.c.state == sa.literal("expired", literal_execute=True)

#: Documents of a consent: chosen once, never changed.
consent_document = sa.Table(
    "consent_document",
    metadata,
    sa.Column("consent_number", sa.ForeignKey("consent.number"), primary_key=True, autoincrement=False),
    sa.Column("document_id", sa.ForeignKey("document.id"), primary_key=True, autoincrement=False, index=True),
)
