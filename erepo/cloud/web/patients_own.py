"""REST: documents that patients gave the account ("Dokument własny pacjenta").

Nothing is lost: the octets stay until the clinic says, with their SHA-256, that it has them (or why not).
"""

from functools import partial
from typing import Any

from sqlalchemy import Connection

from erepo.cloud.audit.events import Thing
from erepo.cloud.audit.evidence import now
from erepo.cloud.patients_own import collecting, keeping
from erepo.cloud.patients_own.errors import OwnDocumentUnknown
from erepo.cloud.patients_own.giving import expire
from erepo.cloud.patients_own.keeping import Settlement
from erepo.cloud.registry.jobs import Change, Outcome
from erepo.cloud.repository.storing import discard
from erepo.cloud.web.acting import require_actor
from erepo.cloud.web.answers import Answer, json_answer
from erepo.cloud.web.audits import parameters
from erepo.cloud.web.calls import Call


async def answer_list(call: Call) -> Answer:
    """Answer `GET /services/{account}/patient-documents?after=N&limit=M`, in the order in which they came.

    Raises:
        RequestMalformed: a parameter is no number in its range, or none that is known.
    """
    cloud, tenant = call.cloud, call.tenant
    await require_actor(cloud, tenant, call.request.headers, call.trail)
    after, limit = parameters(call.request.query)
    await expire(cloud, tenant.id, call.trail.who)
    page = await cloud.reading(partial(collecting.page, cloud, tenant.id, after, limit))
    call.trail.things = tuple(Thing("document", each["id"]) for each in page.documents)
    content = {"account": tenant.account, "documents": page.documents, "next": page.last, "more": page.more}
    return json_answer(200, content)


async def answer_octets(call: Call) -> Answer | None:
    """Answer `GET /services/{account}/patient-documents/{id}` with the very octets that the patient gave.

    Raises:
        OwnDocumentUnknown: there is none of this id.
        OwnDocumentSettled: it waits no more.
        OwnDocumentDamaged: what is kept does not open.
        ServiceBusy: the account has too many on their way.
    """
    cloud, tenant, trail = call.cloud, call.tenant, call.trail
    await require_actor(cloud, tenant, call.request.headers, trail)
    public_id = call.named(OwnDocumentUnknown)
    trail.things = (Thing("document", public_id),)

    def apply(connection: Connection) -> Outcome:
        keeping.offer(connection, tenant.id, public_id, now())
        return Outcome()

    found = await cloud.reading(partial(collecting.waiting, cloud, tenant.id, public_id))
    # Counted before it is opened: it lies in memory from then on.
    async with cloud.bodies.answering(tenant.account, found.size):
        row, octets = await cloud.heavily(partial(collecting.octets_of, cloud, tenant.id, public_id))
        await trail.write(Change(evidence=trail.evidence(trail.things), apply=apply))
        answer = Answer(200, row.mime_type, octets, headers=_HEADERS)
        await answer.send(call.send, cloud.settings.http.write)
    return None


async def answer_settled(call: Call) -> Answer:
    """Answer `DELETE /services/{account}/patient-documents/{id}`: the clinic has it, or put it aside.

    Raises:
        OwnDocumentUnknown: there is none of this id.
        SettlementInvalid: the body says neither.
        OwnDocumentDiffers: the clinic has other octets; these stay.
        OwnDocumentSettled: it ended otherwise before.
    """
    cloud, tenant, trail = call.cloud, call.tenant, call.trail
    await require_actor(cloud, tenant, call.request.headers, trail)
    public_id = call.named(OwnDocumentUnknown)
    trail.things = (Thing("document", public_id),)
    async with call.body() as body:
        end = collecting.settlement(body)
    evidence = trail.evidence([Thing("document", public_id, end.reason or end.state)])
    apply = partial(_settle, tenant.id, public_id, end)
    outcome = await trail.write(Change(evidence=evidence, apply=apply))
    await discard(cloud, outcome.unused)
    return json_answer(200, await cloud.reading(partial(_told, call, public_id)))


#: Whoever shows it to a person anyway does that without scripts, and under no name of the patient's.
_HEADERS = (
    (b"content-disposition", b"attachment"),
    (b"content-security-policy", b"sandbox; default-src 'none'"),
    (b"cache-control", b"no-store"),
)


def _settle(tenant_id: int, public_id: str, end: Settlement, connection: Connection) -> Outcome:
    return Outcome(unused=keeping.settle(connection, tenant_id, public_id, end, now()))


def _told(call: Call, public_id: str) -> dict[str, Any]:
    with call.cloud.database.read(call.tenant.id) as connection:
        told = collecting.settled(connection, call.tenant.id, public_id)
    return {"account": call.tenant.account, **told}
