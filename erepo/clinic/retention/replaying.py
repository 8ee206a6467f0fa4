"""Destroying again what a restored backup of the database has brought back.

A backup from before a destruction knows its documents as if nothing had happened. What was erased stands in
files beside the database (`erased`); what of it is here again is put back to where the destruction had come
to: ledger `destroying`, document `deleted` for everybody, in one transaction for each file. From there on it
is an interrupted destruction like any other, and `executing` ends it: repository, content, database.

Two people have decided this once, so nobody is asked again, and a hold or a class that came back with the
backup stops nothing. The rest of a list that came back with it is dropped (`restored`): what was kept then,
under a hold that the backup does not know, must not be destroyed now.
"""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from erepo.clinic import audit
from erepo.clinic.database import Database, repeated
from erepo.clinic.retention.erased import Erased, Name, Part, erased_folder, names_in
from erepo.clinic.retention.errors import ProtocolUntrusted
from erepo.clinic.retention.executing import begin_good
from erepo.clinic.retention.proposing import MOVING, Proposal
from erepo.clinic.retention.rows import SLICE, is_gone
from erepo.clinic.sealing import seal_key
from erepo.clinic.tables import document, now
from erepo.clinic.tables_retention import destruction, destruction_item
from erepo.settings import Settings


@dataclass
class Replay:
    """What came back, and what was begun.

    Attributes:
        begun: documents whose destruction is under way again.
        waiting: documents that came back on their way to or from the repository; they are settled first.
        untrusted: files that this installation has not written, or somebody changed; they destroy nothing.
    """

    begun: int = 0
    waiting: int = 0
    untrusted: int = 0


def begin_replay(database: Database, settings: Settings) -> Replay:
    """Begin to destroy again what came back; nothing is written where nothing did.

    Costs a look into a folder and a question or two. May be called at any moment, by several at once.

    Raises:
        OSError: the files, or the key of their seal, cannot be read.
    """
    found, names = Replay(), names_in(erased_folder(settings))
    stale = _not_gone(database, names) if names else []
    if not stale:
        return found
    erased = Erased.at(settings)
    for name in stale:
        try:
            part = erased.read(name)
        except ProtocolUntrusted:
            found.untrusted += 1
            continue
        begun, waiting = _begin(database, part)
        found.begun, found.waiting = found.begun + begun, found.waiting + waiting
    return found


def adopt(settings: Settings, folder: Path) -> int:
    """Take over files of a copy of the folder, from a newer backup or from elsewhere.

    Returns:
        How many of its files cannot be trusted; they are left there.

    Raises:
        OSError: a file cannot be read or written.
    """
    key = seal_key(settings)
    own, other, untrusted = Erased(erased_folder(settings), key), Erased(folder, key), 0
    for name in other.names():
        try:
            part = other.read(name)
        except ProtocolUntrusted:
            untrusted += 1
        else:
            own.write(part.proposal, part.lines)
    return untrusted


def _not_gone(database: Database, names: Sequence[Name]) -> list[Name]:
    gone: set[str] = set()
    firsts = sorted({one.first for one in names})
    with database.read() as connection:
        for some in _slices(firsts):
            wanted = sa.select(document.c.public_id).where(document.c.public_id.in_(some), is_gone())
            gone.update(connection.execute(wanted).scalars())
    return [one for one in names if one.first not in gone]


@repeated
def _begin(database: Database, part: Part) -> tuple[int, int]:
    """Return how many documents of a part were begun with, and how many must be settled before."""
    with database.read() as connection:
        if not _here(connection, part):
            return 0, 0
    with database.begin() as connection:
        rows = _here(connection, part, lock=True)
        waiting = sum(row.state in MOVING for row in rows)
        # All or none of a file: its first document stands for the others.
        if waiting or not rows:
            return 0, waiting
        found = _revive(connection, part.proposal)
        _list(connection, part, rows)
        begin_good(connection, found, rows, "destruction_replayed")
        rest = sa.and_(destruction_item.c.destruction_id == found.id, destruction_item.c.state == "proposed")
        left = list(connection.execute(sa.select(destruction_item.c.document_id).where(rest)).scalars())
        values = {"state": "dropped", "reason": "restored", "at": now()}
        connection.execute(destruction_item.update().where(rest).values(**values))
        audit.record(connection, "destruction_dropped", left, detail={"reason": "restored"})
    return len(rows), 0


def _here(connection: sa.Connection, part: Part, *, lock: bool = False) -> list[Any]:
    rows: list[Any] = []
    for some in _slices([one.document for one in part.lines]):
        wanted = (
            sa.select(document.c.id, document.c.public_id, document.c.state)
            .where(document.c.public_id.in_(some), sa.not_(is_gone()))
            .order_by(document.c.id)
        )
        rows += connection.execute(wanted.with_for_update() if lock else wanted)
    return rows


def _revive(connection: sa.Connection, confirmed: Proposal) -> Proposal:
    """Let the database know the proposal as it was confirmed."""
    found = replace(confirmed, state="confirmed", finished_at=None)
    own = destruction.c.id == found.id
    if not connection.execute(destruction.update().where(own).values(**asdict(found))).rowcount:
        connection.execute(destruction.insert().values(**asdict(found)))
    return found


def _list(connection: sa.Connection, part: Part, rows: Sequence[Any]) -> None:
    """Put documents on the list that a backup from before proposing does not have there."""
    item, lines = destruction_item.c, {one.document: one for one in part.lines}
    known: set[int] = set()
    for some in _slices([row.id for row in rows]):
        own = sa.and_(item.destruction_id == part.proposal.id, item.document_id.in_(some))
        known.update(connection.execute(sa.select(item.document_id).where(own)).scalars())
    new = [
        {
            "destruction_id": part.proposal.id,
            "document_id": row.id,
            "public_id": row.public_id,
            "kind": lines[row.public_id].kind,
            "destroy_after_year": lines[row.public_id].kept_until,
        }
        for row in rows
        if row.id not in known
    ]
    if new:
        connection.execute(destruction_item.insert(), new)


def _slices(values: Sequence[Any]) -> Iterable[Sequence[Any]]:
    return (values[start : start + SLICE] for start in range(0, len(values), SLICE))
