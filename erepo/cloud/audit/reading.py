"""Reading the record: pages for the account itself, a filtered look for the operator."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from itertools import islice
from typing import Any, Final

from sqlalchemy import Connection, Row, Select, bindparam, select

from erepo.cloud.audit.chain import octets_of
from erepo.cloud.audit.events import Event
from erepo.cloud.audit.evidence import told
from erepo.cloud.storage.tables import audit_event, audit_head

_PAGE = 500
_SLICE = 16
#: Most octets of the events of one page, a single larger one excepted: one may name thousands of objects.
PAGE_OCTETS: Final = 4 * 1024**2
_COLUMNS = select(audit_event.c.number, audit_event.c.facts, audit_event.c.hash).where(
    audit_event.c.tenant_id == bindparam("tenant")
)
_AFTER = _COLUMNS.where(audit_event.c.number > bindparam("after")).order_by(audit_event.c.number)
_BEFORE = _COLUMNS.where(audit_event.c.number < bindparam("before")).order_by(audit_event.c.number.desc())
_AT = (
    select(audit_event.c.at)
    .where(audit_event.c.tenant_id == bindparam("tenant"))
    .where(audit_event.c.number == bindparam("number"))
)
#: An event bears the time of its request and gets its number at the end of it.
_LONGEST_REQUEST: Final = timedelta(hours=1)
_HEAD = select(audit_head.c.number).where(audit_head.c.tenant_id == bindparam("tenant"))


@dataclass(frozen=True, slots=True)
class Recorded:
    """One event with its place in its chain."""

    number: int
    event: Event
    hash: str
    """Hex."""

    def facts(self) -> dict[str, Any]:
        """Return everything as JSON takes it: the event names people."""
        return {"number": self.number, **asdict(self.event), "hash": self.hash}


@dataclass(frozen=True, slots=True)
class Page:
    """Some events of a chain, in order."""

    events: Sequence[Recorded]
    more: bool
    """Whether the chain goes on behind them."""


def page_after(connection: Connection, tenant_id: int, after: int, limit: int) -> Page:
    """Return the events behind a number: the same question always has the same answer, but for later events.

    Args:
        connection: of a reading transaction.
        tenant_id: whose chain.
        after: number of the last event that is known.
        limit: most events wanted; there may be fewer, see `PAGE_OCTETS`.
    """
    return _page(connection, _AFTER, {"tenant": tenant_id}, "after", after, limit)


def page_before(
    connection: Connection,
    tenant_id: int,
    before: int,
    limit: int,
    *,
    since: datetime | None = None,
    until: datetime | None = None,
) -> Page:
    """Return the events before a number, the newest first: pages backwards in time.

    Numbers follow the clock but for the time that one request takes, so where a period begins and ends is
    looked up by halving, however long the chain is.

    Args:
        connection: of a reading transaction.
        tenant_id: whose chain.
        before: number behind the newest wanted.
        limit: most events wanted; there may be fewer, see `PAGE_OCTETS`.
        since: not older than this, UTC, naive.
        until: older than this, UTC, naive.
    """
    last = connection.scalar(_HEAD, {"tenant": tenant_id}) or 0
    before, least, query = min(before, last + 1), 0, _BEFORE
    if until is not None:
        before = min(before, _number_at(connection, tenant_id, last, until + _LONGEST_REQUEST))
        query = query.where(audit_event.c.at < until)
    if since is not None:
        least = _number_at(connection, tenant_id, last, since - _LONGEST_REQUEST)
        query = query.where(audit_event.c.at >= since)
    query = query.where(audit_event.c.number >= least)
    return _page(connection, query, {"tenant": tenant_id}, "before", before, limit)


def _page(
    connection: Connection, query: Select[Any], given: Mapping[str, int], edge: str, place: int, limit: int
) -> Page:
    """Read slice by slice, each beginning where the last one ended, until the page is full or all is read."""
    found: list[Recorded] = []
    octets = 0
    while True:
        rows = connection.execute(query.limit(_SLICE), {**given, edge: place}).all()
        for row in rows:
            octets += len(octets_of(row.facts))
            if found and (len(found) == limit or octets > PAGE_OCTETS):
                return Page(found, more=True)
            found.append(_read(row))
        if len(rows) < _SLICE:
            return Page(found, more=False)
        place = rows[-1].number


def _number_at(connection: Connection, tenant_id: int, last: int, moment: datetime) -> int:
    """Return the least number whose event is not older than a moment; one behind the last where none is."""
    low, high = 1, last + 1
    while low < high:
        middle = (low + high) // 2
        at = connection.scalar(_AT, {"tenant": tenant_id, "number": middle})
        if at is None or at >= moment:
            high = middle
        else:
            low = middle + 1
    return low


def latest(
    connection: Connection,
    tenant_id: int,
    fits: Callable[[Event], bool],
    limit: int,
    *,
    since: datetime | None = None,
    until: datetime | None = None,
) -> Sequence[Recorded]:
    """Return the last events that fit, the oldest of them first.

    Args:
        connection: of a reading transaction.
        tenant_id: whose chain.
        fits: whether an event is wanted.
        limit: most events wanted.
        since: not older than this, UTC, naive.
        until: older than this, UTC, naive.
    """
    query = _BEFORE
    if since is not None:
        query = query.where(audit_event.c.at >= since)
    if until is not None:
        query = query.where(audit_event.c.at < until)
    found = (one for one in _backwards(connection, tenant_id, query) if fits(one.event))
    return list(islice(found, limit))[::-1]


def _backwards(connection: Connection, tenant_id: int, query: Select[Any]) -> Iterator[Recorded]:
    before = (connection.scalar(_HEAD, {"tenant": tenant_id}) or 0) + 1
    while True:
        wanted = {"tenant": tenant_id, "before": before}
        page = list(_recorded(connection, query.limit(_PAGE), wanted))
        yield from page
        if len(page) < _PAGE:
            return
        before = page[-1].number


def _recorded(connection: Connection, query: Select[Any], wanted: dict[str, int]) -> Iterator[Recorded]:
    for row in connection.execute(query, wanted):
        yield _read(row)


def _read(row: Row[Any]) -> Recorded:
    return Recorded(row.number, told(octets_of(row.facts)), octets_of(row.hash).hex())
