"""Appending events to their account's chain, inside the transaction of what they tell.

hash(n) = SHA-256(hash(n-1) ‖ n as 8 bytes ‖ the event's octets); hash(0) is 32 zero bytes. The heads are
locked in the order of the accounts, by everybody, before anything else of a transaction: this is also the one
lock that makes the writers of an account take turns, in whatever process they are.
"""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, bindparam, insert, select, update

from erepo.cloud.audit.events import Event
from erepo.cloud.storage.tables import audit_event, audit_head

_LOCK = (
    select(audit_head.c.tenant_id, audit_head.c.number, audit_head.c.hash)
    .where(audit_head.c.tenant_id.in_(bindparam("tenants", expanding=True)))
    .order_by(audit_head.c.tenant_id)
    .with_for_update()
)
_APPEND = insert(audit_event)
_MOVE = (
    update(audit_head)
    .where(audit_head.c.tenant_id == bindparam("tenant"))
    .values(number=bindparam("last"), hash=bindparam("tip"))
)


@dataclass(slots=True)
class _Head:
    number: int
    hash: bytes
    moved: bool = False


def next_hash(before: bytes, number: int, octets: bytes) -> bytes:
    """Return the hash of an event from the one before it."""
    return hashlib.sha256(before + number.to_bytes(8, "big") + octets).digest()


def octets_of(value: object) -> bytes:
    """Return what a column of octets holds; b"" where it holds something else, which SQLite allows."""
    return bytes(value) if isinstance(value, (bytes, bytearray, memoryview)) else b""


class Chains:
    """The chains of one transaction; `save` writes what was appended."""

    def __init__(self, connection: Connection, tenants: Iterable[int]) -> None:
        self._connection = connection
        rows = connection.execute(_LOCK, {"tenants": sorted(set(tenants))})
        self._heads = {row.tenant_id: _Head(row.number, bytes(row.hash)) for row in rows}
        self._rows: list[dict[str, Any]] = []

    def append(self, tenant_id: int, events: Sequence[Event]) -> None:
        """Add events to an account's chain."""
        head = self._heads[tenant_id]
        for event in events:
            octets = event.octets()
            head.number += 1
            head.hash = next_hash(head.hash, head.number, octets)
            head.moved = True
            self._rows.append(
                {
                    "tenant_id": tenant_id,
                    "number": head.number,
                    "at": event.at,
                    "facts": octets,
                    "hash": head.hash,
                }
            )

    def save(self) -> None:
        """Write the events and the new heads."""
        if not self._rows:
            return
        self._connection.execute(_APPEND, self._rows)
        moved = [
            {"tenant": tenant_id, "last": head.number, "tip": head.hash}
            for tenant_id, head in self._heads.items()
            if head.moved
        ]
        self._connection.execute(_MOVE, moved)
