"""The chain of versions a document belongs to, for people and programs to read."""

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from erepo.clinic.chain.errors import ChainDocumentUnknown
from erepo.clinic.tables import document
from erepo.clinic.tables_chain import chain_link

_OLDER = document.alias("older")
#: More versions of one document than anybody has made.
_MOST = 1000


@dataclass(frozen=True)
class Version:
    """One document of a chain.

    Attributes:
        document: opaque id.
        kind: of the document.
        version: its number, as it says itself.
        state: on the clinic's side.
        archived_at: UTC.
        replaces: opaque id of the one before; empty when there is none, or it is not here.
        replaced_by: opaque ids of those that name it; several are a fork.
        cancels: whether it is a cancelling document.
        cancelled: whether a cancelling document names it.
        link: state of its link to the one before (`chain_link`); empty when it names none.
        code: what is odd about the link.
    """

    document: str
    kind: str
    version: int | None
    state: str
    archived_at: datetime | None
    replaces: str
    replaced_by: list[str]
    cancels: bool
    cancelled: bool
    link: str
    code: str


@dataclass(frozen=True)
class Chain:
    """All versions that hang together, oldest first."""

    versions: list[Version]

    def as_json(self) -> dict[str, Any]:
        """Return plain data."""
        return asdict(self)


def read_chain(connection: sa.Connection, public_id: str) -> Chain:
    """Return the chain of a document.

    Raises:
        ChainDocumentUnknown: no document has this id.
    """
    start = connection.execute(sa.select(document.c.id).where(document.c.public_id == public_id)).scalar()
    if start is None:
        raise ChainDocumentUnknown(document=public_id)
    ids = _together(connection, start)
    columns = [document.c[name] for name in ("id", "public_id", "kind", "version", "state", "archived_at")]
    rows = connection.execute(
        sa.select(
            *columns,
            _OLDER.c.public_id.label("replaces"),
            chain_link.c.cancels,
            chain_link.c.state.label("link"),
            chain_link.c.code,
            sa.func.coalesce(document.c.reason_code, "").label("reason"),
        )
        .outerjoin(chain_link, chain_link.c.document_id == document.c.id)
        .outerjoin(_OLDER, _OLDER.c.id == chain_link.c.predecessor_id)
        .where(document.c.id.in_(ids))
    ).all()
    return Chain([_version(row, rows) for row in sorted(rows, key=lambda row: (row.version or 0, row.id))])


def _version(row: Any, rows: Any) -> Version:
    after = [one for one in rows if one.replaces == row.public_id]
    return Version(
        document=row.public_id,
        kind=row.kind,
        version=row.version,
        state=row.state,
        archived_at=row.archived_at,
        replaces=row.replaces or "",
        replaced_by=[one.public_id for one in after],
        cancels=bool(row.cancels),
        cancelled=any(one.cancels for one in after),
        link=row.link or "",
        code=row.code or (row.reason if row.reason.startswith("chain.") else ""),
    )


def _together(connection: sa.Connection, start: int) -> set[int]:
    """Return all documents reachable over links, in both directions."""
    seen, edge = {start}, {start}
    link = chain_link.c
    while edge and len(seen) < _MOST:
        rows = connection.execute(
            sa.select(link.document_id, link.predecessor_id).where(
                sa.or_(link.document_id.in_(edge), link.predecessor_id.in_(edge)),
                link.predecessor_id.is_not(None),
            )
        )
        edge = {id_ for row in rows for id_ in row} - seen
        seen |= edge
    return seen
