"""Proving that the chains are as they were written: numbers without gaps, hashes, heads, anchors.

Streamed in pages, each in a short transaction of its own: what lies below a head never changes, so no long
view of the database is needed and the service goes on meanwhile.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

import orjson
from sqlalchemy import Row, bindparam, func, select

from erepo.cloud.audit.anchors import Anchor
from erepo.cloud.audit.chain import next_hash, octets_of
from erepo.cloud.storage.append_only import missing_triggers
from erepo.cloud.storage.database import Database
from erepo.cloud.storage.tables import audit_event, audit_head, tenant

#: What stands for an account in the chain of connections that belong to none.
NOBODY = "nobody"
_PAGE = 500
_WHY = "the operator verifies every chain"

_EVENTS = (
    select(audit_event.c.number, audit_event.c.at, audit_event.c.facts, audit_event.c.hash)
    .where(audit_event.c.tenant_id == bindparam("tenant"))
    .where(audit_event.c.number > bindparam("after"))
    .where(audit_event.c.number <= bindparam("last"))
    .order_by(audit_event.c.number)
    .limit(bindparam("size"))
)
_HEAD = select(audit_head.c.number, audit_head.c.hash).where(audit_head.c.tenant_id == bindparam("tenant"))
_LAST = select(func.max(audit_event.c.number)).where(audit_event.c.tenant_id == bindparam("tenant"))


class Fault(StrEnum):
    """How a chain is broken."""

    CHANGED = "changed"
    """An event is not the one that was hashed, or its hash is not that of the one before it."""
    MISSING = "missing"
    """A number is not there."""
    HEAD = "head"
    """The head is not there, or not that of the last event."""
    BEHIND_ANCHOR = "behind-anchor"
    """The chain is shorter than it once was."""
    NOT_ANCHORED = "not-anchored"
    """The event at the anchor has another hash: the chain was written anew."""


@dataclass(frozen=True, slots=True)
class ChainReport:
    """What was found in one chain; `fault` None: nothing wrong."""

    account: str
    events: int
    """Events that are proven, from the first on."""
    hash: str
    """Of the last proven event, hex."""
    fault: Fault | None = None
    broken_at: int | None = None
    """Number of the first event that is wrong or missing."""

    @property
    def anchor(self) -> Anchor:
        """What to remember of it."""
        return Anchor(self.account, self.events, self.hash)


@dataclass(frozen=True, slots=True)
class VerifyReport:
    """What was found in all chains."""

    chains: Sequence[ChainReport]
    missing_triggers: Sequence[str] = field(default=())
    """Guards of the tables that somebody has removed."""

    @property
    def intact(self) -> bool:
        """Whether nothing is wrong."""
        return not self.missing_triggers and all(chain.fault is None for chain in self.chains)


class _Broken(Exception):  # caught by `_verified`
    def __init__(self, fault: Fault, number: int) -> None:
        super().__init__()
        self.fault, self.number = fault, number


def verify_chains(
    database: Database,
    *,
    account: str | None = None,
    anchors: Mapping[str, Anchor] | None = None,
    progress: Callable[[int], None] = lambda _: None,
) -> VerifyReport:
    """Walk the chains.

    Args:
        database: of the service.
        account: only this one's chain (`nobody` for that of no account).
        anchors: heads that an earlier verification has saved, by account.
        progress: told how many events were looked at since the last call.
    """
    known, reports = anchors or {}, []
    with database.everyone(_WHY) as connection:
        missing = missing_triggers(connection)
    for name, number in _accounts(database):
        if account in {None, name}:
            reports.append(_verified(database, name, number, known.get(name), progress))
    there = {report.account for report in reports}
    lost = [name for name in known if name not in there and account in {None, name}]
    reports += [ChainReport(name, 0, bytes(32).hex(), Fault.HEAD, 1) for name in sorted(lost)]
    return VerifyReport(reports, missing)


def count_events(database: Database, account: str | None = None) -> int:
    """Return how many events there should be."""
    query = select(func.coalesce(func.sum(audit_head.c.number), 0))
    numbers = {name: number for name, number in _accounts(database) if account in {None, name}}
    if account is not None:
        query = query.where(audit_head.c.tenant_id.in_(numbers.values()))
    with database.everyone(_WHY) as connection:
        return int(connection.scalars(query).one())


def _accounts(database: Database) -> Sequence[tuple[str, int]]:
    """Return accounts with their numbers: all that are known, and all that have a chain."""
    with database.everyone(_WHY) as connection:
        named = {
            row.id: row.account for row in connection.execute(select(tenant.c.id, tenant.c.account)).all()
        }
        chained = set(connection.scalars(select(audit_head.c.tenant_id)))
    numbers = sorted({0, *named, *chained})
    return [(NOBODY if not number else named.get(number, f"#{number}"), number) for number in numbers]


def _verified(
    database: Database, account: str, number: int, anchor: Anchor | None, progress: Callable[[int], None]
) -> ChainReport:
    walk = _Walk(anchor)
    fault: Fault | None = None
    broken: int | None = None
    try:
        walk.through(database, number, progress)
    except _Broken as error:
        fault, broken = error.fault, error.number
    return ChainReport(account, walk.number, walk.hash.hex(), fault, broken)


class _Walk:
    """Goes along one chain; `number` and `hash` are those of the last event that is proven."""

    def __init__(self, anchor: Anchor | None) -> None:
        self.number, self.hash = 0, bytes(32)
        self._anchor = anchor

    def through(self, database: Database, tenant_id: int, progress: Callable[[int], None]) -> None:
        """Walk from the first event to the head."""
        with database.everyone(_WHY) as connection:
            head = connection.execute(_HEAD, {"tenant": tenant_id}).one_or_none()
        if head is None or not isinstance(head.number, int):
            raise _Broken(Fault.HEAD, 1)
        try:
            self._events(database, tenant_id, head.number, progress)
        except (ValueError, TypeError):  # a time that is none is told of the whole page: once more, by one
            with suppress(ValueError, TypeError):
                self._events(database, tenant_id, head.number, progress, 1)
            raise _Broken(Fault.CHANGED, self.number + 1) from None
        if self.number != head.number:
            raise _Broken(Fault.MISSING, self.number + 1)
        if self.hash != octets_of(head.hash):
            raise _Broken(Fault.HEAD, self.number)
        if self._anchor is not None and self._anchor.number > self.number:
            raise _Broken(Fault.BEHIND_ANCHOR, self.number + 1)
        self._check_end(database, tenant_id)

    def _events(
        self,
        database: Database,
        tenant_id: int,
        last: int,
        progress: Callable[[int], None],
        size: int = _PAGE,
    ) -> None:
        for page in _pages(database, tenant_id, self.number, last, size):
            for row in page:
                self._step(row)
            progress(len(page))

    def _step(self, row: Row[tuple[int, datetime, bytes, bytes]]) -> None:
        wanted = self.number + 1
        if row.number != wanted:
            raise _Broken(Fault.MISSING, wanted)
        digest = next_hash(self.hash, row.number, octets_of(row.facts))
        if digest != octets_of(row.hash) or not _same_time(row):
            raise _Broken(Fault.CHANGED, wanted)
        anchor = self._anchor
        if anchor is not None and anchor.number == wanted and anchor.hash != digest.hex():
            raise _Broken(Fault.NOT_ANCHORED, wanted)
        self.number, self.hash = wanted, digest

    def _check_end(self, database: Database, tenant_id: int) -> None:
        """Nothing may lie behind the head; both are asked for in one moment, for the service goes on."""
        with database.everyone(_WHY) as connection:
            head = connection.execute(_HEAD, {"tenant": tenant_id}).one()
            last = connection.scalar(_LAST, {"tenant": tenant_id}) or 0
        if last != head.number:
            place = min(last, head.number) if isinstance(last, int) else head.number
            raise _Broken(Fault.HEAD, place + 1)


def _same_time(row: Row[tuple[int, datetime, bytes, bytes]]) -> bool:
    """Whether the time beside the event, by which it is searched, is its own."""
    with suppress(ValueError, KeyError, TypeError):
        return bool(datetime.fromisoformat(orjson.loads(row.facts)["at"]) == row.at)
    return False


def _pages(
    database: Database, tenant_id: int, after: int, last: int, size: int
) -> Iterator[Sequence[Row[tuple[int, datetime, bytes, bytes]]]]:
    while after < last:
        with database.everyone(_WHY) as connection:
            wanted = {"tenant": tenant_id, "after": after, "last": last, "size": size}
            page = connection.execute(_EVENTS, wanted).all()
        if not page:
            return
        yield page
        after = page[-1].number
