"""Tables about versions of documents: which document replaces or cancels which.

They stand in the same database and the same `metadata` as `erepo.clinic.tables`.
"""

import sqlalchemy as sa

from erepo.clinic.tables import UtcDateTime, metadata

#: `open`: not settled yet. `linked`: the registry knows it, the older one is deprecated there. `alone`: it
#: goes as an original, because the older one is not in the registry. `forked`: another document had replaced
#: the older one before. `refused`: the registry refused the relationship itself.
LINK_STATES = ("open", "linked", "alone", "forked", "refused")

#: What a document says it replaces; one row for each document that says so.
chain_link = sa.Table(
    "chain_link",
    metadata,
    sa.Column("document_id", sa.ForeignKey("document.id"), primary_key=True, autoincrement=False),
    sa.Column("cancels", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("parent_unique_id", sa.String, nullable=False, index=True),
    sa.Column("predecessor_id", sa.ForeignKey("document.id"), index=True),  # once it is here
    sa.Column("predecessor_entry", sa.String),  # entryUUID, as the registry told it
    sa.Column("state", sa.String, nullable=False, server_default="open", index=True),
    sa.Column("code", sa.String),
    sa.Column("settled_at", UtcDateTime),
    sa.CheckConstraint(f"state IN ({', '.join(repr(one) for one in LINK_STATES)})", name="state"),
)
