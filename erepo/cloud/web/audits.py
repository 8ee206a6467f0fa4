"""REST: an account reads its own record, page by page."""

from functools import partial
from typing import Any
from urllib.parse import parse_qs

from erepo.cloud.audit.events import OPERATOR, Thing
from erepo.cloud.audit.reading import Page, Recorded, page_after
from erepo.cloud.errors import RequestMalformed
from erepo.cloud.service import Cloud
from erepo.cloud.tenancy.tenants import Tenant
from erepo.cloud.web.acting import require_actor
from erepo.cloud.web.answers import Answer, json_answer
from erepo.cloud.web.calls import Call
from erepo.cloud.web.trail import Trail

_USUAL, _MOST = 100, 500
_LARGEST = 10**15


async def answer_page(call: Call) -> Answer:
    """Answer `GET /services/{account}/audit`."""
    cloud, tenant, request = call.cloud, call.tenant, call.request
    await require_actor(cloud, tenant, request.headers, call.trail)
    return json_answer(200, await page(cloud, tenant, request.query, call.trail))


async def page(cloud: Cloud, tenant: Tenant, query: bytes, trail: Trail) -> dict[str, Any]:
    """Return the events behind `after`, `limit` at most, in the order in which they were recorded.

    The reading is recorded, behind what it returns: whoever asks until `more` is false comes to an end.

    Args:
        cloud: the service.
        tenant: whose record.
        query: of the address: `after=N&limit=M`, both optional.
        trail: of this request.

    Raises:
        RequestMalformed: a parameter is no number in its range, or none that is known.
    """
    after, limit = parameters(query)
    found = await cloud.reading(partial(_found, cloud, tenant, after, limit))
    last = found.events[-1].number if found.events else after
    trail.things = (Thing("audit", trail.who.endpoint, f"{after + 1}-{last}"),)
    events = [_shown(each) for each in found.events]
    return {"account": tenant.account, "events": events, "next": last, "more": found.more}


def _shown(recorded: Recorded) -> dict[str, Any]:
    """Return an event as its account may see it: without the login and machine of the operator."""
    facts = recorded.facts()
    if recorded.event.transaction.startswith(f"{OPERATOR}:"):
        facts["who"] = {**facts["who"], "user": OPERATOR, "address": ""}
    return facts


def _found(cloud: Cloud, tenant: Tenant, after: int, limit: int) -> Page:
    with cloud.database.read(tenant.id) as connection:
        return page_after(connection, tenant.id, after, limit)


def parameters(query: bytes) -> tuple[int, int]:
    """Return `after` and `limit` of the address of a page.

    Raises:
        RequestMalformed: one is no number in its range, or none that is known.
    """
    try:
        given = parse_qs(query.decode("latin-1"), keep_blank_values=True, max_num_fields=10)
    except ValueError:
        raise RequestMalformed(reason="parameters") from None
    if not given.keys() <= {"after", "limit"}:
        raise RequestMalformed(reason="parameters")
    return _number(given, "after", 0, 0, _LARGEST), _number(given, "limit", _USUAL, 1, _MOST)


def _number(given: dict[str, list[str]], name: str, usual: int, least: int, most: int) -> int:
    texts = given.get(name, [str(usual)])
    if len(texts) != 1 or not texts[0].isascii() or not texts[0].isdigit() or len(texts[0]) > 16:
        raise RequestMalformed(reason=name)
    number = int(texts[0])
    if not least <= number <= most:
        raise RequestMalformed(reason=name)
    return number
