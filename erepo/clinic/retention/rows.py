"""Conditions on rows of `document` that the rooms of retention share."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from erepo.clinic.retention.errors import RetentionDocumentUnknown
from erepo.clinic.states import State
from erepo.clinic.tables import document
from erepo.clinic.tables_chain import chain_link
from erepo.clinic.tables_migrating import DELETION_BEGUN, deletion
from erepo.clinic.tables_retention import destruction_item

SLICE = 500
_OTHER = document.alias("other")
_OLDER = document.alias("older")


def is_held() -> sa.ColumnElement[bool]:
    """Return the condition that a legal hold protects a document: its own, or that of another version."""
    return _held(document)


def is_needed(year: int | None = None) -> sa.ColumnElement[bool]:
    """Return the condition that a document is kept for what it replaces or cancels, which is kept.

    Without it that one would be shown as replaced, or cancelled, by nothing that anybody could look at.

    Args:
        year: only where the older one is kept beyond this year, or held; None: where it is here at all.
    """
    older = _OLDER.c
    kept = sa.true() if year is None else sa.or_(
        older.destroy_after_year.is_(None), older.destroy_after_year >= year, _held(_OLDER)
    )  # fmt: skip
    return (
        sa.select(chain_link.c.document_id)
        .join(_OLDER, older.id == chain_link.c.predecessor_id)
        # What was removed from the repository is shown nowhere; nor is what is destroyed.
        .where(chain_link.c.document_id == document.c.id, older.state != State.DELETED.value, kept)
        .correlate(document)
        .exists()
    )


def _held(of: Any) -> sa.ColumnElement[bool]:
    version = sa.select(_OTHER.c.id).where(
        _OTHER.c.set_id == of.c.set_id,
        _OTHER.c.patient_key == of.c.patient_key,
        _OTHER.c.legal_hold.is_(True),
    )
    return sa.or_(of.c.legal_hold.is_(True), version.correlate(of).exists())


def is_gone() -> sa.ColumnElement[bool]:
    """Return the condition that a document is destroyed, or its destruction has begun."""
    item = sa.select(destruction_item.c.document_id).where(
        destruction_item.c.document_id == document.c.id,
        destruction_item.c.state.in_(("destroying", "destroyed")),
    )
    return item.correlate(document).exists()


def is_being_deleted() -> sa.ColumnElement[bool]:
    """Return the condition that a person's order to delete a document is being carried out."""
    begun = sa.select(deletion.c.document_id).where(
        deletion.c.document_id == document.c.id,
        deletion.c.step == "intended",
        deletion.c.code == DELETION_BEGUN,
    )
    return begun.correlate(document).exists()


def ids_of(connection: sa.Connection, public_ids: Sequence[str]) -> list[int]:
    """Return internal ids of documents that are not destroyed.

    Raises:
        RetentionDocumentUnknown: some id belongs to none.
    """
    wanted: list[str] = sorted(set(public_ids))
    found: list[int] = []
    for start in range(0, len(wanted), SLICE):
        part = document.c.public_id.in_(wanted[start : start + SLICE])
        found += connection.execute(sa.select(document.c.id).where(part, sa.not_(is_gone()))).scalars()
    if len(found) != len(wanted):
        raise RetentionDocumentUnknown(count=len(wanted) - len(found))
    return sorted(found)
