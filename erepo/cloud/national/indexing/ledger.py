"""The row of a document in P1's index: how far it got, who is at work on it.

    (none) ─► asked ─► indexed ─► withdrawn ─► asked …
                └────► refused ─► asked …

Each function is one step of a transaction under the account's lock. The submission's uniqueId is stored
before anything is sent and stays the same until P1 is known to have it: P1 takes one submission of an id,
so whatever was sent twice is registered once. A request that is at work holds the row for a while; one that
ended without a word loses it when that time is over.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, delete, insert, or_, select, update

from erepo.cloud.national.indexing.errors import IndexBusy
from erepo.cloud.storage.tables import p1_index
from erepo.identifiers.oids import new_uuid_oid

ASKED, REFUSED, INDEXED, WITHDRAWN = "asked", "refused", "indexed", "withdrawn"
_table = p1_index.c
_FREE: Final = {"holder": None, "held_until": None}


@dataclass(frozen=True, slots=True)
class Key:
    """Which row: the account and the document's uniqueId."""

    tenant_id: int
    unique_id: str


@dataclass(frozen=True, slots=True)
class Row:
    """What is known of a document's index."""

    state: str
    submission_id: str
    entry_uuid: str | None
    repository_id: str | None
    replaced_by: str | None
    holder: str | None
    held_until: datetime | None
    sent_at: datetime | None
    indexed_at: datetime | None
    withdrawn_at: datetime | None

    def held(self, at: datetime) -> bool:
        """Whether a request is at work on it."""
        return self.holder is not None and self.held_until is not None and at < self.held_until

    def shown(self, at: datetime) -> str:
        """Return the state as it is told outside."""
        if self.state in (INDEXED, WITHDRAWN):
            return self.state
        return "indexing" if self.sent_at is not None or self.held(at) else "none"


def present(connection: Connection, key: Key) -> Row | None:
    """Return a document's row."""
    columns = [_table[name] for name in Row.__dataclass_fields__]
    found = connection.execute(select(*columns).where(*_of(key))).one_or_none()
    return Row(*found) if found is not None else None


def claim(
    connection: Connection, key: Key, holder: str, at: datetime, until: datetime, *, withdrawing: bool = False
) -> None:
    """Let one request work on a document's index; what is indexed already needs no work, unless it is to go.

    Raises:
        IndexBusy: another one does.
    """
    found = present(connection, key)
    if found is None:
        row = {"state": ASKED, "submission_id": new_uuid_oid(), "asked_at": at}
        mine = {"tenant_id": key.tenant_id, "unique_id": key.unique_id, "holder": holder, "held_until": until}
        connection.execute(insert(p1_index), {**mine, **row})
        return
    if found.held(at):
        raise IndexBusy
    if found.state == INDEXED and not withdrawing:
        return
    values: dict[str, Any] = {"holder": holder, "held_until": until}
    if not withdrawing:
        values |= {"state": ASKED, "asked_at": at}
        # After a withdrawal it is another submission.
        values |= {"submission_id": new_uuid_oid(), "sent_at": None} if found.state == WITHDRAWN else {}
    free = or_(_table.holder.is_(None), _table.held_until <= at)
    if not connection.execute(update(p1_index).where(*_of(key), free).values(values)).rowcount:
        raise IndexBusy


def note_sent(connection: Connection, key: Key, holder: str, at: datetime) -> None:
    """Note that the submission is about to go out.

    Raises:
        IndexBusy: the row was lost to another request.
    """
    _change(connection, key, holder, sent_at=at)


def note_indexed(
    connection: Connection, key: Key, holder: str, at: datetime, *, entry_uuid: str, repository_id: str
) -> None:
    """Keep what P1 has.

    Raises:
        IndexBusy: the row was lost to another request.
    """
    kept = {"entry_uuid": entry_uuid, "repository_id": repository_id, "indexed_at": at, "replaced_by": None}
    _change(connection, key, holder, state=INDEXED, sent_at=None, withdrawn_at=None, **kept, **_FREE)


def note_withdrawn(connection: Connection, key: Key, holder: str, at: datetime) -> None:
    """Keep that P1 has it no more.

    Raises:
        IndexBusy: the row was lost to another request.
    """
    _change(connection, key, holder, state=WITHDRAWN, sent_at=None, withdrawn_at=at, **_FREE)


def note_replaced(connection: Connection, key: Key, at: datetime, by: str) -> None:
    """Keep that another document's index took the place of this one; unknown ones stay unknown."""
    mine = update(p1_index).where(*_of(key), _table.state == INDEXED)
    connection.execute(mine.values(state=WITHDRAWN, withdrawn_at=at, replaced_by=by, **_FREE))


def drop(connection: Connection, key: Key, holder: str) -> None:
    """Forget a row of which P1 has nothing, and never had.

    Raises:
        IndexBusy: the row was lost to another request.
    """
    if not connection.execute(delete(p1_index).where(*_of(key), _table.holder == holder)).rowcount:
        raise IndexBusy


def release(connection: Connection, key: Key, holder: str, *, certain: bool) -> None:
    """End the work on a row; `certain`: nothing of it is at P1.

    How an earlier sending ended stays unknown: a refusal of this one says nothing about it.
    """
    mine = update(p1_index).where(*_of(key), _table.holder == holder)
    if certain:
        refused = mine.where(_table.state == ASKED).values(state=REFUSED, sent_at=None)
        connection.execute(refused)
    connection.execute(mine.values(_FREE))


def _change(connection: Connection, key: Key, by: str, /, **values: Any) -> None:
    mine = update(p1_index).where(*_of(key), _table.holder == by)
    if not connection.execute(mine.values(values)).rowcount:
        raise IndexBusy


def _of(key: Key) -> tuple[Any, Any]:
    return _table.tenant_id == key.tenant_id, _table.unique_id == key.unique_id
