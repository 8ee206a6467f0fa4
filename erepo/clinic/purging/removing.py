"""The commits of purging (points R and F of the package's table)."""

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Final

import sqlalchemy as sa

from erepo.clinic.content import ContentStore
from erepo.clinic.database import Database
from erepo.clinic.kinds import read_rules
from erepo.clinic.rereading import Archived
from erepo.clinic.states import State, move
from erepo.clinic.tables import document, now
from erepo.clinic.tables_earchive import repair
from erepo.clinic.tables_purging import content_removal

#: Files that go in one transaction: the lock on their documents is held meanwhile.
FILES = 100
#: How long after its row of the repair plan was closed a document may still be in the hands of a repair.
_REPAIR: Final = timedelta(hours=1)
_COLUMNS = tuple(document.c[name] for name in Archived._fields[:-1])


def make_remote(database: Database, confirmed: Sequence[Archived]) -> list[Archived]:
    """Write down that these are in the repository alone, and that their content is to be removed (R).

    Those that have changed since they were read are left out: another process was quicker, a person has put
    them under a legal hold, or their kind's rule is another one now.

    Returns:
        Those that were written down.
    """
    if not confirmed:
        return []
    moment = now()
    with database.begin() as connection:
        ids = _still_over(connection, [one.id for one in confirmed], moment)
        made = [one for one in confirmed if one.id in ids]
        values = {"purged_at": moment, "verified_at": moment, "content_path": None}
        move(
            connection,
            [one.id for one in made],
            State.ARCHIVED,
            State.REMOTE,
            "purged",
            values=values,
            confirmed="read back",
        )
        if made:
            # A note may be left of an earlier time in the repository, whose file nobody could remove.
            connection.execute(content_removal.delete().where(content_removal.c.document_id.in_(ids)))
            connection.execute(content_removal.insert(), [{"document_id": one.id} for one in made])
    return made


def _still_over(connection: sa.Connection, ids: Sequence[int], moment: datetime) -> set[int]:
    """Return those that may go still, locked where the database can lock rows."""
    rules = read_rules(connection)
    rows = connection.execute(
        sa.select(document.c.id, document.c.kind, document.c.taken_in_at, document.c.archived_at)
        .where(
            document.c.id.in_(ids),
            document.c.state == State.ARCHIVED.value,
            document.c.legal_hold.is_(False),
            sa.not_(_in_repair(moment)),
        )
        .with_for_update(skip_locked=True)
    )
    ends = ((row.id, rules[row.kind].stays_until(row.taken_in_at, row.archived_at)) for row in rows)
    return {id_ for id_, end in ends if end is not None and end <= moment}


def _in_repair(moment: datetime) -> sa.ColumnElement[bool]:
    """Its copy here is the one that a repair trusts in when it removes what the repository holds."""
    open_lately = sa.or_(repair.c.state == "open", repair.c.closed_at > moment - _REPAIR)
    found = sa.select(repair.c.id).where(repair.c.document_id == document.c.id, open_lately)
    return found.correlate(document).exists()


def noted(database: Database, repository: str) -> Iterator[Sequence[Archived]]:
    """Yield what is noted and in the repository, page by page, each a short read of its own."""
    there = (document.c.state == State.REMOTE.value, document.c.repository_unique_id == repository)
    wanted, last = sa.select(*_COLUMNS).where(*there).order_by(document.c.id), 0
    while True:
        with database.read() as connection:
            # Two questions: in one, a planner begins with all the documents that are there.
            ids = connection.execute(_next_notes(last)).scalars().all()
            rows = connection.execute(wanted.where(document.c.id.in_(ids))).all() if ids else []
        if not ids:
            return
        if rows:
            yield [Archived(*row) for row in rows]
        last = ids[-1]


def remove_noted(database: Database, store: ContentStore, confirmed: Collection[int]) -> int:
    """Remove the content of documents that are noted (F); return how many files there were.

    Args:
        database: the clinic's.
        store: of the content.
        confirmed: internal ids of those that the repository was heard to have in this very run; the notes of
            others that are there wait, for theirs may be the last copy.

    Raises:
        OSError: the machine refuses; the notes stay, the next call tries again.
    """
    removed, last = 0, 0
    while (found := _remove_some(database, store, last, confirmed)) is not None:
        files, last = found
        removed += files
    return removed


def _remove_some(
    database: Database, store: ContentStore, last: int, confirmed: Collection[int]
) -> tuple[int, int] | None:
    """Remove the next files behind a document; return (files, last document), or None at the end."""
    with database.read() as connection:
        ids = connection.execute(_next_notes(last)).scalars().all()
    if not ids:
        return None
    with database.begin() as connection:
        rows = connection.execute(
            sa.select(document.c.id, document.c.sha256, document.c.state)
            .join(content_removal, content_removal.c.document_id == document.c.id)
            .where(document.c.id.in_(ids))
            .with_for_update(of=document, skip_locked=True)
        ).all()
        remote = State.REMOTE.value
        gone = [
            row
            for row in rows
            if row.state == State.DELETED.value or (row.state == remote and row.id in confirmed)
        ]
        files = store.remove_all([row.sha256 for row in gone])
        # Of one that has come back the content is needed; of one that is under way nobody knows yet.
        waiting = (remote, State.MIGRATING.value)
        done = [row.id for row in rows if row in gone or row.state not in waiting]
        connection.execute(content_removal.delete().where(content_removal.c.document_id.in_(done)))
    return files, ids[-1]


def _next_notes(last: int) -> sa.Select[tuple[int]]:
    return (
        sa.select(content_removal.c.document_id)
        .where(content_removal.c.document_id > last)
        .order_by(content_removal.c.document_id)
        .limit(FILES)
    )
