"""Other systems: tokens, repeated requests, webhooks, foreign repositories."""

import sqlalchemy as sa
from alembic import op

from erepo.clinic.tables import UtcDateTime

revision = "0011"
down_revision = "0010"

_BIG = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Create the tables of `erepo.clinic.tables_api`."""
    _requests()
    _webhooks()
    _repositories()


def _requests() -> None:
    op.create_table(
        "api_token",
        sa.Column("id", sa.String(16), nullable=False),
        sa.Column("name", sa.String(40), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("scopes", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("created_at", UtcDateTime, nullable=False),
        sa.Column("last_used_at", UtcDateTime),
        sa.Column("revoked_at", UtcDateTime),
        sa.PrimaryKeyConstraint("id", name="pk_api_token"),
    )
    op.create_index("ix_api_token_name", "api_token", ["name"])
    op.create_table(
        "api_request",
        sa.Column("token_id", sa.String(16), nullable=False),
        sa.Column("key", sa.String(64), nullable=False),
        sa.Column("fingerprint", sa.String(64), nullable=False),
        sa.Column("status", sa.Integer, nullable=False),
        sa.Column("public_id", sa.String(32), nullable=False),
        sa.Column("created_at", UtcDateTime, nullable=False),
        sa.PrimaryKeyConstraint("token_id", "key", name="pk_api_request"),
    )
    op.create_index("ix_api_request_created_at", "api_request", ["created_at"])


def _webhooks() -> None:
    op.create_table(
        "webhook",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("url", sa.String(2000), nullable=False),
        sa.Column("secret", sa.String(100), nullable=False),
        sa.Column("states", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("after_event", sa.BigInteger, nullable=False),
        sa.Column("created_by", sa.String(60), nullable=False),
        sa.Column("created_at", UtcDateTime, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_webhook"),
    )
    op.create_table(
        "webhook_delivery",
        sa.Column("id", _BIG, nullable=False),
        sa.Column("webhook_id", sa.String(32), nullable=False),
        sa.Column("event_id", sa.BigInteger, nullable=False),
        sa.Column("public_id", sa.String(32), nullable=False),
        sa.Column("message_id", sa.String(40), nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("state", sa.String(10), server_default="pending", nullable=False),
        sa.Column("attempts", sa.Integer, server_default="0", nullable=False),
        sa.Column("next_at", UtcDateTime, nullable=False),
        sa.Column("outcome", sa.String(60)),
        sa.Column("finished_at", UtcDateTime),
        sa.PrimaryKeyConstraint("id", name="pk_webhook_delivery"),
        sa.ForeignKeyConstraint(["webhook_id"], ["webhook.id"], name="fk_webhook_delivery_webhook_id"),
        sa.UniqueConstraint("webhook_id", "event_id", name="uq_webhook_delivery_webhook_id_event_id"),
        sa.CheckConstraint("state IN ('pending', 'delivered', 'failed')", name="ck_webhook_delivery_state"),
    )
    op.create_index("ix_webhook_delivery_state_next_at", "webhook_delivery", ["state", "next_at"])
    op.create_index(
        "ix_webhook_delivery_webhook_id_public_id", "webhook_delivery", ["webhook_id", "public_id"]
    )
    op.create_table(
        "webhook_feed",
        sa.Column("name", sa.String(20), nullable=False),
        sa.Column("last_event", sa.BigInteger, nullable=False),
        sa.Column("lease", sa.String(200)),
        sa.PrimaryKeyConstraint("name", name="pk_webhook_feed"),
    )


def _repositories() -> None:
    op.create_table(
        "foreign_repository",
        sa.Column("name", sa.String(40), nullable=False),
        sa.Column("repository_unique_id", sa.String(64), nullable=False),
        sa.Column("home_community_id", sa.String(80), server_default="", nullable=False),
        sa.Column("repository_url", sa.String(2000), nullable=False),
        sa.Column("registry_url", sa.String(2000), server_default="", nullable=False),
        sa.Column("service_url", sa.String(2000), nullable=False),
        sa.Column("trust_pem", sa.Text, nullable=False),
        sa.Column("signer_pem", sa.Text, server_default="", nullable=False),
        sa.Column("added_at", UtcDateTime, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_foreign_repository"),
        sa.UniqueConstraint("repository_unique_id", name="uq_foreign_repository_repository_unique_id"),
    )
