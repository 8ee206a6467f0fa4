"""Tables of what comes back from the repository, and of what is deleted there.

They stand in the same database and the same `metadata` as `erepo.clinic.tables`. Ids of migrations and of
their batches are random and may be parameters of Prefect.
"""

import sqlalchemy as sa

from erepo.clinic.tables import UtcDateTime, metadata, now, one_of

MIGRATION_BATCH_STATES = ("prepared", "working", "finished")
#: `planned`: chosen. `fetching`: its document is `migrating`. `durable`: the octets lie here, were read back
#: and are equal; from this commit on the remote copy may go. `done`: gone there, `blocked` here. `given_up`:
#: back where it was, with a reason. `left`: never begun.
MIGRATION_STEPS = ("planned", "fetching", "durable", "done", "given_up", "left")
DELETION_STEPS = ("intended", "removed", "done", "given_up")
#: Code of an intended deletion whose removal has begun; any other code says why it was given up.
DELETION_BEGUN = "begun"


#: One order of a person to bring documents back.
migration = sa.Table(
    "migration",
    metadata,
    sa.Column("id", sa.String(32), primary_key=True),
    sa.Column("actor", sa.String, nullable=False),
    sa.Column("documents", sa.Integer, nullable=False),
    sa.Column("bytes", sa.BigInteger, nullable=False),
    sa.Column("created_at", UtcDateTime, nullable=False, default=now),
    sa.Column("stop_requested_at", UtcDateTime),
    # Worked off by `erepo api serve` until it is at its end; all others end with the run that ordered them.
    sa.Column("standing", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("problem", sa.String(80)),  # code of what keeps it from going on
)

#: Some hundred documents of a migration, handled by one task; `run_key` is its lease.
migration_batch = sa.Table(
    "migration_batch",
    metadata,
    sa.Column("id", sa.String(32), primary_key=True),
    sa.Column("migration_id", sa.ForeignKey("migration.id"), nullable=False, index=True),
    sa.Column("run_key", sa.String),
    sa.Column("state", sa.String, nullable=False, server_default="prepared", index=True),
    sa.Column("documents", sa.Integer, nullable=False),
    sa.Column("bytes", sa.BigInteger, nullable=False),
    sa.Column("created_at", UtcDateTime, nullable=False, default=now),
    sa.Column("finished_at", UtcDateTime),
    one_of("state", MIGRATION_BATCH_STATES),
)

#: How far one document of a batch has come.
migration_item = sa.Table(
    "migration_item",
    metadata,
    sa.Column("batch_id", sa.ForeignKey("migration_batch.id"), primary_key=True),
    sa.Column("document_id", sa.ForeignKey("document.id"), primary_key=True, autoincrement=False, index=True),
    sa.Column("step", sa.String, nullable=False, server_default="planned"),
    sa.Column("from_state", sa.String),
    sa.Column("code", sa.String),
    sa.Column("durable_at", UtcDateTime),
    sa.Column("finished_at", UtcDateTime),
    sa.Index(None, "batch_id", "step"),
    one_of("step", MIGRATION_STEPS),
)

#: Documents that a person has deleted in the repository.
deletion = sa.Table(
    "deletion",
    metadata,
    sa.Column("document_id", sa.ForeignKey("document.id"), primary_key=True, autoincrement=False),
    sa.Column("step", sa.String, nullable=False, server_default="intended", index=True),
    sa.Column("actor", sa.String, nullable=False),
    sa.Column("intended_at", UtcDateTime, nullable=False, default=now),
    sa.Column("removed_at", UtcDateTime),
    sa.Column("content_removed_at", UtcDateTime),
    sa.Column("code", sa.String),
    one_of("step", DELETION_STEPS),
)
