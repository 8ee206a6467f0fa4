"""Tables of the clinic's own database: every fact about a document lives here, nothing of it in Prefect.

Two kinds of keys: `document.id` and its like are internal; `document.public_id` and `batch.id` are random and
the only ones that may leave the clinic in parameters, logs or reports. All times are UTC.
"""

from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa


class UtcDateTime(sa.TypeDecorator[datetime]):
    """A point in time: aware datetimes in and out, UTC inside; SQLite keeps it as sortable text."""

    impl = sa.DateTime
    cache_ok = True

    def load_dialect_impl(self, dialect: sa.Dialect) -> sa.types.TypeEngine[Any]:
        """Use the database's own zone-aware type where it has one."""
        return dialect.type_descriptor(sa.DateTime(timezone=dialect.name != "sqlite"))

    def process_bind_param(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        """Turn into UTC; a naive value is refused, for nobody knows what it means."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("times in the database are zone-aware")
        moment = value.astimezone(UTC)
        return moment.replace(tzinfo=None) if dialect.name == "sqlite" else moment

    def process_result_value(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:  # noqa: ARG002 (signature of SQLAlchemy)
        """Return it aware, in UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def now() -> datetime:
    """Return the current time, aware and in UTC."""
    return datetime.now(UTC)


def one_of(column: str, values: tuple[str, ...]) -> sa.CheckConstraint:
    """Return the constraint that a column holds one of some words."""
    return sa.CheckConstraint(f"{column} IN ({', '.join(repr(value) for value in values)})", name=column)


DOCUMENT_STATES = (
    "local", "queued", "sending", "archived", "remote", "rejected", "migrating", "blocked", "deleted",
)  # fmt: skip
SUBMISSION_STATES = ("prepared", "sending", "accepted", "failed")
BATCH_STATES = ("prepared", "sending", "finished")
ROTATION_STATES = (
    "requested", "mailed", "received", "registered", "cut_over", "retiring",
    "retired", "rolled_back", "abandoned",
)  # fmt: skip
ROTATIONS_ENDED = ("retired", "rolled_back", "abandoned")

metadata = sa.MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)

#: External repositories the clinic has an account with; at most one is `active` at a time.
account = sa.Table(
    "account",
    metadata,
    sa.Column("account", sa.String(16), primary_key=True),
    sa.Column("repository_kind", sa.String, nullable=False, server_default="cloud"),
    sa.Column("active", sa.Boolean, nullable=False, server_default=sa.true()),
    sa.Column("service_url", sa.String, nullable=False),
    sa.Column("registry_url", sa.String, nullable=False),
    sa.Column("repository_url", sa.String, nullable=False),
    sa.Column("repository_unique_id", sa.String, nullable=False),
    sa.Column("home_community_id", sa.String, nullable=False, server_default=""),
    sa.Column("source_id", sa.String, nullable=False),
    sa.Column("service_signer", sa.Text, nullable=False, server_default=""),
    sa.Column("trust_pem", sa.Text, nullable=False, server_default=""),
    sa.Column("valid_until", UtcDateTime),
    sa.Column("limit_bytes", sa.BigInteger),
    sa.Column("limit_documents", sa.BigInteger),
    sa.Column("used_bytes", sa.BigInteger),
    sa.Column("used_documents", sa.BigInteger),
    sa.Column("checked_at", UtcDateTime),
    sa.Column("updated_at", UtcDateTime, nullable=False, default=now),
    sa.Column("panel_login", sa.String(64)),  # administrator of the panel, once the service has it
)

#: Ledger of `onboard-clinic`: each step reads here whether it has been done. Keys only as encrypted PKCS#8.
onboarding = sa.Table(
    "onboarding",
    metadata,
    sa.Column("account", sa.String(16), primary_key=True),
    sa.Column("state", sa.String, nullable=False),
    sa.Column("tls_key_pem", sa.LargeBinary),
    sa.Column("wss_key_pem", sa.LargeBinary),
    sa.Column("tls_csr", sa.LargeBinary),
    sa.Column("wss_csr", sa.LargeBinary),
    sa.Column("mailed_at", UtcDateTime),
    sa.Column("message_id", sa.String),
    sa.Column("tls_certificate", sa.LargeBinary),
    sa.Column("wss_certificate", sa.LargeBinary),
    sa.Column("chain", sa.LargeBinary),
    sa.Column("activation", sa.JSON(none_as_null=True)),
    sa.Column("updated_at", UtcDateTime, nullable=False, default=now),
    sa.Column("office", sa.String, nullable=False, server_default=""),
    sa.Column("waiting", sa.JSON(none_as_null=True)),
    sa.Column("refusal", sa.JSON(none_as_null=True)),
    sa.Column("reminders", sa.Integer, nullable=False, server_default="0"),
    sa.Column("reminded_at", UtcDateTime),
)

_OPEN_ROTATION = sa.text(f"state NOT IN ({', '.join(repr(state) for state in ROTATIONS_ENDED)})")

#: Ledger of `rotate-certificates`. A row holds the generation of keys that is not in use: the coming one
#: before the cut-over, the previous one after it. Keys only as encrypted PKCS#8, and gone at the end.
rotation = sa.Table(
    "rotation",
    metadata,
    sa.Column("id", sa.String(32), primary_key=True),
    sa.Column("account", sa.String(16), nullable=False, index=True),
    sa.Column("state", sa.String, nullable=False),
    sa.Column("reason", sa.String, nullable=False),
    sa.Column("tls_key_pem", sa.LargeBinary),
    sa.Column("wss_key_pem", sa.LargeBinary),
    sa.Column("tls_csr", sa.LargeBinary),
    sa.Column("wss_csr", sa.LargeBinary),
    sa.Column("message_id", sa.String),
    sa.Column("tls_certificate", sa.LargeBinary),
    sa.Column("wss_certificate", sa.LargeBinary),
    sa.Column("chain", sa.LargeBinary),
    sa.Column("requested_at", UtcDateTime, nullable=False, default=now),
    sa.Column("mailed_at", UtcDateTime),
    sa.Column("received_at", UtcDateTime),
    sa.Column("registered_at", UtcDateTime),
    sa.Column("cut_over_at", UtcDateTime),
    sa.Column("retire_after", UtcDateTime),
    sa.Column("published_at", UtcDateTime),
    sa.Column("finished_at", UtcDateTime),
    one_of("state", ROTATION_STATES),
    sa.Index(
        "uq_rotation_open",
        "account",
        unique=True,
        sqlite_where=_OPEN_ROTATION,
        postgresql_where=_OPEN_ROTATION,
    ),
)

#: Which warnings of an expiry were raised, so that each is raised once.
certificate_alarm = sa.Table(
    "certificate_alarm",
    metadata,
    sa.Column("account", sa.String(16), primary_key=True),
    sa.Column("fingerprint", sa.String(64), primary_key=True),
    sa.Column("days", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("not_after", UtcDateTime, nullable=False),
    sa.Column("noted_at", UtcDateTime, nullable=False, default=now),
    sa.Column("told_at", UtcDateTime),
    sa.Column("mailed_at", UtcDateTime),
)

provider = sa.Table(
    "provider",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("name", sa.String, nullable=False),
    sa.Column("regon", sa.String, nullable=False, server_default=""),
    sa.Column("resort_i", sa.String, nullable=False, server_default=""),
)
unit = sa.Table(
    "unit",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("provider_id", sa.ForeignKey("provider.id"), nullable=False, index=True),
    sa.Column("name", sa.String, nullable=False),
    sa.Column("regon", sa.String, nullable=False, server_default=""),
    sa.Column("resort_v", sa.String, nullable=False, server_default=""),
)
cell = sa.Table(
    "cell",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("unit_id", sa.ForeignKey("unit.id"), nullable=False, index=True),
    sa.Column("name", sa.String, nullable=False),
    sa.Column("resort_vii", sa.String, nullable=False, server_default=""),
    sa.Column("resort_viii", sa.String, nullable=False, server_default=""),
    sa.Column("resort_x", sa.String, nullable=False, server_default=""),
)
#: Users of the program; identifiers make one a member of the medical staff.
staff = sa.Table(
    "staff",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("login", sa.String, nullable=False, unique=True),
    sa.Column("prefix", sa.String, nullable=False, server_default=""),
    sa.Column("given", sa.String, nullable=False, server_default=""),
    sa.Column("family", sa.String, nullable=False, server_default=""),
    sa.Column("profession", sa.String, nullable=False, server_default=""),
    sa.Column("pesel", sa.String, nullable=False, server_default=""),
    sa.Column("npwz", sa.String, nullable=False, server_default=""),
    sa.Column("active", sa.Boolean, nullable=False, server_default=sa.true()),
)
#: Default user of a scheduled task (`archive-documents`); manual 1.1.5.
task_user = sa.Table(
    "task_user",
    metadata,
    sa.Column("task", sa.String, primary_key=True),
    sa.Column("staff_id", sa.ForeignKey("staff.id"), nullable=False),
)

#: The two settings of each document kind (manual 1.1.5), and how many years it is kept.
kind_rule = sa.Table(
    "kind_rule",
    metadata,
    sa.Column("kind", sa.String, primary_key=True),
    sa.Column("auto_archive", sa.Boolean, nullable=False),
    sa.Column("local_days", sa.Integer, nullable=False),
    sa.Column("retention_years", sa.Integer, nullable=False),
    sa.Column("updated_at", UtcDateTime, nullable=False, default=now),
)

patient = sa.Table(
    "patient",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("identifier", sa.String, nullable=False),
    sa.Column("authority", sa.String, nullable=False),
    sa.Column("given", sa.String, nullable=False, server_default=""),
    sa.Column("family", sa.String, nullable=False, server_default=""),
    sa.Column("birth_date", sa.String, nullable=False, server_default=""),
    sa.Column("sex", sa.String, nullable=False, server_default=""),
    sa.Column("city", sa.String, nullable=False, server_default=""),
    sa.Column("postal_code", sa.String, nullable=False, server_default=""),
    sa.Column("street", sa.String, nullable=False, server_default=""),
    sa.UniqueConstraint("identifier", "authority"),
)

#: A group of submissions handled by one task; its id is random and may be a Prefect parameter.
batch = sa.Table(
    "batch",
    metadata,
    sa.Column("id", sa.String(32), primary_key=True),
    sa.Column("run_key", sa.String, index=True),
    sa.Column("state", sa.String, nullable=False, server_default="prepared", index=True),
    sa.Column("documents", sa.Integer, nullable=False, server_default="0"),
    sa.Column("bytes", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("created_at", UtcDateTime, nullable=False, default=now),
    sa.Column("finished_at", UtcDateTime),
    one_of("state", BATCH_STATES),
)

#: One submission set: one patient. `unique_id` is stored before sending, so that the registry can be asked.
submission = sa.Table(
    "submission",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("unique_id", sa.String, nullable=False, unique=True),
    sa.Column("entry_uuid", sa.String),
    sa.Column("entry_ids", sa.JSON(none_as_null=True)),
    sa.Column("batch_id", sa.ForeignKey("batch.id"), index=True),
    sa.Column("patient_key", sa.ForeignKey("patient.id"), nullable=False),
    sa.Column("state", sa.String, nullable=False, server_default="prepared", index=True),
    sa.Column("documents", sa.Integer, nullable=False, server_default="0"),
    sa.Column("bytes", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("attempts", sa.Integer, nullable=False, server_default="0"),
    sa.Column("created_at", UtcDateTime, nullable=False, default=now),
    sa.Column("sent_at", UtcDateTime),
    sa.Column("finished_at", UtcDateTime),
    sa.Column("message_id", sa.String),
    sa.Column("reason_code", sa.String),
    sa.Column("reason_text", sa.Text),
    one_of("state", SUBMISSION_STATES),
)

#: Almost everything is there; written so that no planner takes the index of states, and sorts it all.
IN_REPOSITORY = sa.text("coalesce(state, '') IN ('archived', 'remote')")
_IN_HAND = ("queued", "sending")
_IN_HAND_ROWS = sa.text("state IN ('queued', 'sending')")

document = sa.Table(
    "document",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("public_id", sa.String(32), nullable=False, unique=True),
    sa.Column("unique_id", sa.String, nullable=False, unique=True),
    sa.Column("entry_uuid", sa.String),
    sa.Column("reference_ids", sa.JSON(none_as_null=True)),
    sa.Column("sha256", sa.String(64), nullable=False, unique=True),
    sa.Column("sha1", sa.String(40), nullable=False, index=True),  # what indexes abroad know it by
    sa.Column("size", sa.BigInteger, nullable=False),
    sa.Column("mime_type", sa.String, nullable=False),
    sa.Column("kind", sa.String, nullable=False, index=True),
    sa.Column("origin", sa.String, nullable=False, server_default="own"),
    sa.Column("state", sa.String, nullable=False),
    sa.Column("patient_key", sa.ForeignKey("patient.id"), nullable=False, index=True),
    sa.Column("header", sa.JSON(none_as_null=True)),
    sa.Column("title", sa.String, nullable=False, server_default=""),
    sa.Column("set_id", sa.String, index=True),
    sa.Column("version", sa.Integer),
    sa.Column("effective_at", UtcDateTime),
    sa.Column("source_name", sa.String, nullable=False, server_default=""),
    sa.Column("taken_in_at", UtcDateTime, nullable=False, default=now),
    sa.Column("due_at", UtcDateTime),
    sa.Column("content_path", sa.String),
    sa.Column("submission_id", sa.ForeignKey("submission.id"), index=True),
    sa.Column("repository_unique_id", sa.String),
    sa.Column("archived_at", UtcDateTime),
    sa.Column("verified_at", UtcDateTime),
    sa.Column("read_back_at", UtcDateTime),  # octets fetched and hashed
    sa.Column("purged_at", UtcDateTime),
    sa.Column("reason_code", sa.String),
    sa.Column("reason_text", sa.Text),
    sa.Column("next_step", sa.Text),
    sa.Column("warnings", sa.JSON(none_as_null=True)),
    sa.Column("destroy_after_year", sa.Integer),
    sa.Column("legal_hold", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Index(None, "state", "due_at"),
    sa.Index(None, "state", "kind"),
    sa.Index(
        "ix_document_read_back",
        "read_back_at",
        "archived_at",
        "id",
        sqlite_where=IN_REPOSITORY,
        postgresql_where=IN_REPOSITORY,
    ),
    sa.Index(
        "ix_document_in_hand", "submission_id", sqlite_where=_IN_HAND_ROWS, postgresql_where=_IN_HAND_ROWS
    ),
    one_of("state", DOCUMENT_STATES),
)

#: Documents of submissions under way, few whatever the archive holds; written out, for only so is their
#: index found.
IN_HAND = document.c.state.in_(sa.bindparam("in_hand", _IN_HAND, expanding=True, literal_execute=True))

#: What happened, written in the transaction that made it happen; opaque ids and codes only.
audit_event = sa.Table(
    "audit_event",
    metadata,
    # SQLite numbers rows by itself only under the plain type.
    sa.Column("id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True),
    sa.Column("at", UtcDateTime, nullable=False, default=now),
    sa.Column("event", sa.String, nullable=False),
    sa.Column("actor", sa.String, nullable=False, server_default="erepo"),
    sa.Column("document_id", sa.ForeignKey("document.id"), index=True),
    sa.Column("subject", sa.String, nullable=False, server_default="document"),
    sa.Column("subject_id", sa.String),
    sa.Column("from_state", sa.String),
    sa.Column("to_state", sa.String),
    sa.Column("detail", sa.JSON(none_as_null=True)),
    sa.Index(
        "ix_audit_event_subject",
        "subject_id",
        sqlite_where=sa.text("subject_id IS NOT NULL"),
        postgresql_where=sa.text("subject_id IS NOT NULL"),
    ),
)
