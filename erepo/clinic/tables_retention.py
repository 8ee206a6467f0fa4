"""Tables about how long documents are kept, what may not be destroyed, and what was destroyed by whom.

They stand in the same database and the same `metadata` as `erepo.clinic.tables`.
"""

import sqlalchemy as sa

from erepo.clinic.tables import UtcDateTime, metadata, now

PROPOSAL_STATES = ("proposed", "confirmed", "finished", "withdrawn")
ITEM_STATES = ("proposed", "dropped", "destroying", "destroyed")

#: A document whose time is not that of its kind: the class a person gave it, and since when it counts.
document_class = sa.Table(
    "document_class",
    metadata,
    sa.Column("document_id", sa.ForeignKey("document.id"), primary_key=True, autoincrement=False),
    sa.Column("class", sa.String(40), nullable=False),
    sa.Column("base_year", sa.Integer),
    sa.Column("given_by", sa.String, nullable=False),
    sa.Column("given_at", UtcDateTime, nullable=False, default=now),
)

#: Legal holds, past ones included; `document.legal_hold` says whether any of them is still in force.
legal_hold = sa.Table(
    "legal_hold",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("document_id", sa.ForeignKey("document.id"), nullable=False, index=True),
    sa.Column("reason", sa.String(40), nullable=False),
    sa.Column("set_by", sa.String, nullable=False),
    sa.Column("set_at", UtcDateTime, nullable=False, default=now),
    sa.Column("released_by", sa.String),
    sa.Column("released_at", UtcDateTime),
)

#: A list of documents that one person proposed for destruction, and another confirmed.
destruction = sa.Table(
    "destruction",
    metadata,
    sa.Column("id", sa.String(32), primary_key=True),
    sa.Column("year", sa.Integer, nullable=False),
    sa.Column("state", sa.String, nullable=False, server_default="proposed", index=True),
    sa.Column("documents", sa.Integer, nullable=False),
    sa.Column("fingerprint", sa.String(64), nullable=False),
    sa.Column("proposed_by", sa.String, nullable=False),
    sa.Column("proposed_at", UtcDateTime, nullable=False, default=now),
    sa.Column("expires_at", UtcDateTime, nullable=False),
    sa.Column("confirmed_by", sa.String),
    sa.Column("confirmed_at", UtcDateTime),
    sa.Column("finished_at", UtcDateTime),
    sa.CheckConstraint(f"state IN ({', '.join(repr(one) for one in PROPOSAL_STATES)})", name="state"),
)

#: The list itself, and the ledger of its execution. Nothing here tells whose document it was.
destruction_item = sa.Table(
    "destruction_item",
    metadata,
    sa.Column("destruction_id", sa.ForeignKey("destruction.id"), primary_key=True),
    sa.Column("document_id", sa.ForeignKey("document.id"), primary_key=True, index=True),
    sa.Column("public_id", sa.String(32), nullable=False),
    sa.Column("kind", sa.String, nullable=False),
    sa.Column("destroy_after_year", sa.Integer, nullable=False),
    sa.Column("state", sa.String, nullable=False, server_default="proposed"),
    sa.Column("was", sa.String),  # state of the document when its destruction began
    sa.Column("reason", sa.String),
    sa.Column("at", UtcDateTime, nullable=False, default=now),
    sa.CheckConstraint(f"state IN ({', '.join(repr(one) for one in ITEM_STATES)})", name="state"),
)
