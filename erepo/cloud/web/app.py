"""The ASGI application: who asks, what for, and the one answer for everything that is not theirs.

    GET  /health                                   alive (also only over mutual TLS)
    GET  /openapi.json                             the REST resources, described
    GET  /metrics                                  figures, for the operator's certificates
    POST /services/{account}/activation            registers the account's certificates
    GET  /services/{account}                       state and usage
    GET  /services/{account}/audit                 the account's own record
    PUT  /services/{account}/administrator         makes the first login of the panel
    POST /services/{account}/xds/repository        ITI-41, ITI-43
    POST /services/{account}/xds/registry          ITI-18
    GET  of these two with ?wsdl or ?xsd=NAME      how they are called
    /services/{account}/app, /e-survey-gui         pages for people (`web.panel`)

A path of another account, of no account, or that does not exist: the same 404 with the same body.
"""

import logging
import re
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Any

from erepo.cloud.audit.events import Action, Who
from erepo.cloud.bodies import ClientGone, Headers, Receive
from erepo.cloud.errors import (
    AccountOccupied,
    AccountSuspended,
    BodyTimeout,
    BodyTooLarge,
    MethodNotAllowed,
    PathUnknown,
    ServiceBusy,
    ServiceStopping,
    StorageUnavailable,
    where,
)
from erepo.cloud.panel.errors import AdministratorExists
from erepo.cloud.service import Cloud
from erepo.cloud.tenancy.tenants import Tenant
from erepo.cloud.web import accounts, administrators, audits, panel
from erepo.cloud.web.acting import bearer, require_actor
from erepo.cloud.web.answers import Answer, Send, error_answer, json_answer
from erepo.cloud.web.exchange import Caller
from erepo.cloud.web.resources import description, figures, service_document
from erepo.cloud.web.trail import Trail
from erepo.cloud.web.xds import serve_xds
from erepo.errors import AccessRefused, ErepoError, InvalidInput

log = logging.getLogger("erepo.cloud")


class Unexpected(Exception):  # says nothing on purpose; the log line before it says what can be said
    """Something failed that should not; the connection ends with status 500."""


Scope = dict[str, Any]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

_PATH = re.compile(r"/services/([0-9]{16})(/activation|/audit|/administrator|/xds/repository|/xds/registry|)")
#: Resources of the service as a whole.
_OPEN = frozenset({"/health", "/openapi.json", "/metrics"})
_SMALL = 64 * 1024
_STATUS: tuple[tuple[type[ErepoError], int], ...] = (
    (PathUnknown, 404),
    (MethodNotAllowed, 405),
    (AccountOccupied, 409),
    (AdministratorExists, 409),
    (BodyTooLarge, 413),
    (BodyTimeout, 408),
    (AccountSuspended, 403),
    (AccessRefused, 403),
    (InvalidInput, 400),
    (StorageUnavailable, 503),
    (ServiceStopping, 503),
    (ServiceBusy, 503),
)


@dataclass(frozen=True, slots=True)
class Request:
    """One request of a proven client."""

    method: str
    path: str
    headers: Headers
    fingerprint: str
    certificate: bytes
    receive: Receive
    query: bytes = b""


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
        if (account := panel.place_of(request.path)) is not None:
            await _panel(cloud, request, await _tenant(cloud, request, account, trail), trail, send)
        else:
            await _route(cloud, request, trail, send)
    except ClientGone as gone:
        await _record(trail, gone)
    except ErepoError as error:
        close = int(headers.get(b"content-length", b"0") or 0) > _SMALL
        await _record(trail, error)
        status = _status(error)
        plain = error_answer(status, error, close=close, headers=_headers(error))
        await panel.refusal(request.path, headers, status, error, plain).send(send)
    except Exception as error:  # noqa: BLE001  # whatever it is, the other side must hear something
        log.error("unexpected: %s", where(error))  # noqa: TRY400  # texts may hold patient data
        await _record(trail, error)
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


async def _record(trail: Trail, error: Exception) -> None:
    try:
        await trail.refused(error)
    except ErepoError as unrecorded:
        log.error("a refusal is not recorded, %s", unrecorded.code)  # noqa: TRY400  # texts may hold patient data


def _status(error: ErepoError) -> int:
    return next((status for kind, status in _STATUS if isinstance(error, kind)), 500)


async def _route(cloud: Cloud, request: Request, trail: Trail, send: Send) -> None:
    if request.path in _OPEN:
        await (await _open(cloud, request, trail)).send(send)
        return
    found = _PATH.fullmatch(request.path)
    if found is None:
        raise PathUnknown
    account, endpoint = found.groups()
    if endpoint == "/activation":
        trail.transaction, trail.action = "activation", Action.CREATE
        await _known(cloud, request, trail)
        await (await _activation(cloud, request, account, trail)).send(send)
        return
    tenant = await _tenant(cloud, request, account, trail)
    if endpoint == "":
        trail.transaction, trail.action = "account", Action.READ
        await bearer(cloud, tenant, request.headers, trail)
        await (await _state(cloud, request, tenant)).send(send)
        return
    if endpoint in {"/audit", "/administrator"}:
        await (await _people(cloud, request, tenant, trail)).send(send)
        return
    if request.method == "GET":
        trail.transaction, trail.action = "wsdl", Action.READ
        await service_document(cloud, request.path, request.query.decode("latin-1")).send(send)
        return
    _only(request, "POST")
    await _soap(cloud, request, Caller(cloud, tenant, request.path, trail, request.certificate), send)


async def _open(cloud: Cloud, request: Request, trail: Trail) -> Answer:
    """Answer what belongs to no account; only refusals are recorded."""
    trail.transaction, trail.silent = request.path.strip("/"), True
    _only(request, "GET")
    if request.path == "/metrics":
        return await figures(cloud, request.fingerprint)
    return json_answer(200, {"status": "ok"}) if request.path == "/health" else description(cloud)


async def _soap(cloud: Cloud, request: Request, caller: Caller, send: Send) -> None:
    limits, trail = cloud.settings.limits, caller.trail
    trail.transaction = "XDS"
    most = limits.message if request.path.endswith("/repository") else limits.soap_part
    with cloud.arrivals.expected() as trail.arrived:
        async with cloud.bodies.read(caller.tenant.account, request.headers, request.receive, most) as body:
            content_type = request.headers.get(b"content-type", b"").decode("latin-1")
            answer = await serve_xds(caller, content_type, body)
            trail.arrived()
            async with cloud.bodies.answering(caller.tenant.account, len(answer.body)):
                await answer.send(send, cloud.settings.http.write)


async def _tenant(cloud: Cloud, request: Request, account: str, trail: Trail) -> Tenant:
    """Return the tenant of the connection if the path is its own.

    Raises:
        PathUnknown: it is not, or nobody's.
        AccountSuspended: it is, and closed by the operator.
    """
    tenant = await _known(cloud, request, trail)
    if tenant is None or tenant.account != account or tenant.state == "ordered":
        raise PathUnknown
    if tenant.state == "suspended":
        raise AccountSuspended(account=account)
    return tenant


async def _known(cloud: Cloud, request: Request, trail: Trail) -> Tenant | None:
    """Return whose connection it is, and put that into the record."""
    tenant = await cloud.tenant_of(request.fingerprint)
    if tenant is not None:
        trail.tenant_id, trail.who = tenant.id, replace(trail.who, account=tenant.account)
    return tenant


async def _people(cloud: Cloud, request: Request, tenant: Tenant, trail: Trail) -> Answer:
    """Answer what is asked for a person: the record, the first login of the panel."""
    if request.path.endswith("/audit"):
        trail.transaction, trail.action = "audit", Action.READ
        _only(request, "GET")
        await require_actor(cloud, tenant, request.headers, trail)
        return json_answer(200, await audits.page(cloud, tenant, request.query, trail))
    trail.transaction, trail.action = "administrator", Action.CREATE
    _only(request, "PUT")
    await bearer(cloud, tenant, request.headers, trail)
    async with cloud.bodies.read(tenant.account, request.headers, request.receive, _SMALL) as body:
        return json_answer(200, await administrators.create(cloud, tenant, body, trail))


async def _panel(cloud: Cloud, request: Request, tenant: Tenant, trail: Trail, send: Send) -> None:
    come = (request.method, request.path, request.query, request.headers, request.receive)
    visit = panel.Visit(cloud, tenant, trail, *come, request.fingerprint)
    await (await panel.serve(visit)).send(send, cloud.settings.http.write)


async def _activation(cloud: Cloud, request: Request, account: str, trail: Trail) -> Answer:
    certificate = accounts.may_activate(account, request.certificate)
    _only(request, "POST")
    async with cloud.bodies.read(account, request.headers, request.receive, _SMALL) as body:
        return json_answer(200, await accounts.activate(cloud, account, certificate, body, trail))


async def _state(cloud: Cloud, request: Request, tenant: Tenant) -> Answer:
    _only(request, "GET")
    return json_answer(200, await accounts.state(cloud, tenant))


def _only(request: Request, method: str) -> None:
    """Prove that the request has the one method of the resource.

    Raises:
        MethodNotAllowed: it has not.
    """
    if request.method != method:
        raise MethodNotAllowed(allowed=method)


def _headers(error: ErepoError) -> tuple[tuple[bytes, bytes], ...]:
    return ((b"allow", str(error.data["allowed"]).encode()),) if isinstance(error, MethodNotAllowed) else ()
