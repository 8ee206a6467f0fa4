"""The ASGI application: who asks, what for, and the one answer for everything that is not theirs.

    GET  /health                                   alive (also only over mutual TLS)
    GET  /openapi.json                             the REST resources, described
    GET  /metrics                                  figures, for the operator's certificates
    POST /services/{account}/activation            registers the account's certificates
    GET  /services/{account}                       state and usage
    GET  /services/{account}/audit                 the account's own record
    GET, PUT  /services/{account}/certificates     the account's certificates
    GET, PUT  /services/{account}/structure        provider, units, cells
    GET, POST /services/{account}/consents         gives a consent; all of them
    GET, DELETE /services/{account}/consents/{id}  state of a consent; revokes it
    GET  /services/{account}/patient-documents     what patients gave, and the clinic has not taken
    GET, DELETE /services/{account}/patient-documents/{id}  octets of one; the clinic has it
    GET, POST /services/{account}/patients         invites a patient to the portal; all of them
    GET, DELETE /services/{account}/patients/{id}  state of an invitation; ends it
    GET, PUT, DELETE /services/{account}/p1/certificates  registration in the national domain
    POST /services/{account}/p1/xds/repository     ITI-43 for other providers, with P1's certificates alone
    POST /services/{account}/p1/search             finds a patient's documents in the national domain
    POST /services/{account}/p1/documents          fetches one of them from its repository
    GET, POST, DELETE /services/{account}/documents/{uniqueId}/index  a document's index in P1
    PUT  /services/{account}/administrator         makes the first login of the panel
    GET, POST /services/{account}/app              pages for people, and all below (`web.panel`)
    GET  /services/{account}/e-survey-gui          a page, and all below
    GET, POST /services/{account}/xds/repository   ?wsdl, ?xsd=NAME; ITI-41, ITI-43, ITI-86
    GET, POST /services/{account}/xds/registry     ?wsdl, ?xsd=NAME; ITI-18, ITI-42, ITI-57, ITI-62

`endpoints` is the table of what stands behind an account. A path of another account, of no account, or that
does not exist: the same 404 with the same body.
"""

import logging
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

from erepo.cloud.audit.events import Action, Who
from erepo.cloud.bodies import ClientGone, Receive
from erepo.cloud.consents.errors import ConsentEnded
from erepo.cloud.errors import AccountSuspended, MethodNotAllowed, PathUnknown, where
from erepo.cloud.service import Cloud
from erepo.cloud.tenancy.errors import ConnectionRevoked
from erepo.cloud.tenancy.tenants import Tenant
from erepo.cloud.web import accounts, endpoints, outside, panel, sharing
from erepo.cloud.web.acting import certificate_of
from erepo.cloud.web.answers import Answer, Send, error_answer, json_answer
from erepo.cloud.web.calls import SMALL, Call, Request
from erepo.cloud.web.resources import description, figures
from erepo.cloud.web.standing import refuse_connection
from erepo.cloud.web.statuses import status_of
from erepo.cloud.web.trail import Trail
from erepo.errors import ErepoError

log = logging.getLogger("erepo.cloud")


class Unexpected(Exception):  # says nothing on purpose; the log line before it says what can be said
    """Something failed that should not; the connection ends with status 500."""


Scope = dict[str, Any]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

#: Resources of the service as a whole.
_OPEN = frozenset({"/health", "/openapi.json", "/metrics"})


def build(cloud: Cloud) -> Application:
    """Return the ASGI application of a service."""

    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await _lifespan(cloud, receive, send)
        elif scope["type"] == "http":
            await _serve(cloud, scope, receive, send)

    return application


async def _lifespan(cloud: Cloud, receive: Receive, send: Send) -> None:
    await receive()
    cloud.start()
    await send({"type": "lifespan.startup.complete"})
    await receive()
    await cloud.stop()
    await send({"type": "lifespan.shutdown.complete"})


async def _serve(cloud: Cloud, scope: Scope, receive: Receive, send: Send) -> None:
    tls = scope.get("extensions", {}).get("tls")
    headers = dict(scope["headers"])
    if tls is None:  # served by a protocol class that proves nobody
        await error_answer(404, PathUnknown()).send(send)
        return
    request = Request(
        scope["method"],
        scope["path"],
        headers,
        tls["fingerprint"],
        tls["certificate"],
        receive,
        scope.get("query_string", b""),
    )
    began = time.monotonic()
    trail = Trail(cloud, _who(scope, request), "request")
    send = _recorded(trail, send)
    try:
        await _route(cloud, request, trail, send)
    except ClientGone as gone:
        await _record(cloud, request, trail, gone)
    except ConsentEnded as ended:
        log.info("an answer was cut off, %s", ended.code)
        raise Unexpected from None
    except ErepoError as error:
        await _record(cloud, request, trail, error)
        await _refusal(request, error).send(send)
    except Exception as error:  # noqa: BLE001  # whatever it is, the other side must hear something
        log.error("unexpected: %s", where(error))  # noqa: TRY400  # texts may hold patient data
        await _record(cloud, request, trail, error)
        raise Unexpected from None
    finally:
        cloud.metrics.answered(trail.transaction, trail.outcome, time.monotonic() - began)


def _recorded(trail: Trail, send: Send) -> Send:
    """Return `send` that lets no answer out before the request's record is written, whoever gives it."""

    async def after_record(message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start":
            await trail.answered(message["status"])
        await send(message)

    return after_record


def _who(scope: Scope, request: Request) -> Who:
    address = (scope.get("client") or ("",))[0]
    return Who(tls=request.fingerprint, address=address, endpoint=request.path[:200])


async def _record(cloud: Cloud, request: Request, trail: Trail, error: Exception) -> None:
    try:
        if not trail.tenant_id:  # they asked for what is nowhere, or the service's alone
            await _known(cloud, request, trail)
        await trail.refused(error)
    except ErepoError as unrecorded:
        log.error("a refusal is not recorded, %s", unrecorded.code)  # noqa: TRY400  # texts may hold patient data


async def _route(cloud: Cloud, request: Request, trail: Trail, send: Send) -> None:
    if outside.is_foreign(cloud, request):
        # Nothing else is there for P1's certificates, and nothing there for others.
        account, endpoint = endpoints.find(request.path)
        if endpoint is not endpoints.OUTSIDE:
            raise PathUnknown
        await outside.serve(cloud, request, account, trail, send)
        return
    if request.path in _OPEN:
        await (await _open(cloud, request, trail)).send(send)
        return
    account, endpoint = endpoints.find(request.path)
    if endpoint is endpoints.OUTSIDE:
        await _known(cloud, request, trail)
        raise PathUnknown
    if endpoint is endpoints.ACTIVATION:
        trail.transaction, trail.action = endpoint.name, Action.CREATE
        await _known(cloud, request, trail)
        await (await _activation(cloud, request, account, trail)).send(send)
        return
    if endpoint is endpoints.XDS and request.method == "POST":
        reader = await _foreign(cloud, request, account, trail)
        if reader is not None:
            await sharing.serve(Call(cloud, request, reader, trail, send), account)
            return
    tenant = await _tenant(cloud, request, account, trail)
    trail.transaction = endpoint.name
    method = endpoint.method(request.method)
    trail.action = method.action
    answer = await method.serve(Call(cloud, request, tenant, trail, send))
    if answer is not None:
        await answer.send(send)


async def _open(cloud: Cloud, request: Request, trail: Trail) -> Answer:
    """Answer what belongs to no account; only refusals are recorded."""
    trail.transaction, trail.silent = request.path.strip("/"), True
    if request.method != "GET":
        raise MethodNotAllowed(allowed="GET")
    if request.path == "/metrics":
        return await figures(cloud, request.fingerprint)
    return json_answer(200, {"status": "ok"}) if request.path == "/health" else description(cloud)


async def _tenant(cloud: Cloud, request: Request, account: str, trail: Trail) -> Tenant:
    """Return the tenant of the connection if the path is its own.

    Raises:
        PathUnknown: it is not, or nobody's.
        AccountSuspended: it is, and closed by the operator.
        ConnectionRevoked: its certificate was revoked.
    """
    tenant = await _known(cloud, request, trail)
    if tenant is None or tenant.account != account or tenant.state == "ordered":
        raise PathUnknown
    if tenant.state == "suspended":
        raise AccountSuspended(account=account)
    refuse_connection(cloud, certificate_of(request.certificate))
    return tenant


async def _foreign(cloud: Cloud, request: Request, account: str, trail: Trail) -> Tenant | None:
    """Return the tenant of the connection if it is in order and the path another account's, else None."""
    tenant = await _known(cloud, request, trail)
    if tenant is None or tenant.account == account or tenant.state != "active":
        return None
    try:
        refuse_connection(cloud, certificate_of(request.certificate))
    except ConnectionRevoked:
        return None
    return tenant


async def _known(cloud: Cloud, request: Request, trail: Trail) -> Tenant | None:
    """Return whose connection it is, and put that into the record."""
    tenant = await cloud.tenant_of(request.fingerprint)
    if tenant is not None:
        trail.tenant_id, trail.who = tenant.id, replace(trail.who, account=tenant.account)
    return tenant


async def _activation(cloud: Cloud, request: Request, account: str, trail: Trail) -> Answer:
    certificate = accounts.may_activate(account, request.certificate)
    endpoints.ACTIVATION.method(request.method)
    async with cloud.bodies.read(account, request.headers, request.receive, SMALL) as body:
        return json_answer(200, await accounts.activate(cloud, account, certificate, body, trail))


def _refusal(request: Request, error: ErepoError) -> Answer:
    status = status_of(error)
    close = int(request.headers.get(b"content-length", b"0") or 0) > SMALL
    plain = error_answer(status, error, close=close, headers=_headers(error))
    account = endpoints.of_pages(request.path)
    if account is None or type(error) is PathUnknown:  # that one is the same for everybody, everywhere
        return plain
    return panel.refusal(account, request.headers, error, plain)


def _headers(error: ErepoError) -> tuple[tuple[bytes, bytes], ...]:
    return ((b"allow", str(error.data["allowed"]).encode()),) if isinstance(error, MethodNotAllowed) else ()
