"""The commits of deleting (points I, R, D, F of the package's table)."""

from collections.abc import Sequence
from typing import NamedTuple

import sqlalchemy as sa

from erepo.cda.kinds import KINDS
from erepo.clinic import audit
from erepo.clinic.content import ContentStore
from erepo.clinic.database import Database, repeated
from erepo.clinic.deleting.errors import KindNotDeletable, NotInRepository, UnderHold
from erepo.clinic.permissions import Permission, require
from erepo.clinic.retention.rows import is_held
from erepo.clinic.shared import DocumentsShared, is_shared
from erepo.clinic.states import DEPOSITED, State, move
from erepo.clinic.tables import document, now
from erepo.clinic.tables_migrating import DELETION_BEGUN, deletion

_DELETABLE = tuple(kind.value for kind, info in KINDS.items() if info.deletable)
_COLUMNS = tuple(
    document.c[name]
    for name in ("id", "public_id", "unique_id", "entry_uuid", "repository_unique_id", "sha256")
)


class Doomed(NamedTuple):
    """One document that is being deleted."""

    id: int
    public_id: str
    unique_id: str
    entry_uuid: str | None
    repository_unique_id: str | None
    sha256: str
    held: bool
    actor: str


@repeated
def intend(database: Database, public_ids: Sequence[str], login: str) -> list[str]:
    """Write down that a person wants these deleted, all or none (I).

    Raises:
        NoSuchUser, PermissionMissing: the person may not.
        NotInRepository, KindNotDeletable, UnderHold, DocumentsShared: some of them cannot be; nothing was
            written.
    """
    wanted = list(dict.fromkeys(public_ids))
    with database.begin() as connection:
        ids = _checked(connection, wanted, login, lock=True)
        # An earlier deletion may have been given up, or be interrupted: the newer order counts.
        connection.execute(deletion.delete().where(deletion.c.document_id.in_(ids)))
        connection.execute(deletion.insert(), [{"document_id": one, "actor": login} for one in ids])
        audit.record(connection, "deletion_ordered", ids, actor=login)
    return wanted


def check_deletable(database: Database, public_ids: Sequence[str], login: str) -> None:
    """Tell before anybody is asked for a confirmation what an order would be refused for; writes nothing.

    Raises:
        NoSuchUser, PermissionMissing: the person may not.
        NotInRepository, KindNotDeletable, UnderHold, DocumentsShared: some of them cannot be.
    """
    with database.read() as connection:
        _checked(connection, list(dict.fromkeys(public_ids)), login, lock=False)


def _checked(connection: sa.Connection, wanted: Sequence[str], login: str, *, lock: bool) -> list[int]:
    require(connection, login, Permission.DELETE)
    mine = document.c.public_id.in_(wanted)
    if lock:
        # First: what is asked below must see what somebody who held the rows has just written.
        connection.execute(sa.select(document.c.id).where(mine).order_by(document.c.id).with_for_update())
    asked = (
        sa.select(
            document.c.id,
            document.c.state,
            document.c.kind,
            is_held().label("held"),
            is_shared().label("shared"),
        )
        .where(mine)
        .order_by(document.c.id)
    )
    rows = connection.execute(asked).all()
    _check(rows, len(wanted))
    return [row.id for row in rows]


def _check(rows: Sequence[sa.Row[tuple[int, str, str, bool, bool]]], wanted: int) -> None:
    there = [row for row in rows if row.state in DEPOSITED]
    if len(there) < wanted:
        raise NotInRepository(count=wanted - len(there))
    if others := sum(row.kind not in _DELETABLE for row in rows):
        raise KindNotDeletable(count=others)
    if under_hold := sum(bool(row.held) for row in rows):
        raise UnderHold(count=under_hold)
    if shared := sum(bool(row.shared) for row in rows):
        raise DocumentsShared(count=shared)


@repeated
def begin(database: Database, public_ids: Sequence[str] | None = None) -> list[Doomed]:
    """Return documents that are to be removed now, of all or of some; from here on a hold comes too late.

    Those that are held already are returned, too, and left unmarked.
    """
    with database.begin() as connection:
        ordered = sa.select(deletion.c.document_id).where(deletion.c.step == "intended")
        # Locked: a hold that is about to be set sees the mark, or we see the hold.
        locked = sa.select(document.c.id).where(document.c.id.in_(ordered)).order_by(document.c.id)
        connection.execute(locked.with_for_update())
        found = _load(connection, "intended", public_ids)
        free = [one.id for one in found if not one.held]
        mark = deletion.update().where(deletion.c.document_id.in_(free))
        connection.execute(mark.values(code=DELETION_BEGUN))
    return found


def load(database: Database, step: str, public_ids: Sequence[str] | None = None) -> list[Doomed]:
    """Return documents whose deletion has come so far; of all, or of some."""
    with database.read() as connection:
        return _load(connection, step, public_ids)


def _load(connection: sa.Connection, step: str, public_ids: Sequence[str] | None) -> list[Doomed]:
    wanted = (
        sa.select(*_COLUMNS, is_held().label("held"), deletion.c.actor)
        .join(deletion, deletion.c.document_id == document.c.id)
        .where(deletion.c.step == step)
        .order_by(document.c.id)
    )
    if public_ids is not None:
        wanted = wanted.where(document.c.public_id.in_(public_ids))
    return [Doomed(*row) for row in connection.execute(wanted)]


@repeated
def give_up(database: Database, doomed: Sequence[Doomed], code: str) -> None:
    """Write down that these are not deleted after all; they are where they were."""
    ids = [one.id for one in doomed]
    with database.begin() as connection:
        connection.execute(
            deletion.update().where(deletion.c.document_id.in_(ids)).values(step="given_up", code=code)
        )
        audit.record(connection, "deletion_given_up", ids, detail={"reason": code})


@repeated
def delete(database: Database, doomed: Sequence[Doomed]) -> None:
    """Write down that these are gone from the repository (D); a purge may have met some meanwhile."""
    moment = now()
    with database.begin() as connection:
        for state in (State.ARCHIVED, State.REMOTE):
            rows = connection.execute(
                sa.select(document.c.id)
                .where(document.c.id.in_([one.id for one in doomed]), document.c.state == state.value)
                .order_by(document.c.id)
                .with_for_update()
            ).scalars()
            actors = {one.id: one.actor for one in doomed}
            found = list(rows)
            for actor in sorted({actors[one] for one in found}):
                ids = [one for one in found if actors[one] == actor]
                values = {"purged_at": moment, "content_path": None}
                move(connection, ids, state, State.DELETED, "deleted", values=values, actor=actor)
                connection.execute(
                    deletion.update()
                    .where(deletion.c.document_id.in_(ids))
                    .values(step="removed", removed_at=moment, code=None)
                )


@repeated
def remove_content(database: Database, store: ContentStore, doomed: Sequence[Doomed]) -> None:
    """Remove the content of deleted documents, then write that down (F).

    Raises:
        OSError: the machine refuses; the next call tries again.
    """
    for one in doomed:
        store.remove(one.sha256)
    with database.begin() as connection:
        connection.execute(
            deletion.update()
            .where(deletion.c.document_id.in_([one.id for one in doomed]), deletion.c.step == "removed")
            .values(step="done", content_removed_at=now())
        )
