"""Where documents of other providers come from: one row beside the document, written when it is taken in."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from erepo.clinic.tables import document
from erepo.clinic.tables_abroad import document_origin


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a document comes from.

    Attributes:
        repository_unique_id: OID of the repository.
        unique_id: as the index called it.
        institution: who made it, by name.
        institution_id: `root#extension`.
        purpose: for which it was fetched: P1's word; empty where none was told.
        fetched_by: login, or the program.
    """

    repository_unique_id: str
    unique_id: str = ""
    institution: str = ""
    institution_id: str = ""
    purpose: str = ""
    fetched_by: str = ""


def keep_origin(connection: sa.Connection, public_ids: Sequence[str], origin: Origin) -> None:
    """Write down where documents that are new here come from; the caller commits."""
    ids = connection.execute(sa.select(document.c.id).where(document.c.public_id.in_(public_ids))).scalars()
    values = {name: getattr(origin, name) for name in Origin.__dataclass_fields__}
    rows: list[dict[str, Any]] = [{"document_id": number, **values} for number in ids]
    if rows:
        connection.execute(document_origin.insert(), rows)


def origin_of(connection: sa.Connection, document_id: int) -> Origin | None:
    """Return where a document comes from; None for our own."""
    columns = [document_origin.c[name] for name in Origin.__dataclass_fields__]
    row = connection.execute(
        sa.select(*columns).where(document_origin.c.document_id == document_id)
    ).one_or_none()
    return Origin(*row) if row is not None else None
