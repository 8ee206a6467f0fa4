"""The commits of indexing; those of one document are fenced by its lease.

C  claim   waiting → indexing (or indexing, withdrawing taken over), lease `owner|expiry`
K  keep    indexing → indexed; with it what this document replaces → replaced
W  went    withdrawing → withdrawn
B  back    nothing of it is at P1: indexing → waiting, refused; unknown: stays indexing; with a time
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa

from erepo.clinic.archiving.leases import is_free
from erepo.clinic.archiving.owner import new_owner
from erepo.clinic.database import Database, repeated
from erepo.clinic.indexing.enrolling import REPLACED, THERE
from erepo.clinic.indexing.errors import IndexTaken
from erepo.clinic.indexing.preflight import Entry
from erepo.clinic.indexing.results import Reason
from erepo.clinic.indexing.states import AT_P1, Index, move
from erepo.clinic.rest.indexing import IndexState
from erepo.clinic.tables import document
from erepo.clinic.tables_chain import chain_link
from erepo.clinic.tables_indexing import document_index

#: Seconds a lease lasts: longer than one request, shorter than `leases.is_free` takes for a wrong clock.
LIFE: Final = 200
#: More versions of one document than anybody has made.
_DEEPEST: Final = 1000
#: A run brings these further.
_TO_DO: Final = (Index.WITHDRAWING.value, Index.WAITING.value, Index.INDEXING.value)
_i = document_index.c


@dataclass(frozen=True, slots=True)
class Claimed:
    """A document's index held by us."""

    entry: Entry
    owner: str
    actor: str


@repeated
def claim(database: Database, document_id: int, actor: str, at: datetime) -> Claimed | None:
    """Take a document's index in hand (C); None where there is nothing to do any more.

    Raises:
        IndexTaken: another process is at work on it.
    """
    owner = new_owner()
    with database.begin() as connection:
        row = connection.execute(
            sa.select(document_index, document.c.public_id, document.c.destroy_after_year)
            .join(document, document.c.id == _i.document_id)
            .where(_i.document_id == document_id)
            .with_for_update(of=document_index)
        ).one_or_none()
        if row is None:  # withdrawn and forgotten by another run since ours looked
            return None
        state = Index(row.state)
        if state not in (Index.WAITING, Index.INDEXING, Index.WITHDRAWING):
            return None
        if state is not Index.WAITING and not is_free(row.run_key):
            raise IndexTaken
        values = {"run_key": f"{owner}|{at.timestamp() + LIFE:.0f}", "attempts": row.attempts + 1}
        if state is Index.WAITING:
            move(connection, [document_id], state, Index.INDEXING, "index_begun", actor=actor, values=values)
        else:
            connection.execute(document_index.update().where(_i.document_id == document_id).values(values))
    event = (row.event_root, row.event_extension) if row.event_root and row.event_extension else None
    entry = Entry(
        document_id,
        row.public_id,
        row.unique_id,
        event,
        row.destroy_after_year,
        withdrawing=state is Index.WITHDRAWING,
        begun=state is not Index.WAITING,
        attempts=row.attempts + 1,
    )
    return Claimed(entry, owner, actor)


@dataclass(frozen=True, slots=True)
class Older:
    """The nearest older version of a document that P1 has, or may have.

    Attributes:
        id: internal id.
        unique_id: XDS uniqueId.
        state: of its index: indexed, or indexing.
    """

    id: int
    unique_id: str
    state: Index


def older(connection: sa.Connection, document_id: int) -> Older | None:
    """Return whose place in P1 the document takes; None where it takes nobody's.

    Versions between them that were replaced before they were indexed are passed over.
    """
    at, seen = document_id, set[int]()
    while at not in seen and len(seen) < _DEEPEST:
        seen.add(at)
        row = connection.execute(
            sa.select(document.c.id, document.c.unique_id, _i.state)
            .join(chain_link, chain_link.c.predecessor_id == document.c.id)
            .outerjoin(document_index, _i.document_id == document.c.id)
            .where(
                chain_link.c.document_id == at,
                chain_link.c.state == "linked",
                chain_link.c.cancels.is_(False),
            )
        ).one_or_none()
        if row is None:
            return None
        if row.state in (Index.INDEXED.value, Index.INDEXING.value):
            return Older(row.id, row.unique_id, Index(row.state))
        at = row.id
    return None


@repeated
def keep(database: Database, mine: Claimed, found: IndexState, replaced: Older | None, at: datetime) -> None:
    """Write down that the document is in the index (K), in the place of another if it replaces one.

    Raises:
        IndexTaken: another process has it; nothing was written.
    """
    values = {
        "run_key": None,
        "next_at": None,
        "code": None,
        "told": None,
        "entry_uuid": found.entry_uuid,
        "repository_unique_id": found.repository_unique_id,
        "indexed_at": at,
        "withdrawn_at": None,
    }
    with database.begin() as connection:
        _fence(connection, mine)
        _to(connection, mine, Index.INDEXED, "indexed", values, recovered=found.recovered)
        if replaced is None:
            return
        state = connection.execute(
            sa.select(_i.state).where(_i.document_id == replaced.id).with_for_update()
        ).scalar()
        if state == Index.INDEXED.value:
            values = {"code": REPLACED, "told": None, "next_at": None, "withdrawn_at": at}
            move(connection, [replaced.id], Index.INDEXED, Index.REPLACED, "index_replaced",
                 actor=mine.actor, values=values)  # fmt: skip


@repeated
def went(database: Database, mine: Claimed, at: datetime) -> None:
    """Write down that P1 has the index no more (W); of a destroyed document nothing is kept.

    Raises:
        IndexTaken: another process has it; nothing was written.
    """
    values: dict[str, Any] = {"run_key": None, "next_at": None, "told": None, "withdrawn_at": at}
    with database.begin() as connection:
        _fence(connection, mine)
        _to(connection, mine, Index.WITHDRAWN, "index_withdrawn", values)
        destroyed = document.c.origin == "destroyed"
        forget(connection, sa.select(document.c.id).where(document.c.id == mine.entry.id, destroyed))


def forget(connection: sa.Connection, destroyed: sa.Select[tuple[int]]) -> None:
    """Let go of the rows of destroyed documents; of what P1 still has the id stays until it went."""
    own = _i.document_id.in_(destroyed)
    connection.execute(document_index.delete().where(own, _i.state.not_in(AT_P1)))
    nothing = dict.fromkeys(("event_root", "event_extension", "event_from", "told"))
    connection.execute(document_index.update().where(own).values(nothing))


@repeated
def back(
    database: Database,
    mine: Claimed,
    reason: Reason,
    *,
    to: Index | None,
    next_at: datetime | None,
) -> None:
    """Write down why a document is not where it should be, and when it is tried again (B).

    Args:
        database: the clinic's.
        mine: what was claimed.
        reason: why.
        to: where it goes; None: it stays, for P1 may have it, or still has.
        next_at: not before; None: at once, or never by itself.

    Raises:
        IndexTaken: another process has it; nothing was written.
    """
    values = {"run_key": None, "next_at": next_at, "code": reason.code, "told": reason.as_json()}
    with database.begin() as connection:
        _fence(connection, mine)
        if to is None:
            connection.execute(document_index.update().where(_i.document_id == mine.entry.id).values(values))
            return
        event = "index_refused" if to is Index.REFUSED else "index_postponed"
        _to(connection, mine, to, event, values, reason=reason.rule or reason.code)


def due(
    connection: sa.Connection,
    at: datetime,
    *,
    kinds: Sequence[str] = (),
    ids: Sequence[str] = (),
    limit: int | None = None,
    owed: bool = False,
) -> list[int]:
    """Return what is to be done now: withdrawals first, then by deadline. Named ids wait for no time.

    What is not in the repository yet waits for that, whoever names it.

    Args:
        connection: of the transaction.
        at: now.
        kinds: only these; empty: all.
        ids: opaque ids, only these; empty: all.
        limit: most documents.
        owed: only what has to be withdrawn.
    """
    withdrawing = _i.state == Index.WITHDRAWING.value
    # Almost everything is archived; written so that no planner begins with all of that.
    there = sa.func.coalesce(document.c.state, "").in_(THERE)
    found = (
        sa.select(_i.document_id)
        .join(document, document.c.id == _i.document_id)
        .where(_i.state.in_(_TO_DO), withdrawing if owed else sa.or_(withdrawing, there))
        .order_by(sa.case((withdrawing, 0), else_=1), _i.deadline, _i.document_id)
        .limit(limit)
    )
    if kinds:
        found = found.where(document.c.kind.in_(kinds))
    if ids:
        found = found.where(document.c.public_id.in_(ids))
    else:
        found = found.where(sa.or_(_i.next_at.is_(None), _i.next_at <= at))
    return list(connection.execute(found).scalars())


def _to(
    connection: sa.Connection, mine: Claimed, to: Index, event: str, values: dict[str, Any], **detail: Any
) -> None:
    source = Index.WITHDRAWING if mine.entry.withdrawing else Index.INDEXING
    move(connection, [mine.entry.id], source, to, event, actor=mine.actor, values=values, **detail)


def _fence(connection: sa.Connection, mine: Claimed) -> None:
    key = connection.execute(
        sa.select(_i.run_key).where(_i.document_id == mine.entry.id).with_for_update()
    ).scalar()
    if not (key or "").startswith(f"{mine.owner}|"):
        raise IndexTaken
