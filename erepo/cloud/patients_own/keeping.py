"""The rows of documents that patients gave: each function is one step of a transaction.

Changes are made under the account's lock (`registry.group`), so what is counted and what is looked for holds
until the commit.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection, Select, func, insert, select, update

from erepo.cloud.patients_own.errors import (
    OwnDocumentDiffers,
    OwnDocumentLimit,
    OwnDocumentSettled,
    OwnDocumentUnknown,
)
from erepo.cloud.patients_own.states import MOVES, Reason, State
from erepo.cloud.storage.tables_patients_own import own_document
from erepo.cloud.vault.envelope import Envelope
from erepo.settings import PatientsOwnLimits

_table = own_document.c
_WAITING: Final = (State.GIVEN.value, State.OFFERED.value)
#: Whoever gives the same octets again while these hold is told of the document that is there.
_STANDING: Final = (*_WAITING, State.TAKEN.value)
_DAY: Final = timedelta(days=1)
#: Most documents that a patient's list shows; the latest.
_SHOWN: Final = 500


@dataclass(frozen=True, slots=True)
class Row:
    """One document."""

    id: int
    tenant_id: int
    public_id: str
    giver: int
    state: State
    mime_type: str
    size: int
    sha256: str
    envelope: Envelope = field(repr=False)
    salt: bytes = field(repr=False)
    blob_key: str
    given_at: datetime
    """UTC, naive, as all moments here."""
    settled_at: datetime | None
    reason: Reason | None


def repeated(connection: Connection, tenant_id: int, giver: int, key: str, sha256: str) -> Row | None:
    """Return what was given with a key, or the same octets of the same patient while they stand."""
    mine = _of(tenant_id).where(_table.giver == giver)
    found = connection.execute(mine.where(_table.key == key)).one_or_none()
    if found is None:
        alike = mine.where(_table.sha256 == sha256, _table.state.in_(_STANDING))
        found = connection.execute(alike.order_by(_table.id.desc()).limit(1)).one_or_none()
    return _row(found) if found is not None else None


def check_limits(
    connection: Connection, tenant_id: int, giver: int, size: int, limits: PatientsOwnLimits, at: datetime
) -> None:
    """Prove that a patient may give a clinic so many bytes more.

    Raises:
        OwnDocumentLimit: they may not, today or until the clinic has taken what waits.
    """
    mine = (_table.tenant_id == tenant_id, _table.giver == giver)
    sums = select(func.count(), func.coalesce(func.sum(_table.size), 0))
    waiting, total = connection.execute(sums.where(*mine, _table.state.in_(_WAITING))).one()
    if waiting >= limits.waiting:
        raise _limit(limits.waiting, "files", "plików")
    if total + size > limits.waiting_bytes:
        raise _limit(limits.waiting_bytes, "bytes", "bajtów")
    today = select(func.count()).where(*mine, _table.given_at > at - _DAY)
    if (connection.scalar(today) or 0) >= limits.daily:
        raise _limit(limits.daily, "files a day", "plików dziennie")


def _limit(limit: int, english: str, polish: str) -> OwnDocumentLimit:
    # An application that waits for what it is told comes back in an hour.
    return OwnDocumentLimit(limit=limit, unit_en=english, unit_pl=polish, minutes=60)


def keep(connection: Connection, values: dict[str, Any]) -> None:
    """Add a document whose octets are durable."""
    connection.execute(insert(own_document), values)


def find(connection: Connection, tenant_id: int, public_id: str) -> Row:
    """Return one document of an account.

    Raises:
        OwnDocumentUnknown: there is none of this id.
    """
    found = connection.execute(_of(tenant_id).where(_table.public_id == public_id)).one_or_none()
    if found is None:
        raise OwnDocumentUnknown
    return _row(found)


def waiting(connection: Connection, tenant_id: int, after: int, limit: int) -> list[Row]:
    """Return documents that wait for an account, in the order in which they came."""
    query = _of(tenant_id).where(_table.state.in_(_WAITING), _table.id > after)
    return [_row(one) for one in connection.execute(query.order_by(_table.id).limit(limit))]


def given_by(connection: Connection, tenants: Sequence[int], giver: int) -> list[Row]:
    """Return what a patient gave to these accounts, the latest first."""
    query = select(own_document).where(_table.tenant_id.in_(tenants), _table.giver == giver)
    return [_row(one) for one in connection.execute(query.order_by(_table.id.desc()).limit(_SHOWN))]


def overdue(connection: Connection, tenant_id: int, before: datetime, most: int) -> list[Row]:
    """Return documents that have waited since before a moment, the first of them."""
    query = _of(tenant_id).where(_table.state.in_(_WAITING), _table.given_at <= before)
    return [_row(one) for one in connection.execute(query.order_by(_table.id).limit(most))]


def offer(connection: Connection, tenant_id: int, public_id: str, at: datetime) -> None:
    """Note that the clinic is handed the octets.

    Raises:
        OwnDocumentUnknown, OwnDocumentSettled: there are none any more.
    """
    row = find(connection, tenant_id, public_id)
    if row.state is not State.OFFERED:
        _move(connection, row, State.OFFERED, offered_at=at)


def settle(
    connection: Connection, tenant_id: int, public_id: str, end: "Settlement", at: datetime
) -> tuple[str, ...]:
    """Write down what the clinic did with a document; the same again changes nothing.

    Returns:
        Keys of blobs that nothing points at any more.

    Raises:
        OwnDocumentUnknown: there is none of this id.
        OwnDocumentDiffers: the clinic has other octets.
        OwnDocumentSettled: the document ended otherwise.
    """
    row = find(connection, tenant_id, public_id)
    if end.sha256 != row.sha256:
        raise OwnDocumentDiffers
    return () if row.state is end.state else _end(connection, row, end.state, at, end.reason)


def expire(
    connection: Connection, tenant_id: int, public_ids: Sequence[str], at: datetime
) -> tuple[list[int], list[str]] | None:
    """End documents that have waited too long; returns whose they were, and keys of blobs as `settle`.

    Returns:
        None, and nothing is changed, where some of them wait no more.
    """
    query = _of(tenant_id).where(_table.public_id.in_(public_ids), _table.state.in_(_WAITING))
    rows = [_row(one) for one in connection.execute(query.order_by(_table.id))]
    if len(rows) < len(public_ids):
        return None
    gone = [key for row in rows for key in _end(connection, row, State.EXPIRED, at)]
    return sorted({row.giver for row in rows}), gone


def late(connection: Connection, before: datetime) -> Sequence[int]:
    """Return the accounts for which something has waited since before a moment."""
    query = select(_table.tenant_id).where(_table.state.in_(_WAITING), _table.given_at <= before)
    return connection.scalars(query.distinct().order_by(_table.tenant_id)).all()


@dataclass(frozen=True, slots=True)
class Settlement:
    """What a clinic says it did."""

    state: State
    sha256: str
    reason: Reason | None = None


def _end(
    connection: Connection, row: Row, to: State, at: datetime, reason: Reason | None = None
) -> tuple[str, ...]:
    gone = (row.blob_key,) if row.blob_key else ()
    told = reason.value if reason else None
    _move(connection, row, to, settled_at=at, reason=told, blob_key=None, salt=None)
    return gone


def _move(connection: Connection, row: Row, to: State, **values: Any) -> None:
    if to not in MOVES[row.state]:
        raise OwnDocumentSettled(state=row.state.value, wanted=to.value)
    mine = (_table.tenant_id == row.tenant_id) & (_table.id == row.id)
    connection.execute(update(own_document).where(mine).values(state=to.value, **values))


def _of(tenant_id: int) -> Select[Any]:
    return select(own_document).where(_table.tenant_id == tenant_id)


def _row(row: Any) -> Row:
    return Row(
        id=row.id,
        tenant_id=row.tenant_id,
        public_id=row.public_id,
        giver=row.giver,
        state=State(row.state),
        mime_type=row.mime_type,
        size=row.size,
        sha256=row.sha256,
        envelope=Envelope(row.key_id, bytes(row.wrapped), bytes(row.sealed)),
        salt=bytes(row.salt or b""),
        blob_key=row.blob_key or "",
        given_at=row.given_at,
        settled_at=row.settled_at,
        reason=Reason(row.reason) if row.reason else None,
    )
