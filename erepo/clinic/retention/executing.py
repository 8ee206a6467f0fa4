"""A confirmed destruction, document by document; may be called again at any moment, after any crash.

B  begin    checked once more: held, prolonged, moving or needed ones drop out; the others become `deleted`
for everybody else, in one transaction with the ledger
R  remote   entries and octets leave the repository, confirmed by asking (`erepo.clinic.removal`)
F  file     the ids of a slice are durable outside the database (`erased`), for restored backups
L  local    the content leaves the clinic's disk
E  erase    what identifies document and patient leaves the database; the ledger says `destroyed`
P  protocol the file is written, the proposal is finished

interrupted   ledger       left behind                     the same call again
------------  -----------  ------------------------------  ------------------------------------
before B      proposed     everything                      checks again
B … R         destroying   everything, visible to nobody   removes
in R          destroying   a part                          asks, removes the rest
R … F … L … E destroying   content or row                  removes nothing twice, erases
E … P         destroyed    no protocol                     writes it
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from erepo.clinic import audit
from erepo.clinic.archiving.results import Problem
from erepo.clinic.content import ContentStore
from erepo.clinic.database import Database, repeated
from erepo.clinic.indexing.leaving import withdraw_first
from erepo.clinic.removal import RemoteDocument, remove_remote
from erepo.clinic.repository import Cloud
from erepo.clinic.retention.erased import Erased, Line
from erepo.clinic.retention.erasing import erase, overwrite, scrub
from erepo.clinic.retention.proposing import MOVING, Proposal
from erepo.clinic.retention.rows import is_gone, is_held, is_needed
from erepo.clinic.shared import is_shared
from erepo.clinic.states import DEPOSITED, State, move
from erepo.clinic.tables import document, now
from erepo.clinic.tables_chain import chain_link
from erepo.clinic.tables_retention import destruction, destruction_item
from erepo.settings import Settings

#: Documents of one transaction and of one removal.
SLICE = 100
_ITEM = destruction_item.c


@dataclass
class Destruction:
    """What a call has done.

    Attributes:
        destroyed: documents that are gone now.
        dropped: documents that were kept after all, by reason.
        open: documents whose destruction has begun and is not finished.
        problem: why they are open.
    """

    destroyed: int = 0
    dropped: dict[str, int] = field(default_factory=dict)
    open: int = 0
    problem: Problem | None = None


async def execute(
    cloud: Cloud | None, database: Database, settings: Settings, found: Proposal
) -> Destruction:
    """Carry out a confirmed proposal, or what an earlier call has left of it.

    Args:
        cloud: an opened connection to the active repository; None where `needs_repository` says no.
        database: the clinic's.
        settings: where the clinic's content lies, and what was erased is written down.
        found: confirmed.

    Returns:
        Counts; `problem` tells why some documents are still open.
    """
    work = _Work(
        cloud, database, ContentStore.at(settings), await asyncio.to_thread(Erased.at, settings), found
    )
    # Those begun by an earlier call come first; a hold on the others is in time until their turn.
    last, more = 0, True
    while more and (rows := await asyncio.to_thread(_begun, database, found.id, _ITEM.document_id > last)):
        last, more = rows[-1].document_id, await work.destroy(rows)
    while more and (ids := await asyncio.to_thread(_begin, database, found)):
        mine = await asyncio.to_thread(_begun, database, found.id, _ITEM.document_id.in_(ids))
        more = await work.destroy(mine) if mine else more
    await asyncio.to_thread(scrub, database)
    await asyncio.to_thread(_count, database, found.id, work.result)
    return work.result


@dataclass
class _Work:
    """One call: what it works with, and what came of it."""

    cloud: Cloud | None
    database: Database
    store: ContentStore
    erased: Erased
    found: Proposal
    result: Destruction = field(default_factory=Destruction)

    async def destroy(self, rows: Sequence[Any]) -> bool:
        """Destroy a slice that has begun; return whether others may be tried."""
        gone, problem, more = await _remove(self.cloud, self.database, rows)
        self.result.problem = self.result.problem or problem
        await asyncio.to_thread(_finish_some, self, [row for row in rows if row.id in gone])
        return more


def needs_repository(database: Database, proposal: str) -> bool:
    """Tell whether a proposal has documents that lie, or may lie, in the repository."""
    with database.read() as connection:
        was = sa.func.coalesce(destruction_item.c.was, document.c.state)
        return (
            connection.execute(
                sa.select(document.c.id)
                .join(destruction_item, destruction_item.c.document_id == document.c.id)
                .where(
                    destruction_item.c.destruction_id == proposal,
                    destruction_item.c.state.in_(("proposed", "destroying")),
                    was.in_(DEPOSITED),
                )
                .limit(1)
            ).scalar()
            is not None
        )


@repeated
def _begin(database: Database, found: Proposal) -> list[int]:
    """Begin with a slice of the list (B); return the documents that were looked at."""
    with database.begin() as connection:
        ids = _next(connection, found.id)
        if not ids:
            return []
        locked = sa.select(document.c.id).where(document.c.id.in_(ids)).order_by(document.c.id)
        connection.execute(locked.with_for_update())
        conditions = (
            is_held().label("held"),
            is_gone().label("gone"),
            is_needed().label("needed"),
            is_shared().label("shared"),
        )
        columns = document.c.id, document.c.state, document.c.destroy_after_year
        rows = connection.execute(sa.select(*columns, *conditions).where(document.c.id.in_(ids))).all()
        verdicts = {row.id: _verdict(row, found.year) for row in rows}
        for reason in sorted({one for one in verdicts.values() if one}):
            dropped = [id_ for id_, one in verdicts.items() if one == reason]
            _write(connection, found.id, dropped, state="dropped", reason=reason)
            audit.record(connection, "destruction_dropped", dropped, detail={"reason": reason})
        begin_good(connection, found, [row for row in rows if not verdicts[row.id]])
    return ids


def _next(connection: sa.Connection, proposal: str) -> list[int]:
    """Return what is to be looked at next: what replaces or cancels a document comes after that one."""
    own = sa.and_(_ITEM.destruction_id == proposal, _ITEM.state == "proposed")
    older = destruction_item.alias("older")
    waits = (
        sa.select(older.c.document_id)
        .join(chain_link, chain_link.c.predecessor_id == older.c.document_id)
        .where(
            chain_link.c.document_id == _ITEM.document_id,
            older.c.destruction_id == proposal,
            older.c.state == "proposed",
        )
        .correlate(destruction_item)
        .exists()
    )
    wanted = sa.select(_ITEM.document_id).where(own).order_by(_ITEM.document_id).limit(SLICE)
    first = list(connection.execute(wanted.where(sa.not_(waits))).scalars())
    # Links in a circle do not come into being; if they did, nobody would wait for ever.
    return first or list(connection.execute(wanted).scalars())


def begin_good(
    connection: sa.Connection, found: Proposal, rows: Sequence[Any], event: str = "destruction_begun"
) -> None:
    """Begin with documents on a list: ledger and document, in the caller's transaction.

    Args:
        connection: the transaction.
        found: confirmed.
        rows: `id` and `state` of documents that stand on its list and are not on their way.
        event: for the audit.
    """
    for state in sorted({row.state for row in rows}):
        ids = [row.id for row in rows if row.state == state]
        _write(connection, found.id, ids, state="destroying", was=state, reason=None)
        actor = found.confirmed_by or found.proposed_by
        if state == State.DELETED.value:
            audit.record(connection, event, ids, actor=actor)
        else:
            move(connection, ids, state, State.DELETED, event, actor=actor, proposal=found.id)


def _verdict(row: Any, year: int) -> str:
    """Why a document is kept after all; empty when it is not."""
    if row.gone:
        return "elsewhere"
    if row.held:
        return "held"
    if row.shared:
        return "shared"
    if row.destroy_after_year is None or row.destroy_after_year >= year:
        return "prolonged"
    if row.state in MOVING:
        return "moving"
    return "needed" if row.needed else ""


def _begun(database: Database, proposal: str, which: sa.ColumnElement[bool]) -> Sequence[Any]:
    with database.read() as connection:
        return connection.execute(
            sa.select(
                _ITEM.document_id,
                _ITEM.was,
                _ITEM.public_id,
                _ITEM.kind,
                _ITEM.destroy_after_year,
                document.c.id,
                document.c.unique_id,
                document.c.entry_uuid,
                document.c.repository_unique_id,
                document.c.sha256,
            )
            .join(document, document.c.id == _ITEM.document_id)
            .where(_ITEM.destruction_id == proposal, _ITEM.state == "destroying", which)
            .order_by(_ITEM.document_id)
            .limit(SLICE)
        ).all()


async def _remove(
    cloud: Cloud | None, database: Database, rows: Sequence[Any]
) -> tuple[set[int], Problem | None, bool]:
    """Remove from the repository what lies there (R).

    Returns:
        Who is gone from there, what went wrong, and whether others may be tried.
    """
    gone = {row.id for row in rows if row.was not in DEPOSITED}
    there = [row for row in rows if row.id not in gone]
    if not there or cloud is None:
        return gone, None, True
    here = cloud.repository_unique_id
    wanted = [
        RemoteDocument(row.unique_id, row.repository_unique_id or here, row.entry_uuid or "") for row in there
    ]
    await withdraw_first(cloud, database, [row.id for row in there])
    try:
        removal = await remove_remote(cloud, wanted)
    except Exception as error:  # noqa: BLE001 - whatever it is, these stay begun, and the next call goes on
        return gone, Problem.of(error), False
    gone |= {row.id for row in there if row.unique_id in removal.gone}
    failures = list(removal.failed.values())
    return gone, Problem.of(failures[0]) if failures else None, True


@repeated
def _finish_some(work: _Work, rows: Sequence[Any]) -> None:
    """Write the ids down (F), remove the content (L), then erase (E): the row names the content."""
    if not rows:
        return
    found = work.found
    with work.database.begin() as connection:
        overwrite(connection)
        ids = _still_begun(connection, found, [row.id for row in rows])
        mine = [row for row in rows if row.id in ids]
        if not mine:
            return
        work.erased.write(found, [Line(row.public_id, row.kind, row.destroy_after_year) for row in mine])
        # Inside the transaction: another confirmation of the same list must not remove what is erased by
        # now, for the same bytes may have been taken in anew.
        for row in mine:
            work.store.remove(row.sha256)
        _erase(connection, found, sorted(ids))


def _still_begun(connection: sa.Connection, found: Proposal, ids: Sequence[int]) -> set[int]:
    own = sa.and_(_ITEM.destruction_id == found.id, _ITEM.document_id.in_(ids), _ITEM.state == "destroying")
    return set(connection.execute(sa.select(_ITEM.document_id).where(own).with_for_update()).scalars())


def _erase(connection: sa.Connection, found: Proposal, ids: Sequence[int]) -> None:
    erase(connection, ids)
    _write(connection, found.id, ids, state="destroyed")
    actor = found.confirmed_by or found.proposed_by
    audit.record(connection, "destroyed", ids, actor=actor, detail={"proposal": found.id})


def _write(connection: sa.Connection, proposal: str, ids: Sequence[int], **values: Any) -> None:
    connection.execute(
        destruction_item.update()
        .where(_ITEM.destruction_id == proposal, _ITEM.document_id.in_(ids))
        .values(**values, at=now())
    )


def _count(database: Database, proposal: str, result: Destruction) -> None:
    with database.begin() as connection:
        rows = connection.execute(
            sa.select(_ITEM.state, _ITEM.reason, sa.func.count())
            .where(_ITEM.destruction_id == proposal)
            .group_by(_ITEM.state, _ITEM.reason)
        ).all()
        for state, reason, count in rows:
            if state == "destroyed":
                result.destroyed += count
            elif state == "dropped":
                result.dropped[reason] = count
            else:
                result.open += count
        if not result.open:
            connection.execute(
                destruction.update()
                .where(destruction.c.id == proposal, destruction.c.state == "confirmed")
                .values(state="finished", finished_at=now())
            )
