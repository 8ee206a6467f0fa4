"""Around everything: who sends a request, bounds of bodies, headers of answers, one line in the log."""

import logging
import time
from asyncio import timeout
from typing import Final
from urllib.parse import urlsplit

from fastapi import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from erepo.cloud.errors import where
from erepo.portal import problems
from erepo.portal.errors import FormRefused, RequestTimeout, RequestTooLarge

log = logging.getLogger("erepo.portal")

#: Largest body that a route does not read by itself, in bytes.
SMALL: Final = 16 * 1024
#: Resources that read their bodies themselves, piece by piece, within their own bounds.
STREAMED: Final[set[tuple[str, str]]] = set()
_READS: Final = frozenset({"GET", "HEAD"})
_FROM_HERE: Final = frozenset({"same-origin", "none"})

#: An answer's own header of the same name wins: a page of a document brings its stricter policy along.
HEADERS: Final = (
    (
        b"content-security-policy",
        b"default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
    ),
    (b"cache-control", b"no-store"),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), geolocation=(), microphone=()"),
    (b"strict-transport-security", b"max-age=31536000"),
    (b"x-frame-options", b"DENY"),
)


class StillDenied(Exception):  # says nothing on purpose: the connection is cut
    """What was being sent may not be sent any more."""


class Guard:
    """The outermost layer."""

    def __init__(self, app: ASGIApp, seconds: float, patience: float, own: str) -> None:
        self._app, self._seconds, self._patience = app, seconds, patience
        self._own = _host(own)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began, status, request = time.monotonic(), 0, Request(scope)

        async def guarded(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                told = list(message.get("headers", ()))
                known = {name.lower() for name, _ in told}
                message = {**message, "headers": told + [one for one in HEADERS if one[0] not in known]}
            async with timeout(self._patience):  # a visitor who takes nothing any more holds nobody up
                await send(message)

        try:
            self._expect_own_page(request)
            streamed = (scope["method"], scope["path"]) in STREAMED
            await self._app(scope, receive if streamed else bounded(receive, self._seconds), guarded)
        except StillDenied:
            log.info("an answer was cut off")
            raise
        except Exception as error:  # noqa: BLE001  # whatever it is, the other side must hear something
            ours = problems.as_ours(error)
            if status:
                # Half an answer is out; nothing better can be said, and the rest must not look whole.
                log.error("answer cut off: %s", where(error))  # noqa: TRY400  # its text may hold a patient
                raise StillDenied from None
            await problems.answer_to(request, ours)(scope, receive, guarded)
        finally:
            # The route's pattern, not the path: addresses name documents.
            pattern = getattr(scope.get("route"), "path", "-")
            log.info("%s %s %d %.0f ms", scope["method"], pattern, status, (time.monotonic() - began) * 1000)

    def _expect_own_page(self, request: Request) -> None:
        """Refuse what a browser sends on behalf of another site; programs send neither of the two headers.

        Raises:
            FormRefused: another site is behind it.
        """
        if request.method in _READS:
            return
        if request.headers.get("sec-fetch-site", "same-origin") not in _FROM_HERE:
            raise FormRefused
        origin = request.headers.get("origin")
        if origin is None:
            return
        host = _host(origin)
        if not host or host not in (self._own, request.headers.get("host", "").lower()):
            raise FormRefused


def _host(origin: str) -> str:
    """Return the host and port of an origin; empty if it is none that TLS protects."""
    try:
        parts = urlsplit(origin)
    except ValueError:
        return ""
    return parts.netloc.lower() if parts.scheme == "https" else ""


def bounded(receive: Receive, seconds: float) -> Receive:
    """Return `receive` for a body that is read whole into memory, by whoever sends it: few octets, soon.

    The returned function raises RequestTooLarge or RequestTimeout.
    """
    end, size, done = time.monotonic() + seconds, 0, False

    async def limited() -> Message:
        nonlocal size, done
        try:
            async with timeout(None if done else max(0.0, end - time.monotonic())):
                message = await receive()
        except TimeoutError:
            raise RequestTimeout from None
        size += len(message.get("body", b""))
        done = not message.get("more_body", False)
        if size > SMALL:
            raise RequestTooLarge(limit=SMALL)
        return message

    return limited
