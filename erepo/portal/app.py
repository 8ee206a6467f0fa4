"""The application: one table of routers, every error in the service's form, nobody's data in a log."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import version
from typing import Any, Final

from fastapi import FastAPI

from erepo.portal import problems
from erepo.portal.carriers import Carriers, mail_carrier
from erepo.portal.guard import Guard
from erepo.portal.housekeeping import keep_house
from erepo.portal.office import Office
from erepo.portal.routes import ROUTERS
from erepo.portal.sending import Sender
from erepo.settings import Settings

_ABOUT: Final = """What patients, and persons with whom documents are shared, see of a repository service.

Sign in with a PESEL and a one-time code; a browser then has a cookie and carries `X-Erepo-Csrf` with each
changing request, an application a bearer token. Errors have a `code` for programs and words for people, in
Polish and English. Numbers of people stand in bodies only."""
_WORDS: Final[dict[str, Any]] = {
    "type": "object",
    "required": ["pl", "en"],
    "properties": {"pl": {"type": "string"}, "en": {"type": "string"}},
}
_PROBLEM: Final[dict[str, Any]] = {
    "type": "object",
    "required": ["code", "cause", "cure", "status", "title", "detail"],
    "properties": {
        "code": {"type": "string", "description": "For programs; never changes."},
        "cause": _WORDS,
        "cure": _WORDS,
        "status": {"type": "integer"},
        "title": {"type": "string"},
        "detail": {"type": "string", "description": "Cause and cure in the language of Accept-Language."},
    },
}


def carriers_of(settings: Settings) -> Carriers:
    """Return what messages are sent by.

    Raises:
        CarrierUnusable: the settings cannot be used.
    """
    return Carriers(mail_carrier(settings), sender=settings.portal.sender)


def build(office: Office) -> FastAPI:
    """Return the application of a process; whoever made the office closes its cloud."""

    @asynccontextmanager
    async def life(app: FastAPI) -> AsyncIterator[None]:
        app.state.office = office
        cloud = office.cloud
        await asyncio.to_thread(office.patients.get)
        cloud.start()
        sender = Sender(office)
        sender.start()
        house = asyncio.create_task(keep_house(office))
        try:
            yield
        finally:
            house.cancel()
            await asyncio.gather(house, return_exceptions=True)
            await asyncio.to_thread(sender.stop)
            await cloud.stop()

    app = FastAPI(
        title="erepo for patients",
        version=version("erepo"),
        description=_ABOUT,
        license_info={"name": "Apache-2.0", "identifier": "Apache-2.0"},
        # Their pages load scripts from other people's servers.
        docs_url=None,
        redoc_url=None,
        openapi_url="/portal/openapi.json",
        lifespan=life,
        redirect_slashes=False,
        generate_unique_id_function=lambda route: route.name,
    )
    for router in ROUTERS:
        app.include_router(router)
    problems.install(app, ROUTERS)
    times = office.settings.http
    app.add_middleware(Guard, seconds=times.read, patience=times.write, own=office.settings.portal_url)
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
            plain()["components"]["schemas"]["Problem"] = _PROBLEM
        return plain()

    app.openapi = described  # type: ignore[method-assign]  # FastAPI's documented way
