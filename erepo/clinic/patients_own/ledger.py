"""The ledger: which of the service's documents are here, or were put aside, and whether it knows.

A row is written in the transaction that takes its document in. It is never removed: the same document of the
service never becomes a second one here.
"""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from erepo.clinic.audit import note
from erepo.clinic.rest.patients_own import Reason
from erepo.clinic.tables import now
from erepo.clinic.tables_patients_own import own_document

TAKEN, REFUSED = "taken", "refused"
_table = own_document.c


@dataclass(frozen=True, slots=True)
class Entry:
    """One document of the service.

    Attributes:
        account: that it was given to.
        id: of the service.
        sha256: hex, of the octets as given.
        size: of them.
        state: `taken` or `refused`.
        given_at: by the patient.
        public_id: of the document it became; empty if refused.
        reason: of a refusal, as the patient is told; empty if taken.
        code: of a refusal, as the staff is told.
        settled: whether the service knows.
    """

    account: str
    id: str
    sha256: str
    size: int
    state: str
    given_at: datetime
    public_id: str = ""
    reason: Reason | None = None
    code: str = ""
    settled: bool = False


def find(connection: sa.Connection, account: str, document_id: str) -> Entry | None:
    """Return the entry of a document; None if it is new."""
    row = connection.execute(_of(account).where(_table.id == document_id)).one_or_none()
    return _entry(row) if row is not None else None


def unsettled(connection: sa.Connection, account: str) -> list[Entry]:
    """Return what the service has not been told, or not surely, the oldest first."""
    query = _of(account).where(_table.settled_at.is_(None)).order_by(_table.came_at, _table.id)
    return [_entry(row) for row in connection.execute(query)]


def keep(connection: sa.Connection, entry: Entry) -> None:
    """Add an entry, and its event, unless it is there."""
    if find(connection, entry.account, entry.id) is not None:
        return
    values = {
        "account": entry.account,
        "id": entry.id,
        "sha256": entry.sha256,
        "size": entry.size,
        "state": entry.state,
        "given_at": entry.given_at,
        "public_id": entry.public_id or None,
        "reason": entry.reason,
        "code": entry.code or None,
    }
    try:
        with connection.begin_nested():
            connection.execute(own_document.insert().values(values))
    except sa.exc.IntegrityError:
        return  # another collector was quicker, where writers do not exclude each other
    detail = {"document": entry.public_id} if entry.public_id else {"code": entry.code}
    note(
        connection,
        f"own_document_{entry.state}",
        subject="own_document",
        subject_id=entry.id,
        actor="patient",
        detail=detail,
    )


def note_settled(connection: sa.Connection, entry: Entry) -> None:
    """Note that the service knows what became of a document."""
    mine = (_table.account == entry.account) & (_table.id == entry.id)
    connection.execute(own_document.update().where(mine).values(settled_at=now()))


def _of(account: str) -> sa.Select[tuple[object, ...]]:
    return sa.select(own_document).where(_table.account == account)


def _entry(row: sa.Row[tuple[object, ...]]) -> Entry:
    return Entry(
        account=row.account,
        id=row.id,
        sha256=row.sha256,
        size=row.size,
        state=row.state,
        given_at=row.given_at,
        public_id=row.public_id or "",
        reason=row.reason,
        code=row.code or "",
        settled=row.settled_at is not None,
    )
