"""Tables of what other systems do with the clinic: tokens, repeated requests, webhooks, foreign repositories.

They stand in the same database and the same `metadata` as `erepo.clinic.tables`.
"""

import sqlalchemy as sa

from erepo.clinic.tables import UtcDateTime, metadata, now

_NUMBER = sa.BigInteger().with_variant(sa.Integer, "sqlite")

#: What an integrator shows to be let in; only the SHA-256 of its secret is kept.
api_token = sa.Table(
    "api_token",
    metadata,
    sa.Column("id", sa.String(16), primary_key=True),
    sa.Column("name", sa.String(40), nullable=False, index=True),
    sa.Column("sha256", sa.String(64), nullable=False),
    sa.Column("scopes", sa.JSON(none_as_null=True), nullable=False),
    sa.Column("created_at", UtcDateTime, nullable=False, default=now),
    sa.Column("last_used_at", UtcDateTime),
    sa.Column("revoked_at", UtcDateTime),
)

#: Requests that may be repeated: which answer each key got.
api_request = sa.Table(
    "api_request",
    metadata,
    sa.Column("token_id", sa.String(16), primary_key=True),
    sa.Column("key", sa.String(64), primary_key=True),  # SHA-256: an integrator may put anything in
    sa.Column("fingerprint", sa.String(64), nullable=False),
    sa.Column("status", sa.Integer, nullable=False),
    sa.Column("public_id", sa.String(32), nullable=False),
    sa.Column("created_at", UtcDateTime, nullable=False, default=now, index=True),
)

#: Whom to tell when a document changes its state.
webhook = sa.Table(
    "webhook",
    metadata,
    sa.Column("id", sa.String(32), primary_key=True),
    sa.Column("url", sa.String(2000), nullable=False),
    sa.Column("secret", sa.String(100), nullable=False),  # in clear, of earlier versions; empty: locked
    sa.Column("states", sa.JSON(none_as_null=True), nullable=False),  # empty: all
    sa.Column("after_event", sa.BigInteger, nullable=False),
    sa.Column("created_by", sa.String(60), nullable=False),
    sa.Column("created_at", UtcDateTime, nullable=False, default=now),
    sa.Column("secret_locked", sa.LargeBinary),  # `erepo.clinic.locking`
)

#: The outbox: one row for each event and webhook, until it is delivered or given up, and some days longer.
webhook_delivery = sa.Table(
    "webhook_delivery",
    metadata,
    sa.Column("id", _NUMBER, primary_key=True),
    sa.Column("webhook_id", sa.ForeignKey("webhook.id"), nullable=False),
    sa.Column("event_id", sa.BigInteger, nullable=False),
    sa.Column("public_id", sa.String(32), nullable=False),
    sa.Column("message_id", sa.String(40), nullable=False),
    sa.Column("body", sa.Text, nullable=False),
    sa.Column("state", sa.String(10), nullable=False, server_default="pending"),
    sa.Column("attempts", sa.Integer, nullable=False, server_default="0"),
    sa.Column("next_at", UtcDateTime, nullable=False, default=now),
    sa.Column("outcome", sa.String(60)),
    sa.Column("finished_at", UtcDateTime),
    sa.UniqueConstraint("webhook_id", "event_id"),
    sa.Index(None, "state", "next_at"),
    sa.Index(None, "webhook_id", "public_id"),
    sa.CheckConstraint("state IN ('pending', 'delivered', 'failed')", name="state"),
)

#: How far the outbox has read the history, and which process sends now (`owner|expiry`).
webhook_feed = sa.Table(
    "webhook_feed",
    metadata,
    sa.Column("name", sa.String(20), primary_key=True),
    sa.Column("last_event", sa.BigInteger, nullable=False),
    sa.Column("lease", sa.String(200)),
)

#: Repositories of other providers that documents may be fetched from.
foreign_repository = sa.Table(
    "foreign_repository",
    metadata,
    sa.Column("name", sa.String(40), primary_key=True),
    sa.Column("repository_unique_id", sa.String(64), nullable=False, unique=True),
    sa.Column("home_community_id", sa.String(80), nullable=False, server_default=""),
    sa.Column("repository_url", sa.String(2000), nullable=False),
    sa.Column("registry_url", sa.String(2000), nullable=False, server_default=""),
    sa.Column("service_url", sa.String(2000), nullable=False),
    sa.Column("trust_pem", sa.Text, nullable=False),
    sa.Column("signer_pem", sa.Text, nullable=False, server_default=""),
    sa.Column("added_at", UtcDateTime, nullable=False, default=now),
)
