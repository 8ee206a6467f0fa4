"""Which page is asked for, and who may see it."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from types import MappingProxyType
from typing import Final
from urllib.parse import quote, urlencode

from erepo.cloud.audit.events import PANEL
from erepo.cloud.audit.evidence import Evidence
from erepo.cloud.bodies import Headers
from erepo.cloud.errors import MethodNotAllowed
from erepo.cloud.panel import sessions
from erepo.cloud.panel.errors import PageUnknown
from erepo.cloud.panel.sessions import Session
from erepo.cloud.registry.jobs import Change
from erepo.cloud.web.answers import Answer
from erepo.cloud.web.calls import Call
from erepo.cloud.web.panel import entry, pages, render
from erepo.cloud.web.panel.visit import SESSION, Visit, effect, language_of
from erepo.errors import ErepoError

Handler = Callable[[Visit], Awaitable[Answer]]
#: Pages for whoever is logged in; a login that must be changed sees only the page to do so.
_PAGES: Final[Mapping[str, Handler]] = MappingProxyType(
    {
        "": pages.first,
        "account": pages.account,
        "certificates": pages.certificates,
        "structure": pages.structure,
        "p1": pages.p1,
        "audit": pages.audit,
    }
)
_ENTRY: Final[Mapping[str, Handler]] = MappingProxyType({"logout": entry.logout, "password": entry.password})


def refusal(account: str, headers: Headers, error: ErepoError, plain: Answer) -> Answer:
    """Return what people see instead of `plain` where a request to an account's pages is refused."""
    language = language_of(headers)
    cause, cure = error.explain(language)
    allow = tuple(each for each in plain.headers if each[0] in {b"allow", b"connection"})
    body = render.write("refused", language, account, cause=cause, cure=cure)
    return render.html(plain.status, body, allow)


async def serve(call: Call) -> Answer:
    """Answer a request to the panel of the connection's own account.

    Raises:
        PageUnknown, MethodNotAllowed, FormRefused: the request is not what a browser sends.
        StorageUnavailable, ServiceBusy, ServiceStopping: try again.
    """
    visit = Visit.of(call)
    if (chosen := _language(visit)) is not None:
        return chosen
    return await _panel(visit, visit.path.removeprefix(visit.base).strip("/"))


async def serve_survey(call: Call) -> Answer:
    """Answer `GET /services/{account}/e-survey-gui` and all below."""
    visit = Visit.of(call)
    return _language(visit) or render.page(visit, "survey")


def _language(visit: Visit) -> Answer | None:
    """Return the answer to a choice of the language, None where none was made."""
    chosen = visit.parameters().get("language")
    if visit.method != "GET" or chosen not in {"pl", "en"}:
        return None
    visit.trail.silent = True
    return render.choose_language(visit, chosen, _without_language(visit))


async def _panel(visit: Visit, name: str) -> Answer:
    if (asset := render.asset(name)) is not None:
        visit.trail.silent = True
        _only_get(visit)
        return asset
    visit.session = await visit.cloud.reading(partial(_session, visit))
    if visit.session is not None:
        entry.acts(visit, visit.session.login)
        await _seen(visit, visit.session)
    if name == "login":
        return await entry.login(visit)
    handler = _ENTRY.get(name) or _PAGES.get(name)
    if handler is None:
        raise PageUnknown
    if visit.session is None:
        return render.redirect(visit, "/login")
    if name in _PAGES:
        if visit.session.must_change:
            return render.redirect(visit, "/password")
        visit.trail.transaction = f"{PANEL}: {name}" if name else PANEL
        _only_get(visit)
    return await handler(visit)


def _session(visit: Visit) -> Session | None:
    token = visit.cookie(SESSION)
    if not token:
        return None
    tenant, limits = visit.tenant.id, visit.cloud.settings.panel
    with visit.cloud.database.read(tenant) as connection:
        return sessions.find(connection, tenant, token, visit.certificate, visit.now(), limits)


async def _seen(visit: Visit, session: Session) -> None:
    """Keep a session alive; not a deed of its own, so the request's record is still to come."""
    at = visit.now()
    if at - session.seen_at < sessions.STALE:
        return
    touch = partial(sessions.touch, tenant_id=visit.tenant.id, token=session.token, at=at)
    job = Change(evidence=Evidence(visit.tenant.id, ()), apply=effect(touch))
    await asyncio.shield(visit.cloud.writer.submit(job))


def _only_get(visit: Visit) -> None:
    if visit.method != "GET":
        raise MethodNotAllowed(allowed="GET")


def _without_language(visit: Visit) -> str:
    kept = {name: value for name, value in visit.parameters().items() if name != "language"}
    return quote(visit.path) + (f"?{urlencode(kept)}" if kept else "")
