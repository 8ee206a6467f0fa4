"""What the panel shows: the account, its certificates, structure, registration in P1, and its record."""

from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from functools import partial
from typing import Any, Final, TypeVar
from urllib.parse import urlencode

from erepo.cloud.audit.events import Thing
from erepo.cloud.audit.reading import Page, page_before
from erepo.cloud.errors import RequestMalformed
from erepo.cloud.national import keeping as registrations
from erepo.cloud.structure import keeping as structures
from erepo.cloud.structure.errors import StructureNone
from erepo.cloud.tenancy import certificates as registered
from erepo.cloud.tenancy import tenants
from erepo.cloud.web import national
from erepo.cloud.web.answers import Answer
from erepo.cloud.web.panel import show
from erepo.cloud.web.panel.render import page, redirect
from erepo.cloud.web.panel.visit import Visit

Found = TypeVar("Found")

#: Events of one page of the record.
SHOWN: Final = 50
_LAST: Final = 10**15


async def first(visit: Visit) -> Answer:
    """Lead to what people come for."""
    return redirect(visit, "/account")


async def account(visit: Visit) -> Answer:
    """Validity, use and limits, technical identifiers (manual 1.1.2)."""
    used = await _reading(visit, tenants.usage)
    tenant, speak, today = visit.tenant, visit.language, show.local(visit.now()).date()
    return page(
        visit,
        "account",
        done=visit.parameters().get("done", ""),
        space=show.meter(used.used_bytes, tenant.limit_bytes, speak, show.octets),
        documents=show.meter(used.used_documents, tenant.limit_documents, speak, show.count),
        term=show.term(tenant.valid_until, today, speak),
        tenant=tenant,
    )


async def certificates(visit: Visit) -> Answer:
    """The certificates that are or were registered."""
    found = await _reading(visit, registered.registered)
    now, speak = visit.now(), visit.language
    # The newest come first already, and stay so: active ones before, TLS before WSS.
    ordered = sorted(found, key=lambda row: (row.state, row.purpose))
    rows = [show.certificate(registered.shown(row), now, speak) for row in ordered]
    return page(visit, "certificates", rows=rows, ours=visit.certificate)


async def structure(visit: Visit) -> Answer:
    """The structure that the service holds."""
    try:
        found = await _reading(visit, structures.held)
    except StructureNone:
        return page(visit, "structure", held=None)
    sent = show.stamp_words(found["updatedAt"], visit.language)
    return page(visit, "structure", held=found, sent=sent)


async def p1(visit: Visit) -> Answer:
    """The registration in P1."""
    found = await _reading(visit, registrations.present)
    told = national.shown(visit.tenant.account, found)
    return page(visit, "p1", p1=show.registration(told, visit.now(), visit.language))


async def audit(visit: Visit) -> Answer:
    """The account's record, newest first, without anything of a patient."""
    given = visit.parameters()
    first, last = _day(given.get("from", "")), _day(given.get("to", ""))
    before = _number(given.get("before", ""))
    since = show.utc(datetime.combine(first, time.min)) if first else None
    until = show.utc(datetime.combine(last + timedelta(days=1), time.min)) if last else None
    found: Page = await _reading(
        visit, partial(page_before, before=before, limit=SHOWN, since=since, until=until)
    )
    numbers = [each.number for each in found.events]
    if numbers:
        visit.trail.things = (Thing("audit", visit.trail.who.endpoint, f"{numbers[-1]}-{numbers[0]}"),)
    period = {name: value for name, value in (("from", given.get("from")), ("to", given.get("to"))) if value}
    return page(
        visit,
        "audit",
        rows=[show.event(each, visit.language) for each in found.events],
        first=first.isoformat() if first else "",
        last=last.isoformat() if last else "",
        older=f"?{urlencode({**period, 'before': numbers[-1]})}" if found.more else "",
        newest=f"?{urlencode(period)}" if before < _LAST else "",
    )


async def _reading(visit: Visit, ask: Callable[..., Found]) -> Found:
    def work() -> Found:
        with visit.cloud.database.read(visit.tenant.id) as connection:
            found: Any = ask(connection, visit.tenant.id)
            return found  # type: ignore[no-any-return]

    return await visit.cloud.reading(work)


def _day(text: str) -> date | None:
    try:
        day = date.fromisoformat(text) if text else None
    except ValueError:
        raise RequestMalformed(reason="date") from None
    if day is not None and not 1990 <= day.year <= 2200:
        raise RequestMalformed(reason="date")
    return day


def _number(text: str) -> int:
    if not text:
        return _LAST
    if not (text.isascii() and text.isdigit() and len(text) < 16):
        raise RequestMalformed(reason="before")
    return int(text)
