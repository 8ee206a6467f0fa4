"""Rotation of an account's keys, and the warnings of their expiry."""

import sqlalchemy as sa
from alembic import op

from erepo.clinic.tables import UtcDateTime

revision = "0003"
down_revision = "0002"

_OPEN = sa.text("state NOT IN ('retired', 'rolled_back', 'abandoned')")


def upgrade() -> None:
    """Create the tables of rotations and of warnings."""
    op.create_table(
        "rotation",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("account", sa.String(length=16), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("tls_key_pem", sa.LargeBinary(), nullable=True),
        sa.Column("wss_key_pem", sa.LargeBinary(), nullable=True),
        sa.Column("tls_csr", sa.LargeBinary(), nullable=True),
        sa.Column("wss_csr", sa.LargeBinary(), nullable=True),
        sa.Column("message_id", sa.String(), nullable=True),
        sa.Column("tls_certificate", sa.LargeBinary(), nullable=True),
        sa.Column("wss_certificate", sa.LargeBinary(), nullable=True),
        sa.Column("chain", sa.LargeBinary(), nullable=True),
        sa.Column("requested_at", UtcDateTime(), nullable=False),
        sa.Column("mailed_at", UtcDateTime(), nullable=True),
        sa.Column("received_at", UtcDateTime(), nullable=True),
        sa.Column("registered_at", UtcDateTime(), nullable=True),
        sa.Column("cut_over_at", UtcDateTime(), nullable=True),
        sa.Column("retire_after", UtcDateTime(), nullable=True),
        sa.Column("published_at", UtcDateTime(), nullable=True),
        sa.Column("finished_at", UtcDateTime(), nullable=True),
        sa.CheckConstraint(
            "state IN ('requested', 'mailed', 'received', 'registered', 'cut_over', 'retiring', 'retired',"
            " 'rolled_back', 'abandoned')",
            name=op.f("ck_rotation_state"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rotation")),
    )
    op.create_index(op.f("ix_rotation_account"), "rotation", ["account"], unique=False)
    op.create_index(
        "uq_rotation_open", "rotation", ["account"], unique=True, sqlite_where=_OPEN, postgresql_where=_OPEN
    )
    op.create_table(
        "certificate_alarm",
        sa.Column("account", sa.String(length=16), nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("days", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("not_after", UtcDateTime(), nullable=False),
        sa.Column("noted_at", UtcDateTime(), nullable=False),
        sa.Column("told_at", UtcDateTime(), nullable=True),
        sa.Column("mailed_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("account", "fingerprint", "days", name=op.f("pk_certificate_alarm")),
    )


def downgrade() -> None:
    """Drop both tables."""
    op.drop_table("certificate_alarm")
    op.drop_table("rotation")
