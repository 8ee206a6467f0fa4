"""What has to be indexed, and what must not stay in the index: read from the documents themselves.

Nothing of it is remembered elsewhere, so nothing is forgotten: whatever interrupted a deletion, a migration
or a destruction, the next run sees a document that is gone, and its index is not, and owes the withdrawal.

    the document …                                  its index …
    ----------------------------------------------  ---------------------------------------------------------
    own, of the EDM list, on its way or archived    waiting, with a deadline
    went (migrating, blocked, deleted)              waiting, refused → left; indexed → withdrawing
    is cancelled by an archived document            the same
    is replaced in the repository by a newer one    waiting, refused → left; indexed: the newer one's RPLC,
                                                    or withdrawing, where no newer one will be indexed
    is in the repository again                      withdrawn, left (because it had gone) → waiting
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa

from erepo.clinic import audit
from erepo.clinic.archiving.leases import is_free
from erepo.clinic.content import ContentStore
from erepo.clinic.database import Database, repeated
from erepo.clinic.indexing.duties import LAWFUL, SINCE, deadline
from erepo.clinic.indexing.medical import FROM_DOCUMENT, event_in
from erepo.clinic.indexing.states import Index, move
from erepo.clinic.states import State
from erepo.clinic.tables import document
from erepo.clinic.tables_chain import chain_link
from erepo.clinic.tables_indexing import document_index

#: Documents that are in the repository.
THERE: Final = (State.ARCHIVED.value, State.REMOTE.value)
#: Documents that are, or will be.
COMING: Final = (State.LOCAL.value, State.QUEUED.value, State.SENDING.value, State.REJECTED.value, *THERE)
#: Documents that went, or are going.
WENT: Final = (State.MIGRATING.value, State.BLOCKED.value, State.DELETED.value)
OWN: Final = "own"
#: Why an index went or was not needed.
GONE, CANCELLED, REPLACED = "gone", "cancelled", "replaced"
_SLICE: Final = 500
#: More versions of one document than anybody has made.
_DEEPEST: Final = 1000
#: Rows whose transactions may have ended in another order than their ids have.
_MARGIN: Final = 10_000
_NEWER = document.alias("newer")


@dataclass(frozen=True, slots=True)
class Enrolled:
    """What a look at the documents has changed.

    Attributes:
        new: documents that have to be indexed, not known before.
        owed: indexes that have to be withdrawn from now on.
        left: documents that need no index any more.
        again: documents that are back, and need their index again.
    """

    new: int = 0
    owed: int = 0
    left: int = 0
    again: int = 0


def enrol(database: Database, store: ContentStore, at: datetime) -> Enrolled:
    """Bring the list of indexes into line with the documents; may be called at any moment, by anybody.

    Args:
        database: the clinic's.
        store: its content; read where an earlier version kept no encounter of a document.
        at: now.
    """
    new = 0
    while found := _take_up(database, store):
        new += found
    return replace(_align(database, at), new=new)


@repeated
def _take_up(database: Database, store: ContentStore) -> int:
    with database.begin() as connection:
        return add(connection, store, _unknown(connection), lawful=True)


@repeated
def _align(database: Database, at: datetime) -> Enrolled:
    with database.begin() as connection:
        went = document.c.state.in_(WENT)
        owed = _owe(connection, at, GONE, went) + _owe(connection, at, CANCELLED, _cancelled())
        left = sum(
            _leave(connection, code, which)
            for code, which in ((GONE, went), (CANCELLED, _cancelled()), (REPLACED, _replaced()))
        )
        owed += _owe(connection, at, REPLACED, document.c.id.in_(_outlived(connection)))
        again = _return(connection)
    return Enrolled(owed=owed, left=left, again=again)


def add(
    connection: sa.Connection,
    store: ContentStore,
    rows: Sequence[Any],
    *,
    lawful: bool,
    asked_by: str | None = None,
) -> int:
    """Put documents on the list, in the transaction of the caller; return how many are new there.

    Rows as `COLUMNS` name them. The caller holds the documents: whoever put some on the list meanwhile has
    committed.
    """
    ids = [row.id for row in rows]
    known = sa.select(document_index.c.document_id).where(document_index.c.document_id.in_(ids))
    there = set(connection.execute(known).scalars())
    rows = [row for row in rows if row.id not in there]
    if not rows:
        return 0
    values = []
    for row in rows:
        event = event_in(row.header, store, row.sha256)
        values.append(
            {
                "document_id": row.id,
                "unique_id": row.unique_id,
                "lawful": lawful,
                "deadline": deadline(row.effective_at, row.taken_in_at),
                "asked_by": asked_by,
                "event_root": event.root if event else None,
                "event_extension": event.extension if event else None,
                "event_from": FROM_DOCUMENT if event else None,
            }
        )
    connection.execute(document_index.insert(), values)
    audit.record(connection, "index_asked", [row.id for row in rows], actor=asked_by or "erepo")
    return len(rows)


COLUMNS: Final = tuple(
    document.c[name] for name in ("id", "unique_id", "sha256", "header", "effective_at", "taken_in_at")
)


def _unknown(connection: sa.Connection) -> Sequence[Any]:
    """Return documents that are on no list; those far below the last one that came by itself all are."""
    own = document_index.c.lawful.is_(True), document_index.c.asked_by.is_(None)
    last = connection.execute(sa.select(sa.func.max(document_index.c.document_id)).where(*own)).scalar()
    known = sa.select(document_index.c.document_id).where(document_index.c.document_id == document.c.id)
    made = sa.func.coalesce(document.c.effective_at, document.c.taken_in_at)
    return connection.execute(
        sa.select(*COLUMNS)
        .where(
            document.c.id > (last or 0) - _MARGIN,
            document.c.kind.in_([kind.value for kind in LAWFUL]),
            document.c.origin == OWN,
            document.c.state != State.DELETED.value,
            made >= SINCE,
            ~known.correlate(document).exists(),
        )
        .order_by(document.c.id)
        .limit(_SLICE)
        .with_for_update()
    ).all()


def _older_ones(*conditions: sa.ColumnElement[bool]) -> sa.ColumnElement[bool]:
    """Another document in the repository names it; asked from there, for such are few."""
    newer = sa.func.coalesce(_NEWER.c.state, "").in_(THERE)
    found = (
        sa.select(chain_link.c.predecessor_id)
        .join(_NEWER, _NEWER.c.id == chain_link.c.document_id)
        .where(chain_link.c.predecessor_id.is_not(None), newer, *conditions)
    )
    return document.c.id.in_(found)


def _cancelled() -> sa.ColumnElement[bool]:
    """A cancelling document in the repository names it."""
    return _older_ones(chain_link.c.cancels.is_(True))


def _replaced() -> sa.ColumnElement[bool]:
    """The repository shows a newer version in its place: P1 gets the newer one alone."""
    return _older_ones(chain_link.c.state == "linked")


def _outlived(connection: sa.Connection) -> list[int]:
    """Return documents with an index whose newer versions will have none: cancelled, or gone themselves."""
    live = (Index.WAITING.value, Index.INDEXING.value, Index.INDEXED.value, Index.REFUSED.value)
    found = []
    for document_id in _ids(connection, Index.INDEXED, _replaced()):
        edge, seen, followed = [document_id], {document_id}, False
        while edge and not followed and len(seen) < _DEEPEST:
            rows = connection.execute(
                sa.select(chain_link.c.document_id, document_index.c.state)
                .outerjoin(document_index, document_index.c.document_id == chain_link.c.document_id)
                .where(chain_link.c.predecessor_id.in_(edge), chain_link.c.state == "linked")
            ).all()
            followed = any(row.state in live for row in rows)
            edge = [row.document_id for row in rows if row.document_id not in seen]
            seen.update(edge)
        if not followed:
            found.append(document_id)
    return found


def _ids(connection: sa.Connection, state: Index, which: sa.ColumnElement[bool]) -> list[int]:
    its: sa.ColumnElement[Any] = document_index.c.state
    if state is Index.INDEXED:
        # Almost everything is indexed; written so that no planner begins with all of that.
        some: sa.ColumnElement[bool] = document_index.c.document_id.in_(sa.select(document.c.id).where(which))
        its = sa.func.coalesce(its, "")
    else:
        some = sa.select(document.c.id).where(document.c.id == document_index.c.document_id, which).exists()
    found = (
        sa.select(document_index.c.document_id)
        .where(its == state.value, some)
        .order_by(document_index.c.document_id)
        .with_for_update()
    )
    return list(connection.execute(found).scalars())


def _owe(connection: sa.Connection, at: datetime, code: str, which: sa.ColumnElement[bool]) -> int:
    """Have indexes withdrawn that P1 has, or may have, of documents for which that holds."""
    values = {"next_at": at, "attempts": 0, "code": code, "told": None, "run_key": None}
    ids = _ids(connection, Index.INDEXED, which)
    move(connection, ids, Index.INDEXED, Index.WITHDRAWING, "index_to_go", values=values, why=code)
    begun = connection.execute(
        sa.select(document_index.c.document_id, document_index.c.run_key).where(
            document_index.c.document_id.in_(_ids(connection, Index.INDEXING, which))
        )
    )
    # What somebody is at work on ends first; the next look finds it indexed.
    free = [row.document_id for row in begun if is_free(row.run_key)]
    move(connection, free, Index.INDEXING, Index.WITHDRAWING, "index_to_go", values=values, why=code)
    return len(ids) + len(free)


def _leave(connection: sa.Connection, code: str, which: sa.ColumnElement[bool]) -> int:
    values = {"code": code, "told": None, "next_at": None}
    count = 0
    for state in (Index.WAITING, Index.REFUSED):
        ids = _ids(connection, state, which)
        move(connection, ids, state, Index.LEFT, "index_not_needed", values=values, why=code)
        count += len(ids)
    return count


def _return(connection: sa.Connection) -> int:
    values = {"code": None, "told": None, "next_at": None, "attempts": 0}
    back = sa.and_(document.c.state.in_(THERE), document_index.c.code == GONE)
    count = 0
    for state in (Index.WITHDRAWN, Index.LEFT):
        ids = _ids(connection, state, back)
        move(connection, ids, state, Index.WAITING, "index_asked", values=values)
        count += len(ids)
    return count
