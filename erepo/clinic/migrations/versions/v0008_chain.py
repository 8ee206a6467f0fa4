"""Versions of documents, legal holds, destruction at the end of the time of keeping."""

import json

import sqlalchemy as sa
from alembic import op

from erepo.clinic.tables import UtcDateTime

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Add the tables."""
    _chain()
    _keeping()
    _destruction()
    _find_links(op.get_bind())
    _prolong(op.get_bind())


def _chain() -> None:
    op.create_table(
        "chain_link",
        sa.Column("document_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("cancels", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("parent_unique_id", sa.String(), nullable=False),
        sa.Column("predecessor_id", sa.Integer(), nullable=True),
        sa.Column("predecessor_entry", sa.String(), nullable=True),
        sa.Column("state", sa.String(), server_default="open", nullable=False),
        sa.Column("code", sa.String(), nullable=True),
        sa.Column("settled_at", UtcDateTime(), nullable=True),
        sa.CheckConstraint(
            "state IN ('open', 'linked', 'alone', 'forked', 'refused')", name=op.f("ck_chain_link_state")
        ),
        sa.ForeignKeyConstraint(["document_id"], ["document.id"], name=op.f("fk_chain_link_document_id")),
        sa.ForeignKeyConstraint(
            ["predecessor_id"], ["document.id"], name=op.f("fk_chain_link_predecessor_id")
        ),
        sa.PrimaryKeyConstraint("document_id", name=op.f("pk_chain_link")),
    )
    for column in ("parent_unique_id", "predecessor_id", "state"):
        op.create_index(op.f(f"ix_chain_link_{column}"), "chain_link", [column])


def _keeping() -> None:
    op.create_table(
        "document_class",
        sa.Column("document_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("class", sa.String(length=40), nullable=False),
        sa.Column("base_year", sa.Integer(), nullable=True),
        sa.Column("given_by", sa.String(), nullable=False),
        sa.Column("given_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["document_id"], ["document.id"], name=op.f("fk_document_class_document_id")),
        sa.PrimaryKeyConstraint("document_id", name=op.f("pk_document_class")),
    )
    op.create_table(
        "legal_hold",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("document_id", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(length=40), nullable=False),
        sa.Column("set_by", sa.String(), nullable=False),
        sa.Column("set_at", UtcDateTime(), nullable=False),
        sa.Column("released_by", sa.String(), nullable=True),
        sa.Column("released_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["document_id"], ["document.id"], name=op.f("fk_legal_hold_document_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_legal_hold")),
    )
    op.create_index(op.f("ix_legal_hold_document_id"), "legal_hold", ["document_id"])


def _destruction() -> None:
    op.create_table(
        "destruction",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(), server_default="proposed", nullable=False),
        sa.Column("documents", sa.Integer(), nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("proposed_by", sa.String(), nullable=False),
        sa.Column("proposed_at", UtcDateTime(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.Column("confirmed_by", sa.String(), nullable=True),
        sa.Column("confirmed_at", UtcDateTime(), nullable=True),
        sa.Column("finished_at", UtcDateTime(), nullable=True),
        sa.CheckConstraint(
            "state IN ('proposed', 'confirmed', 'finished', 'withdrawn')", name=op.f("ck_destruction_state")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_destruction")),
    )
    op.create_index(op.f("ix_destruction_state"), "destruction", ["state"])
    op.create_table(
        "destruction_item",
        sa.Column("destruction_id", sa.String(length=32), nullable=False),
        sa.Column("document_id", sa.Integer(), nullable=False),
        sa.Column("public_id", sa.String(length=32), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("destroy_after_year", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(), server_default="proposed", nullable=False),
        sa.Column("was", sa.String(), nullable=True),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.CheckConstraint(
            "state IN ('proposed', 'dropped', 'destroying', 'destroyed')",
            name=op.f("ck_destruction_item_state"),
        ),
        sa.ForeignKeyConstraint(
            ["destruction_id"], ["destruction.id"], name=op.f("fk_destruction_item_destruction_id")
        ),
        sa.ForeignKeyConstraint(
            ["document_id"], ["document.id"], name=op.f("fk_destruction_item_document_id")
        ),
        sa.PrimaryKeyConstraint("destruction_id", "document_id", name=op.f("pk_destruction_item")),
    )
    op.create_index(op.f("ix_destruction_item_document_id"), "destruction_item", ["document_id"])


def _find_links(connection: sa.Connection) -> None:
    """Give documents that are here already their links; what is archived went as an original."""
    rows = connection.execute(
        sa.text(
            "SELECT id, kind, state, patient_key, header FROM document"
            " WHERE CAST(header AS TEXT) LIKE '%\"RPLC\"%' ORDER BY id"
        )
    ).all()
    for row in rows:
        header = json.loads(row.header) if isinstance(row.header, str) else row.header
        ids = (one["id"] for one in header["related"] if one["type_code"] == "RPLC")
        parent = next((one for one in ids if one), None)
        if parent is not None:
            root, extension = parent["root"], parent["extension"]
            _link(connection, row, f"{root}^{extension}" if extension else root)


def _link(connection: sa.Connection, row: sa.Row[tuple[int, str, str, int, str]], parent: str) -> None:
    words = {"parent": parent, "patient": row.patient_key, "id": row.id}
    older = connection.execute(
        sa.text("SELECT id FROM document WHERE unique_id = :parent AND patient_key = :patient AND id <> :id"),
        words,
    ).scalar()
    there = row.state in ("archived", "remote")
    connection.execute(
        sa.text(
            "INSERT INTO chain_link (document_id, cancels, parent_unique_id, predecessor_id, state)"
            " VALUES (:id, :cancels, :parent, :older, :state)"
        ),
        {"id": row.id, "cancels": row.kind == "cancelling_document", "parent": parent, "older": older,
         "state": "alone" if there else "open"},
    )  # fmt: skip


def _prolong(connection: sa.Connection) -> None:
    """All versions of a document are kept as long as the last of them."""
    connection.execute(
        sa.text(
            "UPDATE document SET destroy_after_year = (SELECT max(other.destroy_after_year) FROM document AS"
            " other WHERE other.set_id = document.set_id AND other.patient_key = document.patient_key)"
            " WHERE set_id IS NOT NULL"
        )
    )
