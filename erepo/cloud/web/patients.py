"""REST: whom a clinic has identified, so that the person may sign in to the portal. Signed like a consent."""

from functools import partial
from typing import Any, Final

from sqlalchemy import Connection

from erepo.acting import Detached
from erepo.cloud.audit.events import Thing
from erepo.cloud.patients import links
from erepo.cloud.patients.content import LARGEST, Invited, read_invited, read_removed
from erepo.cloud.patients.errors import PatientUnknown
from erepo.cloud.patients.keys import Keys, PatientKeys
from erepo.cloud.registry.jobs import Change, Outcome
from erepo.cloud.service import Cloud
from erepo.cloud.web.acting import bearer, require_actor
from erepo.cloud.web.answers import Answer, json_answer
from erepo.cloud.web.audits import parameters
from erepo.cloud.web.calls import Call
from erepo.cloud.web.sealing import proven_body

_KIND: Final = "invitation"


async def answer_invited(call: Call) -> Answer:
    """Answer `POST /services/{account}/patients`: 201, or 200 where the very same came before.

    The answer does not tell whether another clinic knows the person.

    Raises:
        SealRefused: the account's signature proves nothing.
        PatientInvalid, PatientUnreachable, PatientConflict, PatientAddressBusy: nothing was kept.
    """
    cloud, tenant, trail = call.cloud, call.tenant, call.trail
    await require_actor(cloud, tenant, call.request.headers, trail)
    async with call.body(LARGEST) as body:
        proof = await proven_body(call, body, _KIND)
        invited = read_invited(body, sms=cloud.settings.portal.sms)
    keys = await cloud.reading(partial(_keys, cloud))
    fresh: list[bool] = []
    things = [Thing(_KIND, invited.id, invited.contact.channel), Thing("patient", str(invited.patient))]
    apply = partial(_invite, call, invited, proof, keys, fresh)
    await trail.write(Change(evidence=trail.evidence(things), apply=apply))
    return json_answer(201 if fresh[-1] else 200, await _told(call, invited.id))


async def answer_state(call: Call) -> Answer:
    """Answer `GET /services/{account}/patients/{id}`.

    Raises:
        PatientUnknown: there is none of this id.
    """
    await bearer(call.cloud, call.tenant, call.request.headers, call.trail)
    link_id = call.named(PatientUnknown)
    call.trail.things = (Thing(_KIND, link_id),)
    return json_answer(200, await _told(call, link_id))


async def answer_removed(call: Call) -> Answer:
    """Answer `DELETE /services/{account}/patients/{id}`: from its commit on it opens nothing of this clinic.

    Raises:
        SealRefused: the account's signature proves nothing.
        PatientInvalid: the body ends another one.
        PatientUnknown: there is none of this id.
    """
    cloud, trail = call.cloud, call.trail
    await require_actor(cloud, call.tenant, call.request.headers, trail)
    link_id = call.named(PatientUnknown)
    async with call.body(LARGEST) as body:
        proof = await proven_body(call, body, _KIND)
        read_removed(body, link_id)
        octets = bytes(body)
    keys = await cloud.reading(partial(_keys, cloud))
    apply = partial(_remove, call, link_id, octets, proof, keys)
    await trail.write(Change(evidence=trail.evidence([Thing(_KIND, link_id, "ended")]), apply=apply))
    return json_answer(200, await _told(call, link_id))


async def answer_list(call: Call) -> Answer:
    """Answer `GET /services/{account}/patients?after=N&limit=M`, in the order in which they came.

    Raises:
        RequestMalformed: a parameter is no number in its range, or none that is known.
    """
    await bearer(call.cloud, call.tenant, call.request.headers, call.trail)
    after, limit = parameters(call.request.query)
    page, last, more = await call.cloud.reading(partial(_listed, call, after, limit))
    content = {"account": call.tenant.account, "patients": page, "next": last, "more": more}
    return json_answer(200, content)


def _keys(cloud: Cloud) -> Keys:
    return PatientKeys(cloud.database, cloud.vault).get()


def _invite(
    call: Call, invited: Invited, proof: Detached, keys: Keys, fresh: list[bool], connection: Connection
) -> Outcome:
    at = call.cloud.consent_time()
    fresh.append(links.invite(connection, call.tenant.id, invited, proof, keys, at))
    return Outcome()


def _remove(
    call: Call, link_id: str, body: bytes, proof: Detached, keys: Keys, connection: Connection
) -> Outcome:
    links.remove(connection, call.tenant.id, link_id, body, proof, keys, call.cloud.consent_time())
    return Outcome()


async def _told(call: Call, link_id: str) -> dict[str, Any]:
    return await call.cloud.reading(partial(_shown, call, link_id))


def _shown(call: Call, link_id: str) -> dict[str, Any]:
    with call.cloud.database.read(call.tenant.id) as connection:
        return links.shown(connection, call.tenant.id, link_id)


def _listed(call: Call, after: int, limit: int) -> tuple[list[dict[str, Any]], int, bool]:
    with call.cloud.database.read(call.tenant.id) as connection:
        return links.listed(connection, call.tenant.id, after, limit)
