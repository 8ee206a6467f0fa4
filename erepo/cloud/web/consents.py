"""REST: consents of an account (manual 1.4). Each change is signed by the account over the body's octets."""

from functools import partial
from typing import Any

from sqlalchemy import Connection

from erepo.acting import Detached
from erepo.cloud.audit.events import Thing
from erepo.cloud.consents import keeping
from erepo.cloud.consents.content import LARGEST, Given, read_consent, read_revocation
from erepo.cloud.consents.errors import ConsentUnknown
from erepo.cloud.registry.jobs import Change, Outcome
from erepo.cloud.web.acting import bearer, require_actor
from erepo.cloud.web.answers import Answer, json_answer
from erepo.cloud.web.audits import parameters
from erepo.cloud.web.calls import Call
from erepo.cloud.web.sealing import proven_body


async def answer_given(call: Call) -> Answer:
    """Answer `POST /services/{account}/consents`: 201, or 200 where the very same came before.

    Raises:
        SealRefused: the account's signature proves nothing.
        ConsentInvalid, ConsentConflict, ConsentDocumentsUnfit: nothing was kept.
    """
    cloud, tenant, trail = call.cloud, call.tenant, call.trail
    await require_actor(cloud, tenant, call.request.headers, trail)
    async with call.body(LARGEST) as body:
        proof = await proven_body(call, body, "consent")
        given = await cloud.heavily(partial(read_consent, body, tenant.account))
    fresh: list[bool] = []
    things = [
        Thing("consent", given.id, f"given to: {given.recipient.kind}"),
        Thing("patient", given.patient),
        *(Thing("document", each, tenant.repository_unique_id) for each in given.documents),
    ]
    apply = partial(_keep, call, given, proof, fresh)
    await trail.write(Change(evidence=trail.evidence(things), apply=apply))
    return json_answer(201 if fresh[-1] else 200, await _told(call, given.id))


async def answer_state(call: Call) -> Answer:
    """Answer `GET /services/{account}/consents/{id}`.

    Raises:
        ConsentUnknown: there is none of this id.
    """
    await bearer(call.cloud, call.tenant, call.request.headers, call.trail)
    consent_id = call.named(ConsentUnknown)
    call.trail.things = (Thing("consent", consent_id),)
    return json_answer(200, await _told(call, consent_id))


async def answer_revoked(call: Call) -> Answer:
    """Answer `DELETE /services/{account}/consents/{id}`: from its commit on nobody sees anything by it.

    Raises:
        SealRefused: the account's signature proves nothing.
        ConsentInvalid: the body is no revocation of this consent.
        ConsentUnknown: there is none of this id.
    """
    cloud, trail = call.cloud, call.trail
    await require_actor(cloud, call.tenant, call.request.headers, trail)
    consent_id = call.named(ConsentUnknown)
    async with call.body() as body:
        proof = await proven_body(call, body, "consent")
        read_revocation(body, consent_id)
        apply = partial(_revoke, call, consent_id, bytes(body), proof)
    evidence = trail.evidence([Thing("consent", consent_id, "revoked")])
    await trail.write(Change(evidence=evidence, apply=apply))
    return json_answer(200, await _told(call, consent_id))


async def answer_list(call: Call) -> Answer:
    """Answer `GET /services/{account}/consents?after=N&limit=M`, in the order in which they came.

    Raises:
        RequestMalformed: a parameter is no number in its range, or none that is known.
    """
    await bearer(call.cloud, call.tenant, call.request.headers, call.trail)
    after, limit = parameters(call.request.query)
    page, last, more = await call.cloud.reading(partial(_listed, call, after, limit))
    content = {"account": call.tenant.account, "consents": page, "next": last, "more": more}
    return json_answer(200, content)


def _keep(call: Call, given: Given, proof: Detached, fresh: list[bool], connection: Connection) -> Outcome:
    fresh.append(keeping.keep(connection, call.tenant.id, given, proof, call.cloud.consent_time()))
    return Outcome()


def _revoke(call: Call, consent_id: str, body: bytes, proof: Detached, connection: Connection) -> Outcome:
    keeping.revoke(connection, call.tenant.id, consent_id, body, proof, call.cloud.consent_time())
    return Outcome()


async def _told(call: Call, consent_id: str) -> dict[str, Any]:
    return await call.cloud.reading(partial(_shown, call, consent_id))


def _shown(call: Call, consent_id: str) -> dict[str, Any]:
    with call.cloud.database.read(call.tenant.id) as connection:
        return keeping.shown(connection, call.tenant.id, consent_id, call.cloud.consent_time())


def _listed(call: Call, after: int, limit: int) -> tuple[list[dict[str, Any]], int, bool]:
    with call.cloud.database.read(call.tenant.id) as connection:
        return keeping.listed(connection, call.tenant.id, after, limit, call.cloud.consent_time())
