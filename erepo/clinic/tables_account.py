"""Tables about the account itself: its history, alarms, licence, pauses, and what the service was told.

They stand in the same database and the same `metadata` as `erepo.clinic.tables`. Nothing in them is secret or
about a patient.
"""

import sqlalchemy as sa

from erepo.clinic.tables import UtcDateTime, metadata, now

#: What an account has a limit of.
RESOURCES = ("bytes", "documents")


def _big_key() -> sa.Column[int]:
    # SQLite numbers rows by itself only under the plain type.
    return sa.Column("id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True)


#: One row an answered question about the account: hourly for a while, then one a day.
account_check = sa.Table(
    "account_check",
    metadata,
    _big_key(),
    sa.Column("account", sa.String(16), nullable=False),
    sa.Column("at", UtcDateTime, nullable=False),
    sa.Column("valid_until", UtcDateTime),
    sa.Column("used_bytes", sa.BigInteger, nullable=False),
    sa.Column("limit_bytes", sa.BigInteger),
    sa.Column("used_documents", sa.BigInteger, nullable=False),
    sa.Column("limit_documents", sa.BigInteger),
    sa.UniqueConstraint("account", "at"),
)

#: One row a crossing of the warning line; open until the use has fallen again.
account_alarm = sa.Table(
    "account_alarm",
    metadata,
    _big_key(),
    sa.Column("account", sa.String(16), nullable=False, index=True),
    sa.Column("resource", sa.String, nullable=False),
    sa.Column("percent", sa.Integer, nullable=False),
    sa.Column("raised_at", UtcDateTime, nullable=False),
    sa.Column("event_at", UtcDateTime),
    sa.Column("notified_at", UtcDateTime),
    sa.Column("cleared_at", UtcDateTime),
    sa.CheckConstraint("resource IN ('bytes', 'documents')", name="resource"),
)

#: The structure that the service holds of an account, by its fingerprint.
structure_sent = sa.Table(
    "structure_sent",
    metadata,
    sa.Column("account", sa.String(16), primary_key=True),
    sa.Column("sha256", sa.String(64), nullable=False),
    sa.Column("sent_at", UtcDateTime, nullable=False, default=now),
    sa.Column("updated_at", UtcDateTime),
)

#: The registration in the national domain; the row stays after a revocation, without its id.
p1_registration = sa.Table(
    "p1_registration",
    metadata,
    sa.Column("account", sa.String(16), primary_key=True),
    sa.Column("state", sa.String, nullable=False),
    sa.Column("repository_unique_id", sa.String, nullable=False, server_default=""),
    sa.Column("tls_serial", sa.String, nullable=False, server_default=""),
    sa.Column("wss_serial", sa.String, nullable=False, server_default=""),
    sa.Column("tls_until", UtcDateTime),
    sa.Column("wss_until", UtcDateTime),
    sa.Column("updated_at", UtcDateTime, nullable=False, default=now),
    sa.CheckConstraint("state IN ('none', 'stored', 'registered')", name="state"),
)

#: Pauses of everything that deposits (manual 2.7); times that overlap are one row.
maintenance_window = sa.Table(
    "maintenance_window",
    metadata,
    _big_key(),
    sa.Column("starts_at", UtcDateTime, nullable=False),
    sa.Column("ends_at", UtcDateTime, nullable=False, index=True),
    sa.Column("cancelled_at", UtcDateTime),
    sa.Column("created_at", UtcDateTime, nullable=False, default=now),
)

#: Schedules that we have paused and nobody else: only these are resumed.
paused_schedule = sa.Table(
    "paused_schedule",
    metadata,
    sa.Column("schedule", sa.String(36), primary_key=True),
    sa.Column("deployment", sa.String(36), nullable=False),
    sa.Column("name", sa.String, nullable=False),
    sa.Column("paused_at", UtcDateTime, nullable=False, default=now),
)

#: Licences of the module as they were loaded; the signed text decides, the columns are for people.
licence = sa.Table(
    "licence",
    metadata,
    sa.Column("id", sa.String(64), primary_key=True),
    sa.Column("account", sa.String(16), nullable=False),
    sa.Column("holder", sa.String, nullable=False, server_default=""),
    sa.Column("valid_from", UtcDateTime, nullable=False),
    sa.Column("valid_until", UtcDateTime, nullable=False),
    sa.Column("text", sa.Text, nullable=False),
    sa.Column("loaded_at", UtcDateTime, nullable=False, default=now),
)
