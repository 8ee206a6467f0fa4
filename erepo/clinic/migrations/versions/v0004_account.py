"""History and alarms of the account, the structure sent, P1, maintenance, licences."""

import sqlalchemy as sa
from alembic import op

from erepo.clinic.tables import UtcDateTime

revision = "0004"
down_revision = "0003"

_BIG = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Create the tables of `erepo.clinic.tables_account`."""
    _history()
    _told()
    _pauses()
    _licences()


def downgrade() -> None:
    """Drop them."""
    for table in (
        "licence",
        "paused_schedule",
        "maintenance_window",
        "p1_registration",
        "structure_sent",
        "account_alarm",
        "account_check",
    ):
        op.drop_table(table)


def _history() -> None:
    op.create_table(
        "account_check",
        sa.Column("id", _BIG, nullable=False),
        sa.Column("account", sa.String(16), nullable=False),
        sa.Column("at", UtcDateTime, nullable=False),
        sa.Column("valid_until", UtcDateTime),
        sa.Column("used_bytes", sa.BigInteger, nullable=False),
        sa.Column("limit_bytes", sa.BigInteger),
        sa.Column("used_documents", sa.BigInteger, nullable=False),
        sa.Column("limit_documents", sa.BigInteger),
        sa.PrimaryKeyConstraint("id", name="pk_account_check"),
        sa.UniqueConstraint("account", "at", name="uq_account_check_account_at"),
    )
    op.create_table(
        "account_alarm",
        sa.Column("id", _BIG, nullable=False),
        sa.Column("account", sa.String(16), nullable=False),
        sa.Column("resource", sa.String, nullable=False),
        sa.Column("percent", sa.Integer, nullable=False),
        sa.Column("raised_at", UtcDateTime, nullable=False),
        sa.Column("event_at", UtcDateTime),
        sa.Column("notified_at", UtcDateTime),
        sa.Column("cleared_at", UtcDateTime),
        sa.PrimaryKeyConstraint("id", name="pk_account_alarm"),
        sa.CheckConstraint("resource IN ('bytes', 'documents')", name=op.f("ck_account_alarm_resource")),
    )
    op.create_index("ix_account_alarm_account", "account_alarm", ["account"])


def _told() -> None:
    op.create_table(
        "structure_sent",
        sa.Column("account", sa.String(16), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("sent_at", UtcDateTime, nullable=False),
        sa.Column("updated_at", UtcDateTime),
        sa.PrimaryKeyConstraint("account", name="pk_structure_sent"),
    )
    op.create_table(
        "p1_registration",
        sa.Column("account", sa.String(16), nullable=False),
        sa.Column("state", sa.String, nullable=False),
        sa.Column("repository_unique_id", sa.String, nullable=False, server_default=""),
        sa.Column("tls_serial", sa.String, nullable=False, server_default=""),
        sa.Column("wss_serial", sa.String, nullable=False, server_default=""),
        sa.Column("tls_until", UtcDateTime),
        sa.Column("wss_until", UtcDateTime),
        sa.Column("updated_at", UtcDateTime, nullable=False),
        sa.PrimaryKeyConstraint("account", name="pk_p1_registration"),
        sa.CheckConstraint(
            "state IN ('none', 'stored', 'registered')", name=op.f("ck_p1_registration_state")
        ),
    )


def _pauses() -> None:
    op.create_table(
        "maintenance_window",
        sa.Column("id", _BIG, nullable=False),
        sa.Column("starts_at", UtcDateTime, nullable=False),
        sa.Column("ends_at", UtcDateTime, nullable=False),
        sa.Column("cancelled_at", UtcDateTime),
        sa.Column("created_at", UtcDateTime, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_maintenance_window"),
    )
    op.create_index("ix_maintenance_window_ends_at", "maintenance_window", ["ends_at"])
    op.create_table(
        "paused_schedule",
        sa.Column("schedule", sa.String(36), nullable=False),
        sa.Column("deployment", sa.String(36), nullable=False),
        sa.Column("name", sa.String, nullable=False),
        sa.Column("paused_at", UtcDateTime, nullable=False),
        sa.PrimaryKeyConstraint("schedule", name="pk_paused_schedule"),
    )


def _licences() -> None:
    op.create_table(
        "licence",
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("account", sa.String(16), nullable=False),
        sa.Column("holder", sa.String, nullable=False, server_default=""),
        sa.Column("valid_from", UtcDateTime, nullable=False),
        sa.Column("valid_until", UtcDateTime, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("loaded_at", UtcDateTime, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_licence"),
    )
