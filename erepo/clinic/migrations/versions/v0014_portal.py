"""Patients whom the clinic has invited to the portal."""

import sqlalchemy as sa
from alembic import op

from erepo.clinic.tables import UtcDateTime

revision = "0014_portal"
down_revision = "0013"

_STATES = "'sending', 'invited', 'refused', 'ending', 'ended', 'replaced'"


def upgrade() -> None:
    """Add the table."""
    op.create_table(
        "patient_invitation",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("patient_id", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=True),
        sa.Column("invited_by", sa.String(), nullable=False),
        sa.Column("invited_at", UtcDateTime(), nullable=False),
        sa.Column("confirmed_at", UtcDateTime(), nullable=True),
        sa.Column("ended_by", sa.String(), nullable=True),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.Column("reason_code", sa.String(length=80), nullable=True),
        sa.CheckConstraint(f"state IN ({_STATES})", name=op.f("ck_patient_invitation_state")),
        sa.ForeignKeyConstraint(
            ["patient_id"], ["patient.id"], name=op.f("fk_patient_invitation_patient_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_patient_invitation")),
    )
    op.create_index(op.f("ix_patient_invitation_patient_id"), "patient_invitation", ["patient_id"])
