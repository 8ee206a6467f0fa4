"""Errors as the service tells them, with words in the language of Accept-Language beside.

    {"code", "cause": {"pl", "en"}, "cure": {"pl", "en"}, "status", "title", "detail"}

`title` and `detail` make it a problem of RFC 9457 (`application/problem+json`). Nothing that was sent is
repeated.
"""

import logging
import re
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any, Final

from fastapi import APIRouter, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException

from erepo.blobs.errors import StorageUnavailable
from erepo.cda.errors import DocumentTooLarge, GivenRefused, GivenTypeRefused
from erepo.cloud.consents import NothingVisible
from erepo.cloud.errors import BodyTooLarge, ServiceStopping, where
from erepo.cloud.patients_own.errors import (
    OwnDocumentConflict,
    OwnDocumentLimit,
    OwnDocumentSettled,
    OwnDocumentUnknown,
)
from erepo.errors import AccessRefused, ErepoError, InvalidInput, RetryableError
from erepo.portal import errors as ours
from erepo.texts import Text, spoken

log = logging.getLogger("erepo.portal")

MEDIA_TYPE: Final = "application/problem+json"
_RETRY_SECONDS: Final = 5

#: The first that fits decides.
_STATUS: Final[tuple[tuple[type[ErepoError], int], ...]] = (
    (ours.SignInNeeded, 401),
    (ours.CodeRefused, 403),
    (ours.FormRefused, 403),
    (ours.PathUnknown, 404),
    (ours.SessionUnknown, 404),
    (NothingVisible, 404),
    (OwnDocumentUnknown, 404),
    (ours.MethodNotAllowed, 405),
    (ours.RequestTimeout, 408),
    (OwnDocumentConflict, 409),
    (OwnDocumentSettled, 409),
    (ours.RequestTooLarge, 413),
    (BodyTooLarge, 413),
    (DocumentTooLarge, 413),
    (GivenTypeRefused, 415),
    (GivenRefused, 422),
    (ours.NotShown, 422),
    (ours.TooMany, 429),
    (OwnDocumentLimit, 429),
    (StorageUnavailable, 503),
    (ServiceStopping, 503),
    (InvalidInput, 400),
    (AccessRefused, 403),
    (RetryableError, 503),
)
_TITLES: Final[Mapping[int, Text]] = {
    400: Text("The request is wrong", "Nieprawidłowe żądanie"),
    401: Text("Sign in", "Zaloguj się"),
    403: Text("Not permitted", "Brak uprawnień"),
    404: Text("Not there", "Nie znaleziono"),
    405: Text("Not this way", "Niedozwolona metoda"),
    408: Text("Too slow", "Przekroczony czas"),
    409: Text("Something else is there", "Istnieje już coś innego"),
    413: Text("Too large", "Zbyt duże"),
    415: Text("Not such a file", "Nieobsługiwany rodzaj pliku"),
    422: Text("Cannot be done", "Nie można wykonać"),
    429: Text("Too often", "Zbyt wiele prób"),
    500: Text("A fault of ours", "Błąd wewnętrzny"),
    503: Text("Not now", "Chwilowo niedostępne"),
}


def status_of(error: ErepoError) -> int:
    """Return the status of the answer to a request that ended in an error."""
    return next((status for kind, status in _STATUS if isinstance(error, kind)), 500)


def answer_to(request: Request, error: ErepoError, headers: Mapping[str, str] | None = None) -> JSONResponse:
    """Return the answer to a request that ended in an error."""
    speak = spoken(request.headers.get("accept-language", ""))
    status = status_of(error)
    polish, english = error.explain("pl"), error.explain("en")
    cause, cure = polish if speak == "pl" else english
    content: dict[str, Any] = {
        "code": error.code,
        "cause": {"pl": polish[0], "en": english[0]},
        "cure": {"pl": polish[1], "en": english[1]},
        "status": status,
        "title": _TITLES[status].fill(speak) if status in _TITLES else HTTPStatus(status).phrase,
        "detail": f"{cause} {cure}",
    }
    extra = {"content-language": speak, "vary": "Accept-Language", **(headers or {})}
    if status == HTTPStatus.UNAUTHORIZED:
        extra["www-authenticate"] = "Bearer"
    if status in {HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE}:
        minutes = error.data.get("minutes")
        extra["retry-after"] = str(60 * minutes if isinstance(minutes, int) else _RETRY_SECONDS)
    return JSONResponse(content, status, extra, MEDIA_TYPE)


def as_ours(error: Exception) -> ErepoError:
    """Return any error as one of ours; what was not foreseen goes into the log, without its text."""
    if isinstance(error, ErepoError):
        return error
    log.error("unexpected: %s", where(error))
    return ours.Unexpected()


def _allowed(path: str, routers: Sequence[APIRouter]) -> str:
    """Return all methods of a path; the framework names those of the first route only."""
    routes = [one for router in routers for one in router.routes if isinstance(one, APIRoute)]
    found = {method for one in routes if one.path_regex.match(path) for method in one.methods or ()}
    return ", ".join(sorted(found))


def install(app: FastAPI, routers: Sequence[APIRouter]) -> None:
    """Let every error of an application be answered here."""

    @app.exception_handler(ErepoError)
    async def _known(request: Request, error: ErepoError) -> JSONResponse:
        return answer_to(request, error)

    @app.exception_handler(RequestValidationError)
    async def _invalid(request: Request, error: RequestValidationError) -> JSONResponse:
        first = error.errors()[0]["loc"]
        # Names of fields come from our own schema, except those that nobody asked for.
        names = [str(part) for part in first if re.fullmatch(r"[A-Za-z0-9_.-]{1,40}", str(part))]
        if error.errors()[0]["type"] == "extra_forbidden":
            names = names[:-1]
        return answer_to(request, ours.RequestInvalid(field=".".join(names) or "body"))

    @app.exception_handler(HTTPException)
    async def _refused(request: Request, error: HTTPException) -> JSONResponse:
        if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
            return answer_to(request, ours.MethodNotAllowed(), {"allow": _allowed(request.url.path, routers)})
        if error.status_code == HTTPStatus.NOT_FOUND:
            return answer_to(request, ours.PathUnknown())
        # The framework wraps what happens while it reads a body.
        cause = error.__cause__
        known = cause if isinstance(cause, ErepoError) else ours.RequestInvalid(field="body")
        return answer_to(request, known)
