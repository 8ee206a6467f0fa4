"""The commits of purging (points R and F of the package's table)."""

from collections.abc import Sequence
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
#: States in which nothing of a document needs to lie here, now or soon.
_GONE = (State.REMOTE.value, State.DELETED.value)


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


def remove_noted(database: Database, store: ContentStore) -> int:
    """Remove the content of documents that are noted (F); return how many files there were.

    Raises:
        OSError: the machine refuses; the notes stay, the next call tries again.
    """
    removed, last = 0, 0
    while (found := _remove_some(database, store, last)) is not None:
        files, last = found
        removed += files
    return removed


def _remove_some(database: Database, store: ContentStore, last: int) -> tuple[int, int] | None:
    """Remove the next files behind a document; return (files, last document), or None at the end."""
    with database.read() as connection:
        noted = connection.execute(_next_notes(last)).scalars().all()
    if not noted:
        return None
    with database.begin() as connection:
        rows = connection.execute(
            sa.select(document.c.id, document.c.sha256, document.c.state)
            .join(content_removal, content_removal.c.document_id == document.c.id)
            .where(document.c.id.in_(noted))
            .with_for_update(of=document, skip_locked=True)
        ).all()
        files = store.remove_all([row.sha256 for row in rows if row.state in _GONE])
        # Of one that has come back the content is needed; of one that is under way nobody knows yet.
        done = [row.id for row in rows if row.state != State.MIGRATING.value]
        connection.execute(content_removal.delete().where(content_removal.c.document_id.in_(done)))
    return files, noted[-1]


def _next_notes(last: int) -> sa.Select[tuple[int]]:
    return (
        sa.select(content_removal.c.document_id)
        .where(content_removal.c.document_id > last)
        .order_by(content_removal.c.document_id)
        .limit(FILES)
    )
