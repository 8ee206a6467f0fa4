"""The ASGI application of the sandbox's P1.

    POST /services/Obsluga…               the services, for providers' certificates
    GET|PUT|DELETE /admin/faults          what goes wrong; PUT {"service", "kind", "times", "seconds"}
    PUT  /admin/rules                     SOZ: {"organisation", "document", "decision"}; "*" is any
    PUT  /admin/events                    ZM: {"event": "id^^^&OID&ISO"}
    GET  /admin/audit                     audit messages: [{"provider", "message"}], octets in base64
    GET  /admin/state                     providers and repositories
    GET  /health                          alive

`/admin` is there for the administrator's certificate only; for every other it does not exist.
"""

import asyncio
import base64
import logging
from collections.abc import Awaitable, Callable
from typing import Any, Final

import orjson
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from erepo.cloud.web.answers import Answer, Send, error_answer, json_answer
from erepo.errors import ErepoError, InvalidInput
from erepo.p1.decisions import Decision
from erepo.p1.verifying import MOST
from erepo.sandbox.p1.desk import Desk, Reply, Request
from erepo.sandbox.p1.edm import event_key
from erepo.sandbox.p1.faults import Fault
from erepo.sandbox.p1.home import ADMIN, Home
from erepo.sandbox.p1.store import EVERY

log = logging.getLogger("erepo.p1-sandbox")

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]
#: Seconds in which a request's body has to be there.
_BODY_SECONDS: Final = 30.0


class ConnectionCut(Exception):  # no failure: what the administrator wished for
    """Ends the connection without an answer."""


class WrongAsked(InvalidInput):
    """The administrator asks for something that makes no sense."""

    code = "p1-sandbox.asked-wrong"


class _Wanted(BaseModel):
    model_config = ConfigDict(extra="forbid")


class WantedFault(_Wanted):
    """What is to go wrong."""

    service: str
    kind: str
    times: int = Field(1, ge=1, le=1_000_000)
    seconds: float = Field(30.0, ge=0, le=3600)


class WantedRule(_Wanted):
    """How SOZ is to decide."""

    organisation: str = EVERY
    document: str = EVERY
    decision: Decision


class WantedEvent(_Wanted):
    """A medical event that exists."""

    event: str


def build(home: Home, desk: Desk) -> Application:
    """Return the ASGI application of a sandbox."""

    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        tls = scope.get("extensions", {}).get("tls")
        if tls is None:  # served by a protocol class that proves nobody
            await _nothing(404).send(send)
            return
        async with asyncio.timeout(_BODY_SECONDS):
            body = await _read(receive)
        if body is None:
            await _nothing(413).send(send)
        elif scope["path"].startswith("/admin/"):
            answer = await asyncio.to_thread(_administer, home, scope, tls["fingerprint"], body)
            await answer.send(send)
        elif scope["method"] == "POST":
            given = dict(scope["headers"]).get(b"content-type", b"").decode("latin-1")
            request = Request(scope["path"], tls["fingerprint"], given, body)
            await _send(await asyncio.to_thread(desk.answer, request), send)
        else:
            await _nothing(200 if scope["path"] == "/health" else 404).send(send)

    return application


async def _read(receive: Receive) -> bytes | None:
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ConnectionCut
        body += message.get("body", b"")
        if len(body) > MOST:
            return None
        if not message.get("more_body"):
            return bytes(body)


async def _send(reply: Reply, send: Send) -> None:
    if reply.cut is not None:
        await asyncio.sleep(reply.cut)
        raise ConnectionCut
    await Answer(reply.status, reply.content_type, reply.body).send(send)


def _nothing(status: int) -> Answer:
    return Answer(status, "text/plain")


def _administer(home: Home, scope: Scope, fingerprint: str, body: bytes) -> Answer:
    if home.store.owner(fingerprint, ADMIN) is None:
        return _nothing(404)
    try:
        return _administered(home, scope["method"], scope["path"], body)
    except ValidationError:
        return error_answer(400, WrongAsked())
    except ErepoError as error:
        return error_answer(400, error)


def _administered(home: Home, method: str, path: str, body: bytes) -> Answer:
    store = home.store
    match method, path:
        case "GET", "/admin/faults":
            pass
        case "PUT", "/admin/faults":
            store.set_fault(Fault(**WantedFault.model_validate_json(body).model_dump()))
        case "DELETE", "/admin/faults":
            store.clear_faults()
        case "PUT", "/admin/rules":
            rule = WantedRule.model_validate_json(body)
            store.set_rule(rule.organisation, rule.document, rule.decision)
        case "PUT", "/admin/events":
            key = event_key(WantedEvent.model_validate_json(body).event)
            if not key:
                raise WrongAsked
            store.add_event(key)
        case "GET", "/admin/audit":
            came = [
                {"provider": who, "message": base64.b64encode(one).decode()} for who, one in store.audits()
            ]
            return json_answer(200, came)
        case "GET", "/admin/state":
            return json_answer(200, orjson.Fragment(orjson.dumps(state(home))))
        case _:
            return _nothing(404)
    return json_answer(200, {"faults": store.faults()})


def state(home: Home) -> dict[str, Any]:
    """Return what the sandbox knows, for people and programs."""
    return {
        "providers": list(home.store.providers()),
        "repositories": home.store.repositories(),
        "faults": home.store.faults(),
    }
