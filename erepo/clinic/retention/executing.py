"""A confirmed destruction, document by document; may be called again at any moment, after any crash.

B  begin    checked once more: held, prolonged or moving ones drop out; the others become `deleted`
for everybody else, in one transaction with the ledger
R  remote   entries and octets leave the repository, confirmed by asking (`erepo.clinic.removal`)
L  local    the content leaves the clinic's disk
E  erase    what identifies document and patient leaves the database; the ledger says `destroyed`
P  protocol the file is written, the proposal is finished

interrupted   ledger       left behind                     the same call again
------------  -----------  ------------------------------  ------------------------------------
before B      proposed     everything                      checks again
B … R         destroying   everything, visible to nobody   removes
in R          destroying   a part                          asks, removes the rest
R … L … E     destroying   content or row                  removes nothing twice, erases
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
from erepo.clinic.database import Database
from erepo.clinic.indexing.leaving import withdraw_first
from erepo.clinic.removal import RemoteDocument, remove_remote
from erepo.clinic.repository import Cloud
from erepo.clinic.retention.erasing import erase, overwrite, scrub
from erepo.clinic.retention.proposing import MOVING, Proposal
from erepo.clinic.retention.rows import is_gone, is_held
from erepo.clinic.shared import is_shared
from erepo.clinic.states import State, move
from erepo.clinic.tables import document, now
from erepo.clinic.tables_retention import destruction, destruction_item

#: Documents of one transaction and of one removal.
SLICE = 100
#: States in which the repository may hold the document.
_REMOTE = (State.ARCHIVED.value, State.REMOTE.value)


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
    cloud: Cloud | None, database: Database, store: ContentStore, found: Proposal
) -> Destruction:
    """Carry out a confirmed proposal, or what an earlier call has left of it.

    Args:
        cloud: an opened connection to the active repository; None where `needs_repository` says no.
        database: the clinic's.
        store: of the clinic's content.
        found: confirmed.

    Returns:
        Counts; `problem` tells why some documents are still open.
    """
    result, last, more = Destruction(), 0, True
    while more:
        # Those begun by an earlier call come first; a hold on the others is in time until their turn.
        rows = await asyncio.to_thread(_begun, database, found.id, last)
        if not rows:
            more = bool(await asyncio.to_thread(_begin, database, found))
            # Also what another confirmation at the same moment has begun.
            rows = await asyncio.to_thread(_begun, database, found.id, last)
        if not rows:
            continue
        last = rows[-1].document_id
        gone, problem, more = await _remove(cloud, database, rows)
        result.problem = result.problem or problem
        await asyncio.to_thread(_finish_some, database, store, found, [row for row in rows if row.id in gone])
    await asyncio.to_thread(scrub, database)
    await asyncio.to_thread(_count, database, found.id, result)
    return result


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
                    was.in_(_REMOTE),
                )
                .limit(1)
            ).scalar()
            is not None
        )


def _begin(database: Database, found: Proposal) -> int:
    """Begin with a slice of the list (B); return how many documents were looked at."""
    item = destruction_item.c
    own = item.destruction_id == found.id
    with database.begin() as connection:
        ids = list(
            connection.execute(
                sa.select(item.document_id)
                .where(own, item.state == "proposed")
                .order_by(item.document_id)
                .limit(SLICE)
            ).scalars()
        )
        if not ids:
            return 0
        locked = sa.select(document.c.id).where(document.c.id.in_(ids)).order_by(document.c.id)
        connection.execute(locked.with_for_update())
        held, gone = is_held().label("held"), is_gone().label("gone")
        shared = is_shared().label("shared")
        rows = connection.execute(
            sa.select(
                document.c.id, document.c.state, document.c.destroy_after_year, held, gone, shared
            ).where(document.c.id.in_(ids))
        ).all()
        verdicts = {row.id: _verdict(row, found.year) for row in rows}
        for reason in sorted({one for one in verdicts.values() if one}):
            dropped = [id_ for id_, one in verdicts.items() if one == reason]
            _write(connection, found.id, dropped, state="dropped", reason=reason)
            audit.record(connection, "destruction_dropped", dropped, detail={"reason": reason})
        _begin_good(connection, found, [row for row in rows if not verdicts[row.id]])
    return len(ids)


def _begin_good(connection: sa.Connection, found: Proposal, rows: Sequence[Any]) -> None:
    for state in sorted({row.state for row in rows}):
        ids = [row.id for row in rows if row.state == state]
        _write(connection, found.id, ids, state="destroying", was=state)
        actor = found.confirmed_by or found.proposed_by
        if state == State.DELETED.value:
            audit.record(connection, "destruction_begun", ids, actor=actor)
        else:
            move(connection, ids, state, State.DELETED, "destruction_begun", actor=actor, proposal=found.id)


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
    return "moving" if row.state in MOVING else ""


def _begun(database: Database, proposal: str, after: int) -> Sequence[Any]:
    item = destruction_item.c
    with database.read() as connection:
        return connection.execute(
            sa.select(
                item.document_id,
                item.was,
                document.c.id,
                document.c.unique_id,
                document.c.entry_uuid,
                document.c.repository_unique_id,
                document.c.sha256,
            )
            .join(document, document.c.id == item.document_id)
            .where(item.destruction_id == proposal, item.state == "destroying", item.document_id > after)
            .order_by(item.document_id)
            .limit(SLICE)
        ).all()


async def _remove(
    cloud: Cloud | None, database: Database, rows: Sequence[Any]
) -> tuple[set[int], Problem | None, bool]:
    """Remove from the repository what lies there (R).

    Returns:
        Who is gone from there, what went wrong, and whether others may be tried.
    """
    gone = {row.id for row in rows if row.was not in _REMOTE}
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


def _finish_some(database: Database, store: ContentStore, found: Proposal, rows: Sequence[Any]) -> None:
    """Remove the content (L), then erase (E): the name of the content stands in the row until then."""
    if not rows:
        return
    with database.begin() as connection:
        overwrite(connection)
        ids = _still_begun(connection, found, [row.id for row in rows])
        # Inside the transaction: another confirmation of the same list must not remove what is erased by
        # now, for the same bytes may have been taken in anew.
        for row in rows:
            if row.id in ids:
                store.remove(row.sha256)
        _erase(connection, found, sorted(ids))


def _still_begun(connection: sa.Connection, found: Proposal, ids: Sequence[int]) -> set[int]:
    item = destruction_item.c
    own = sa.and_(item.destruction_id == found.id, item.document_id.in_(ids), item.state == "destroying")
    return set(connection.execute(sa.select(item.document_id).where(own).with_for_update()).scalars())


def _erase(connection: sa.Connection, found: Proposal, ids: Sequence[int]) -> None:
    erase(connection, ids)
    _write(connection, found.id, ids, state="destroyed")
    actor = found.confirmed_by or found.proposed_by
    audit.record(connection, "destroyed", ids, actor=actor, detail={"proposal": found.id})


def _write(connection: sa.Connection, proposal: str, ids: Sequence[int], **values: Any) -> None:
    item = destruction_item.c
    connection.execute(
        destruction_item.update()
        .where(item.destruction_id == proposal, item.document_id.in_(ids))
        .values(**values, at=now())
    )


def _count(database: Database, proposal: str, result: Destruction) -> None:
    item = destruction_item.c
    with database.begin() as connection:
        rows = connection.execute(
            sa.select(item.state, item.reason, sa.func.count())
            .where(item.destruction_id == proposal)
            .group_by(item.state, item.reason)
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
