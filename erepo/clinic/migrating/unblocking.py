"""Returning migrated documents to archiving (manual 1.5, "Odblokuj wysyłkę")."""

from collections.abc import Sequence

import sqlalchemy as sa

from erepo.cda.kinds import Kind
from erepo.clinic.chain import come_back
from erepo.clinic.database import Database, repeated
from erepo.clinic.kinds import read_rules
from erepo.clinic.migrating.choosing import Chosen, Selection, choose
from erepo.clinic.migrating.errors import DocumentsNotBlocked
from erepo.clinic.permissions import Permission, require
from erepo.clinic.states import State, move
from erepo.clinic.tables import document

_CLEARED = dict.fromkeys(
    (
        "submission_id",
        "archived_at",
        "verified_at",
        "repository_unique_id",
        "reason_code",
        "reason_text",
        "next_step",
    )
)


@repeated
def unblock(database: Database, selection: Selection, login: str) -> int:
    """Return blocked documents to archiving: the next run sends them again, with the same ids.

    Returns:
        The number of documents unblocked; those that a filter finds in another state are left alone.

    Raises:
        NoSuchUser, PermissionMissing: the person may not.
        NothingChosen, DatesWrong, DocumentsUnknown: see `choosing.choose`.
        DocumentsNotBlocked: a document that was named is not blocked; nothing was changed.
    """
    with database.begin() as connection:
        require(connection, login, Permission.MIGRATE)
        chosen = choose(connection, selection, [State.BLOCKED])
        if missing := len(set(selection.ids)) - len(chosen) if selection.ids else 0:
            raise DocumentsNotBlocked(count=missing)
        ids = [one.id for one in chosen]
        moved = move(connection, ids, State.BLOCKED, State.LOCAL, "unblocked", values=_CLEARED, actor=login)
        _set_due(connection, ids)
        come_back(connection, ids)
    return moved


def blocked(database: Database, selection: Selection) -> Sequence[Chosen]:
    """Return the blocked documents of a selection.

    Raises:
        NothingChosen, DatesWrong, DocumentsUnknown: see `choosing.choose`.
    """
    with database.read() as connection:
        return choose(connection, selection, [State.BLOCKED])


def _set_due(connection: sa.Connection, ids: Sequence[int]) -> None:
    """The rules of the kinds may have changed while they were blocked."""
    rules = read_rules(connection)
    for start in range(0, len(ids), 500):
        rows = connection.execute(
            sa.select(document.c.id, document.c.kind, document.c.taken_in_at).where(
                document.c.id.in_(ids[start : start + 500])
            )
        ).all()
        values = [{"key": row.id, "due_at": rules[Kind(row.kind)].due_at(row.taken_in_at)} for row in rows]
        connection.execute(document.update().where(document.c.id == sa.bindparam("key")), values)
