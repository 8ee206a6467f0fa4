"""Table of patients whom the clinic has invited to the service's portal.

It stands in the same database and the same `metadata` as `erepo.clinic.tables`.
"""

import sqlalchemy as sa

from erepo.clinic.tables import UtcDateTime, metadata, now, one_of

INVITATION_STATES = ("sending", "invited", "refused", "ending", "ended", "replaced")
#: Those by which a patient has access, or may have.
OPEN_INVITATIONS = ("sending", "invited", "ending")

#: One row an invitation, never removed; what is to be sent stands here until the service has confirmed it.
patient_invitation = sa.Table(
    "patient_invitation",
    metadata,
    sa.Column("id", sa.String(36), primary_key=True),
    sa.Column("patient_id", sa.ForeignKey("patient.id"), nullable=False, index=True),
    sa.Column("state", sa.String, nullable=False),
    sa.Column("body", sa.LargeBinary),
    sa.Column("invited_by", sa.String, nullable=False),
    sa.Column("invited_at", UtcDateTime, nullable=False, default=now),
    sa.Column("confirmed_at", UtcDateTime),
    sa.Column("ended_by", sa.String),
    sa.Column("ended_at", UtcDateTime),
    sa.Column("reason_code", sa.String(80)),
    one_of("state", INVITATION_STATES),
)
