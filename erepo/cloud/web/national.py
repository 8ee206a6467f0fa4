"""REST: a provider's P1 certificates, and the registration of its repository with them (manual 1.3, 2.1)."""

import base64
import binascii
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final, TypeVar

import orjson
from sqlalchemy import Connection

from erepo.cloud.addresses import door_of, door_url
from erepo.cloud.audit.events import Thing
from erepo.cloud.audit.evidence import now
from erepo.cloud.errors import RequestMalformed
from erepo.cloud.national import keeping
from erepo.cloud.national.credentials import Given, open_credentials
from erepo.cloud.national.keeping import Registration
from erepo.cloud.national.registering import Registering, Step
from erepo.cloud.registry.jobs import Outcome
from erepo.cloud.web.acting import bearer, require_actor
from erepo.cloud.web.answers import Answer, json_answer
from erepo.cloud.web.calls import Call
from erepo.pki.national import SLOTS
from erepo.pki.revocation.vouching import Vouching

Result = TypeVar("Result")

#: Largest body: two files of at most 1 MiB in base64.
_LARGEST: Final = 3 * 1024**2
_LONGEST_PASSWORD: Final = 1024


@dataclass(frozen=True, slots=True)
class AccountMeans:
    """How work on an account at P1 goes on inside the service; its events come beside the request's own."""

    call: Call

    async def read(self, work: Callable[[Connection], Result]) -> Result:
        """See `Means`."""
        return await self.call.cloud.reading(partial(self._read, work))

    def _read(self, work: Callable[[Connection], Result]) -> Result:
        with self.call.cloud.database.read(self.call.tenant.id) as connection:
            return work(connection)

    async def write(self, step: Step, things: Sequence[Thing]) -> None:
        """See `Means`."""
        await self.call.trail.step(partial(_done, step), things)

    async def work(self, work: Callable[[], Result]) -> Result:
        """See `Means`."""
        return await self.call.cloud.heavily(work)

    async def abroad(self, call: Callable[[], Result]) -> Result:
        """See `Means`."""
        return await self.call.cloud.abroad.change(self.call.tenant.id, call)


def _done(step: Step, connection: Connection) -> Outcome:
    step(connection)
    return Outcome()


async def answer_state(call: Call) -> Answer:
    """Answer `GET /services/{account}/p1/certificates`."""
    await bearer(call.cloud, call.tenant, call.request.headers, call.trail)
    found = await AccountMeans(call).read(partial(keeping.present, tenant_id=call.tenant.id))
    return json_answer(200, shown(call.tenant.account, found))


async def answer_register(call: Call) -> Answer:
    """Answer `PUT /services/{account}/p1/certificates`; the same again resumes what is unfinished.

    Raises:
        RequestMalformed: the body is another.
        P1CertificateRefused, P1CertificatesSwapped, P1CertificateTwice: nothing was changed.
        StatusUnknown, StatusUntrusted: nobody proves that they were not revoked; nothing was changed.
        As `Registering.register`.
    """
    cloud = call.cloud
    await require_actor(cloud, call.tenant, call.request.headers, call.trail)
    async with call.body(_LARGEST) as body:
        (tls, wss), force_new = _given(body)
    providers = Vouching.of_providers(cloud.settings, cloud.revocation)
    async with cloud.abroad.turn(call.tenant.id):
        # In turn, too: how much work a file is, whoever made it decides.
        credentials = await cloud.opening(partial(open_credentials, tls, wss, cloud.now(), providers))
        found = await _registering(call).register(credentials, force_new=force_new)
    return json_answer(200, shown(call.tenant.account, found))


async def answer_revoke(call: Call) -> Answer:
    """Answer `DELETE /services/{account}/p1/certificates`; without certificates nothing happens."""
    await require_actor(call.cloud, call.tenant, call.request.headers, call.trail)
    async with call.cloud.abroad.turn(call.tenant.id):
        await _registering(call).revoke()
    return json_answer(200, {"account": call.tenant.account, "state": "none"})


def _registering(call: Call) -> Registering:
    cloud, tenant = call.cloud, call.tenant
    address = door_of(door_url(cloud.settings, cloud.base_url), tenant.account)
    return Registering(tenant.id, address, cloud.domain, cloud.vault, AccountMeans(call), now)


def _given(body: bytearray) -> tuple[tuple[Given, Given], bool]:
    try:
        sent = orjson.loads(body)
        force_new = sent.get("force_new_repository", False)
        tls, wss = (
            Given(
                base64.b64decode(sent[f"{slot.lower()}_pkcs12"].encode("ascii"), validate=True),
                sent[f"{slot.lower()}_password"].encode(),
            )
            for slot in SLOTS
        )
    except (orjson.JSONDecodeError, KeyError, TypeError, AttributeError, UnicodeEncodeError, binascii.Error):
        names = "tls_pkcs12, tls_password, wss_pkcs12, wss_password"
        raise RequestMalformed(reason=names) from None
    if not isinstance(force_new, bool):
        raise RequestMalformed(reason="force_new_repository")
    if max(len(tls.password), len(wss.password)) > _LONGEST_PASSWORD:
        raise RequestMalformed(reason="tls_password, wss_password")
    return (tls, wss), force_new


def shown(account: str, found: Registration | None) -> dict[str, Any]:
    """Return what is told of an account's registration, None where there is none."""
    if found is None:
        nothing = dict.fromkeys(("repositoryId", "tls", "wss", "registeredAt"))
        return {"account": account, "state": "none", **nothing}
    at = found.registered_at
    return {
        "account": account,
        "state": found.state,
        "repositoryId": found.repository_id,
        "tls": found.facts["tls"],
        "wss": found.facts["wss"],
        "registeredAt": f"{at:%Y-%m-%dT%H:%M:%SZ}" if at else None,
    }
