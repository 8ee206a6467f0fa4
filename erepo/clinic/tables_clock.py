"""What this installation has seen of the time; one row.

It stands in the same database and the same `metadata` as `erepo.clinic.tables`.
"""

import sqlalchemy as sa

from erepo.clinic.tables import UtcDateTime, metadata

#: The latest moment at which a licence was asked for: a clock far behind it was set back.
clock_seen = sa.Table(
    "clock_seen",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("latest", UtcDateTime, nullable=False),
)
