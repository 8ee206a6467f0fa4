"""Tables about what members of staff may do.

They stand in the same database and the same `metadata` as `erepo.clinic.tables`.
"""

import sqlalchemy as sa

from erepo.clinic.tables import UtcDateTime, metadata, now

#: What a person may do beyond everyday work. By login, not by row: loading a structure replaces the rows of
#: the staff, and a permission that somebody gave must not vanish with them.
staff_permission = sa.Table(
    "staff_permission",
    metadata,
    sa.Column("login", sa.String, primary_key=True),
    sa.Column("permission", sa.String(40), primary_key=True),
    sa.Column("granted_at", UtcDateTime, nullable=False, default=now),
    sa.Column("granted_by", sa.String, nullable=False),
)
