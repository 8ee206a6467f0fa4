"""The application: one table of routers, every error as problem+json, nothing of a patient in any log.

FastAPI, not bare ASGI as the service has it: the service answers thousands of signed messages a second, this
interface a clinic's few systems, for whom a description of every field that cannot drift from the code
(/openapi.json) is worth the tenth of a millisecond. Prefect brings it along and caps its version.
"""

import asyncio
import logging
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from importlib.metadata import version
from typing import Any, Final

from fastapi import FastAPI, Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from erepo.api import problems
from erepo.api.access import Office
from erepo.api.errors import RequestTooLarge, UploadTimeout
from erepo.api.migrating import work_off
from erepo.api.models import Problem
from erepo.api.routes import ROUTERS
from erepo.api.webhooks.working import work
from erepo.clinic.database import Database
from erepo.settings import Settings

log = logging.getLogger("erepo.api")

_ABOUT: Final = """Documents in, their states out, documents back, for the other systems of a clinic.

Errors are `application/problem+json` with a `code` for programs and words for people, in Polish or English by
Accept-Language. No address, answer or message names a patient."""
#: Largest body that is no document, in bytes.
SMALL: Final = 64 * 1024
#: Resources that read their bodies themselves, piece by piece.
_STREAMED: Final = frozenset({("POST", "/api/documents")})
_HEADERS: Final = (
    (b"cache-control", b"no-store"),
    (b"x-content-type-options", b"nosniff"),
)


def build(settings: Settings, database: Database) -> FastAPI:
    """Return the application of an installation, with its worker; whoever opened the database closes it."""

    @asynccontextmanager
    async def life(app: FastAPI) -> AsyncIterator[None]:
        app.state.office = Office.of(settings, database)
        workers = [
            asyncio.create_task(work(database, settings)),
            asyncio.create_task(work_off(database, settings)),
        ]
        try:
            yield
        finally:
            for worker in workers:
                worker.cancel()
            for worker in workers:
                with suppress(asyncio.CancelledError):
                    await worker

    app = FastAPI(
        title="erepo for the clinic's other systems",
        version=version("erepo"),
        description=_ABOUT,
        license_info={"name": "Apache-2.0", "identifier": "Apache-2.0"},
        # Their pages load scripts from other people's servers.
        docs_url=None,
        redoc_url=None,
        lifespan=life,
        redirect_slashes=False,
        generate_unique_id_function=lambda route: route.name,
    )
    for router in ROUTERS:
        app.include_router(router)
    problems.install(app, ROUTERS)
    app.add_middleware(Guard, seconds=settings.http.read)
    _describe(app)

    @app.get("/health", include_in_schema=False)
    async def health() -> dict[str, str]:
        return {"status": "ok"}

    return app


def _describe(app: FastAPI) -> None:
    """Add to the description what no route returns as its model."""
    plain = app.openapi

    def described() -> dict[str, Any]:
        if app.openapi_schema is None:
            schemas = plain()["components"]["schemas"]
            schemas[Problem.__name__] = Problem.model_json_schema()
        return plain()

    app.openapi = described  # type: ignore[method-assign]  # FastAPI's documented way


def bounded(receive: Receive, seconds: float) -> Receive:
    """Return `receive` for a body that is read whole into memory, by whoever sends it: few octets, soon.

    The returned function raises RequestTooLarge or UploadTimeout.
    """
    end, size, done = time.monotonic() + seconds, 0, False

    async def limited() -> Message:
        nonlocal size, done
        try:
            async with asyncio.timeout(None if done else max(0.0, end - time.monotonic())):
                message = await receive()
        except TimeoutError:
            raise UploadTimeout(seconds=round(seconds)) from None
        size += len(message.get("body", b""))
        done = not message.get("more_body", False)
        if size > SMALL:
            raise RequestTooLarge(limit=SMALL)
        return message

    return limited


class Guard:
    """Around everything: bounds of bodies, headers of answers, one line in the log, no error text let out."""

    def __init__(self, app: ASGIApp, seconds: float = 60) -> None:
        self._app, self._seconds = app, seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began, status = time.monotonic(), 0

        async def guarded(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                told = list(message.get("headers", ()))
                known = {name for name, _ in told}
                message = {**message, "headers": told + [one for one in _HEADERS if one[0] not in known]}
            await send(message)

        try:
            streamed = (scope["method"], scope["path"]) in _STREAMED
            await self._app(scope, receive if streamed else bounded(receive, self._seconds), guarded)
        except Exception as error:  # noqa: BLE001  # whatever it is, the other side must hear something
            ours = problems.as_ours(error)
            if status:
                # Half an answer is out; nothing better can be said.
                log.error("answer cut off: %s", problems.where(error))  # noqa: TRY400  # its text may hold a patient
                return
            await problems.answer_to(Request(scope), ours)(scope, receive, guarded)
        finally:
            # The route's pattern, not the path: addresses hold nothing secret, and still they stay here.
            pattern = getattr(scope.get("route"), "path", "-")
            log.info("%s %s %d %.0f ms", scope["method"], pattern, status, (time.monotonic() - began) * 1000)
