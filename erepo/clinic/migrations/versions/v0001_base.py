"""The first form of the clinic's database."""

import sqlalchemy as sa
from alembic import op

from erepo.clinic.tables import UtcDateTime

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Create all tables."""
    _account()
    _structure()
    _rules()
    _shipping()
    _documents()
    _history()


def downgrade() -> None:
    """Drop all tables."""
    for table in (
        "audit_event",
        "document",
        "submission",
        "batch",
        "patient",
        "kind_rule",
        "task_user",
        "staff",
        "cell",
        "unit",
        "provider",
        "onboarding",
        "account",
    ):
        op.drop_table(table)


def _account() -> None:
    op.create_table(
        "account",
        sa.Column("account", sa.String(length=16), nullable=False),
        sa.Column("repository_kind", sa.String(), server_default="cloud", nullable=False),
        sa.Column("active", sa.Boolean(), server_default=sa.true(), nullable=False),
        sa.Column("service_url", sa.String(), nullable=False),
        sa.Column("registry_url", sa.String(), nullable=False),
        sa.Column("repository_url", sa.String(), nullable=False),
        sa.Column("repository_unique_id", sa.String(), nullable=False),
        sa.Column("home_community_id", sa.String(), server_default="", nullable=False),
        sa.Column("source_id", sa.String(), nullable=False),
        sa.Column("service_signer", sa.Text(), server_default="", nullable=False),
        sa.Column("trust_pem", sa.Text(), server_default="", nullable=False),
        sa.Column("valid_until", UtcDateTime(), nullable=True),
        sa.Column("limit_bytes", sa.BigInteger(), nullable=True),
        sa.Column("limit_documents", sa.BigInteger(), nullable=True),
        sa.Column("used_bytes", sa.BigInteger(), nullable=True),
        sa.Column("used_documents", sa.BigInteger(), nullable=True),
        sa.Column("checked_at", UtcDateTime(), nullable=True),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("account", name=op.f("pk_account")),
    )
    op.create_table(
        "onboarding",
        sa.Column("account", sa.String(length=16), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("tls_key_pem", sa.LargeBinary(), nullable=True),
        sa.Column("wss_key_pem", sa.LargeBinary(), nullable=True),
        sa.Column("tls_csr", sa.LargeBinary(), nullable=True),
        sa.Column("wss_csr", sa.LargeBinary(), nullable=True),
        sa.Column("mailed_at", UtcDateTime(), nullable=True),
        sa.Column("message_id", sa.String(), nullable=True),
        sa.Column("tls_certificate", sa.LargeBinary(), nullable=True),
        sa.Column("wss_certificate", sa.LargeBinary(), nullable=True),
        sa.Column("chain", sa.LargeBinary(), nullable=True),
        sa.Column("activation", sa.JSON(), nullable=True),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("account", name=op.f("pk_onboarding")),
    )


def _rules() -> None:
    op.create_table(
        "kind_rule",
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("auto_archive", sa.Boolean(), nullable=False),
        sa.Column("local_days", sa.Integer(), nullable=False),
        sa.Column("retention_years", sa.Integer(), nullable=False),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("kind", name=op.f("pk_kind_rule")),
    )


def _structure() -> None:
    op.create_table(
        "provider",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("regon", sa.String(), server_default="", nullable=False),
        sa.Column("resort_i", sa.String(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_provider")),
    )
    op.create_table(
        "staff",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("login", sa.String(), nullable=False),
        sa.Column("prefix", sa.String(), server_default="", nullable=False),
        sa.Column("given", sa.String(), server_default="", nullable=False),
        sa.Column("family", sa.String(), server_default="", nullable=False),
        sa.Column("profession", sa.String(), server_default="", nullable=False),
        sa.Column("pesel", sa.String(), server_default="", nullable=False),
        sa.Column("npwz", sa.String(), server_default="", nullable=False),
        sa.Column("active", sa.Boolean(), server_default=sa.true(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staff")),
        sa.UniqueConstraint("login", name=op.f("uq_staff_login")),
    )
    op.create_table(
        "task_user",
        sa.Column("task", sa.String(), nullable=False),
        sa.Column("staff_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_task_user_staff_id")),
        sa.PrimaryKeyConstraint("task", name=op.f("pk_task_user")),
    )
    op.create_table(
        "unit",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("provider_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("regon", sa.String(), server_default="", nullable=False),
        sa.Column("resort_v", sa.String(), server_default="", nullable=False),
        sa.ForeignKeyConstraint(["provider_id"], ["provider.id"], name=op.f("fk_unit_provider_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_unit")),
    )
    op.create_index(op.f("ix_unit_provider_id"), "unit", ["provider_id"], unique=False)
    op.create_table(
        "cell",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("unit_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("resort_vii", sa.String(), server_default="", nullable=False),
        sa.Column("resort_viii", sa.String(), server_default="", nullable=False),
        sa.Column("resort_x", sa.String(), server_default="", nullable=False),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_cell_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cell")),
    )
    op.create_index(op.f("ix_cell_unit_id"), "cell", ["unit_id"], unique=False)


def _shipping() -> None:
    op.create_table(
        "batch",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("run_key", sa.String(), nullable=True),
        sa.Column("state", sa.String(), server_default="prepared", nullable=False),
        sa.Column("documents", sa.Integer(), server_default="0", nullable=False),
        sa.Column("bytes", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("finished_at", UtcDateTime(), nullable=True),
        sa.CheckConstraint("state IN ('prepared', 'sending', 'finished')", name=op.f("ck_batch_state")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_batch")),
    )
    op.create_index(op.f("ix_batch_run_key"), "batch", ["run_key"], unique=False)
    op.create_index(op.f("ix_batch_state"), "batch", ["state"], unique=False)
    op.create_table(
        "patient",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("identifier", sa.String(), nullable=False),
        sa.Column("authority", sa.String(), nullable=False),
        sa.Column("given", sa.String(), server_default="", nullable=False),
        sa.Column("family", sa.String(), server_default="", nullable=False),
        sa.Column("birth_date", sa.String(), server_default="", nullable=False),
        sa.Column("sex", sa.String(), server_default="", nullable=False),
        sa.Column("city", sa.String(), server_default="", nullable=False),
        sa.Column("postal_code", sa.String(), server_default="", nullable=False),
        sa.Column("street", sa.String(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_patient")),
        sa.UniqueConstraint("identifier", "authority", name=op.f("uq_patient_identifier_authority")),
    )
    op.create_table(
        "submission",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("unique_id", sa.String(), nullable=False),
        sa.Column("entry_uuid", sa.String(), nullable=True),
        sa.Column("entry_ids", sa.JSON(), nullable=True),
        sa.Column("batch_id", sa.String(length=32), nullable=True),
        sa.Column("patient_key", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(), server_default="prepared", nullable=False),
        sa.Column("documents", sa.Integer(), server_default="0", nullable=False),
        sa.Column("bytes", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("sent_at", UtcDateTime(), nullable=True),
        sa.Column("finished_at", UtcDateTime(), nullable=True),
        sa.Column("message_id", sa.String(), nullable=True),
        sa.Column("reason_code", sa.String(), nullable=True),
        sa.Column("reason_text", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "state IN ('prepared', 'sending', 'accepted', 'failed')", name=op.f("ck_submission_state")
        ),
        sa.ForeignKeyConstraint(["batch_id"], ["batch.id"], name=op.f("fk_submission_batch_id")),
        sa.ForeignKeyConstraint(["patient_key"], ["patient.id"], name=op.f("fk_submission_patient_key")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_submission")),
        sa.UniqueConstraint("unique_id", name=op.f("uq_submission_unique_id")),
    )
    op.create_index(op.f("ix_submission_batch_id"), "submission", ["batch_id"], unique=False)
    op.create_index(op.f("ix_submission_state"), "submission", ["state"], unique=False)


def _documents() -> None:
    op.create_table(
        "document",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("public_id", sa.String(length=32), nullable=False),
        sa.Column("unique_id", sa.String(), nullable=False),
        sa.Column("entry_uuid", sa.String(), nullable=True),
        sa.Column("reference_ids", sa.JSON(), nullable=True),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("sha1", sa.String(length=40), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("mime_type", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("origin", sa.String(), server_default="own", nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("patient_key", sa.Integer(), nullable=False),
        sa.Column("header", sa.JSON(), nullable=True),
        sa.Column("title", sa.String(), server_default="", nullable=False),
        sa.Column("set_id", sa.String(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=True),
        sa.Column("effective_at", UtcDateTime(), nullable=True),
        sa.Column("source_name", sa.String(), server_default="", nullable=False),
        sa.Column("taken_in_at", UtcDateTime(), nullable=False),
        sa.Column("due_at", UtcDateTime(), nullable=True),
        sa.Column("content_path", sa.String(), nullable=True),
        sa.Column("submission_id", sa.Integer(), nullable=True),
        sa.Column("repository_unique_id", sa.String(), nullable=True),
        sa.Column("archived_at", UtcDateTime(), nullable=True),
        sa.Column("verified_at", UtcDateTime(), nullable=True),
        sa.Column("purged_at", UtcDateTime(), nullable=True),
        sa.Column("reason_code", sa.String(), nullable=True),
        sa.Column("reason_text", sa.Text(), nullable=True),
        sa.Column("next_step", sa.Text(), nullable=True),
        sa.Column("warnings", sa.JSON(), nullable=True),
        sa.Column("destroy_after_year", sa.Integer(), nullable=True),
        sa.Column("legal_hold", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.CheckConstraint(
            "state IN ('local', 'queued', 'sending', 'archived', 'remote', 'rejected', 'migrating',"
            " 'blocked', 'deleted')",
            name=op.f("ck_document_state"),
        ),
        sa.ForeignKeyConstraint(["patient_key"], ["patient.id"], name=op.f("fk_document_patient_key")),
        sa.ForeignKeyConstraint(["submission_id"], ["submission.id"], name=op.f("fk_document_submission_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_document")),
        sa.UniqueConstraint("public_id", name=op.f("uq_document_public_id")),
        sa.UniqueConstraint("sha256", name=op.f("uq_document_sha256")),
        sa.UniqueConstraint("unique_id", name=op.f("uq_document_unique_id")),
    )
    op.create_index(op.f("ix_document_kind"), "document", ["kind"], unique=False)
    op.create_index(op.f("ix_document_patient_key"), "document", ["patient_key"], unique=False)
    op.create_index(op.f("ix_document_set_id"), "document", ["set_id"], unique=False)
    op.create_index(op.f("ix_document_state_due_at"), "document", ["state", "due_at"], unique=False)
    op.create_index(op.f("ix_document_submission_id"), "document", ["submission_id"], unique=False)


def _history() -> None:
    op.create_table(
        "audit_event",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("event", sa.String(), nullable=False),
        sa.Column("actor", sa.String(), server_default="erepo", nullable=False),
        sa.Column("document_id", sa.Integer(), nullable=True),
        sa.Column("subject", sa.String(), server_default="document", nullable=False),
        sa.Column("subject_id", sa.String(), nullable=True),
        sa.Column("from_state", sa.String(), nullable=True),
        sa.Column("to_state", sa.String(), nullable=True),
        sa.Column("detail", sa.JSON(), nullable=True),
        sa.ForeignKeyConstraint(["document_id"], ["document.id"], name=op.f("fk_audit_event_document_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_event")),
    )
    op.create_index(op.f("ix_audit_event_document_id"), "audit_event", ["document_id"], unique=False)
