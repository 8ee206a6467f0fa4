"""What people order about indexes: have documents indexed (again), have an index withdrawn."""

from collections.abc import Sequence
from typing import Any, Final

import sqlalchemy as sa

from erepo.cda.kinds import Kind
from erepo.clinic import audit
from erepo.clinic.content import ContentStore
from erepo.clinic.indexing.duties import DUTIES, SINCE
from erepo.clinic.indexing.enrolling import COLUMNS, COMING, OWN, add
from erepo.clinic.indexing.errors import IndexImpossible, IndexUnknown
from erepo.clinic.indexing.states import Index, move
from erepo.clinic.permissions import Permission, person, require
from erepo.clinic.tables import document
from erepo.clinic.tables_indexing import document_index

#: Code of what a person had withdrawn: it does not come back by itself.
ORDERED: Final = "ordered"
_i = document_index.c
_AGAIN: Final = {"code": None, "told": None, "next_at": None, "attempts": 0}


def ask(connection: sa.Connection, store: ContentStore, public_ids: Sequence[str], login: str) -> int:
    """Have documents indexed by the next run, also those of kinds that the law does not name; all or none.

    What waits already waits for no time any more; what was refused or withdrawn is tried again.

    Args:
        connection: the transaction; the caller commits.
        store: of the clinic's content.
        public_ids: opaque ids.
        login: who asks.

    Returns:
        How many are not in the index yet.

    Raises:
        NoSuchUser: nobody on the active staff has this login.
        IndexUnknown: there are no such documents.
        IndexImpossible: one of them has no place in P1's index; nothing was ordered.
    """
    person(connection, login)
    wanted = list(dict.fromkeys(public_ids))
    rows = _rows(connection, wanted)
    for row in rows:
        if row.index is None and not _possible(row):
            raise IndexImpossible(document=row.public_id)
    fresh = [row for row in rows if row.index is None]
    for lawful in (True, False):
        some = [row for row in fresh if _lawful(row) is lawful]
        add(connection, store, some, lawful=lawful, asked_by=login)
    count = sum(row.index is None for row in rows)
    for state in (Index.REFUSED, Index.WITHDRAWN, Index.LEFT):
        ids = [row.id for row in rows if row.index == state.value]
        move(connection, ids, state, Index.WAITING, "index_asked", actor=login, values=_AGAIN)
        count += len(ids)
    open_ = [row.id for row in rows if row.index in (Index.WAITING.value, Index.INDEXING.value)]
    connection.execute(document_index.update().where(_i.document_id.in_(open_)).values(next_at=None))
    return count + len(open_)


def ask_refused(connection: sa.Connection, login: str) -> int:
    """Let everything that was refused wait again; return how many.

    Raises:
        NoSuchUser: nobody on the active staff has this login.
    """
    person(connection, login)
    found = sa.select(_i.document_id).where(_i.state == Index.REFUSED.value).with_for_update()
    ids = list(connection.execute(found).scalars())
    move(connection, ids, Index.REFUSED, Index.WAITING, "index_asked", actor=login, values=_AGAIN)
    return len(ids)


def order_withdrawal(connection: sa.Connection, public_ids: Sequence[str], login: str) -> int:
    """Have the indexes of documents withdrawn by the next run; they do not come back by themselves.

    Returns:
        How many will be.

    Raises:
        NoSuchUser, PermissionMissing: the person may not (`withdraw-index`).
        IndexUnknown: some of them are not in the index; nothing was ordered.
    """
    require(connection, login, Permission.WITHDRAW_INDEX)
    wanted = list(dict.fromkeys(public_ids))
    rows = _rows(connection, wanted)
    ids = [row.id for row in rows if row.index == Index.INDEXED.value]
    begun = [row.id for row in rows if row.index == Index.WITHDRAWING.value]
    if len(ids) + len(begun) < len(wanted):
        raise IndexUnknown(count=len(wanted) - len(ids) - len(begun))
    values = {**_AGAIN, "code": ORDERED, "run_key": None}
    move(connection, ids, Index.INDEXED, Index.WITHDRAWING, "index_to_go", actor=login, values=values,
         why=ORDERED)  # fmt: skip
    audit.record(connection, "index_withdrawal_ordered", ids, actor=login)
    return len(ids) + len(begun)


def _rows(connection: sa.Connection, wanted: Sequence[str]) -> Sequence[Any]:
    """Return documents with the state of their index.

    Raises:
        IndexUnknown: some are not here.
    """
    rows = connection.execute(
        sa.select(
            *COLUMNS,
            document.c.public_id,
            document.c.kind,
            document.c.origin,
            document.c.state,
            _i.state.label("index"),
        )
        .outerjoin(document_index, _i.document_id == document.c.id)
        .where(document.c.public_id.in_(wanted))
        .order_by(document.c.id)
        .with_for_update(of=document)
    ).all()
    if len(rows) < len(wanted):
        raise IndexUnknown(count=len(wanted) - len(rows))
    return rows


def _lawful(row: Any) -> bool:
    return DUTIES[Kind(row.kind)].lawful and (row.effective_at or row.taken_in_at) >= SINCE


def _possible(row: Any) -> bool:
    return DUTIES[Kind(row.kind)].possible and row.origin == OWN and row.state in COMING
