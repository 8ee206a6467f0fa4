"""REST: the provider's structure (manual 1.1.4)."""

from functools import partial
from typing import Any

from sqlalchemy import Connection

from erepo.cloud.audit.events import Thing
from erepo.cloud.audit.evidence import now
from erepo.cloud.registry.jobs import Change, Outcome
from erepo.cloud.service import Cloud
from erepo.cloud.structure import keeping
from erepo.cloud.structure.content import LARGEST, Structure, read_structure
from erepo.cloud.web.acting import bearer, require_actor
from erepo.cloud.web.answers import Answer, json_answer
from erepo.cloud.web.calls import Call


async def answer_held(call: Call) -> Answer:
    """Answer `GET /services/{account}/structure`.

    Raises:
        StructureNone: nothing was sent yet.
    """
    await bearer(call.cloud, call.tenant, call.request.headers, call.trail)
    return json_answer(200, await call.cloud.reading(partial(_held, call.cloud, call.tenant.id)))


async def answer_sent(call: Call) -> Answer:
    """Answer `PUT /services/{account}/structure`; the same content again changes nothing.

    Raises:
        StructureInvalid: a record is not as it must be; nothing was changed.
    """
    cloud, tenant, trail = call.cloud, call.tenant, call.trail
    await require_actor(cloud, tenant, call.request.headers, trail)
    async with call.body(LARGEST) as body:
        sent = await cloud.heavily(partial(read_structure, body))
    evidence = trail.evidence([Thing("structure", sent.sha256)])
    await trail.write(Change(evidence=evidence, apply=partial(_keep, tenant.id, sent)))
    return json_answer(200, await cloud.reading(partial(_held, cloud, tenant.id)))


def _keep(tenant_id: int, sent: Structure, connection: Connection) -> Outcome:
    keeping.keep(connection, tenant_id, sent, now())
    return Outcome()


def _held(cloud: Cloud, tenant_id: int) -> dict[str, Any]:
    with cloud.database.read(tenant_id) as connection:
        return keeping.held(connection, tenant_id)
