"""Errors as RFC 9457 says: `application/problem+json`, in the language the asker accepts.

Nothing that was sent is repeated: no value, no name, no path.
"""

import http
import logging
import re
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any, Final

import sqlalchemy as sa
from fastapi import APIRouter, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException

from erepo.api import errors as ours
from erepo.api.words import CURES, TITLES
from erepo.cda.errors import DocumentTooLarge, UnsupportedMedia
from erepo.clinic.abroad.errors import SearchUnknown
from erepo.clinic.indexing.errors import IndexUnknown
from erepo.clinic.machine import trouble_of
from erepo.clinic.migrating.errors import MigrationUnknown
from erepo.clinic.reading import errors as reading
from erepo.clinic.rest.errors import AnswerInvalid
from erepo.clinic.sharing.errors import ConsentUnknown
from erepo.errors import (
    AccessRefused,
    ConfigurationError,
    ErepoError,
    InvalidInput,
    RemoteRefused,
    RetryableError,
)
from erepo.soap.errors import AnswerRefused, MessageRefused
from erepo.texts import Language, spoken

log = logging.getLogger("erepo.api")

MEDIA_TYPE: Final = "application/problem+json"
#: Where each code is described.
_TYPE: Final = "urn:erepo:problem:"
_RETRY_SECONDS: Final = 5
#: Answers given while the body may still be on its way; where it is longer than this, nobody waits for it.
_UNREAD: Final = frozenset({400, 401, 403, 404, 405, 408, 413, 429})
_SHORT: Final = 64 * 1024

#: The first that fits decides.
_STATUS: tuple[tuple[type[ErepoError], int], ...] = (
    (ours.TokenMissing, 401),
    (ours.TokenRefused, 401),
    (ours.ScopeMissing, 403),
    (ours.PathUnknown, 404),
    (ours.DocumentUnknown, 404),
    (reading.DocumentUnknown, 404),
    (MigrationUnknown, 404),
    (IndexUnknown, 404),
    (ConsentUnknown, 404),
    (SearchUnknown, 404),
    (reading.DocumentGone, 410),
    (ours.WebhookUnknown, 404),
    (ours.MethodNotAllowed, 405),
    (ours.UploadTimeout, 408),
    (ours.UploadEnded, 400),
    (ours.UploadInvalid, 400),
    (ours.RequestInvalid, 400),
    (ours.KeyInvalid, 400),
    (ours.RequestTooLarge, 413),
    (DocumentTooLarge, 413),
    (UnsupportedMedia, 415),
    (AnswerInvalid, 502),
    (AnswerRefused, 502),
    # No message comes to this interface: it is a repository's.
    (MessageRefused, 502),
    (InvalidInput, 422),
    (AccessRefused, 403),
    (RemoteRefused, 502),
    (ours.TooManyFailures, 429),
    (ConfigurationError, 503),
    (RetryableError, 503),
)


def status_of(error: ErepoError) -> int:
    """Return the status of the answer to a request that ended in an error."""
    return next((status for kind, status in _STATUS if isinstance(error, kind)), 500)


def problem_of(error: ErepoError, speak: Language) -> dict[str, Any]:
    """Return the body of the answer."""
    cause, cure = error.explain(speak)
    if (better := CURES.get(error.code)) is not None:
        # The usual words name options of commands, which nobody has here.
        cause = better.cause.fill(speak, **error.data) if better.cause else cause
        cure = better.cure.fill(speak, **error.data)
    status = status_of(error)
    title = TITLES[status].fill(speak) if status in TITLES else HTTPStatus(status).phrase
    return {
        "type": _TYPE + error.code,
        "title": title,
        "status": status,
        "detail": f"{cause} {cure}",
        "code": error.code,
        "cause": cause,
        "cure": cure,
    }


def answer_to(request: Request, error: ErepoError, headers: Mapping[str, str] | None = None) -> JSONResponse:
    """Return the answer to a request that ended in an error."""
    speak = spoken(request.headers.get("accept-language", ""))
    content = problem_of(error, speak)
    status: int = content["status"]
    extra = {"content-language": speak, "vary": "Accept-Language", **(headers or {})}
    if status == http.HTTPStatus.UNAUTHORIZED:
        extra["www-authenticate"] = "Bearer"
    if status in {429, 503}:
        extra["retry-after"] = str(error.data.get("seconds", _RETRY_SECONDS))
    if status in _UNREAD and _is_long(request):
        extra["connection"] = "close"
    return JSONResponse(content, status, extra, MEDIA_TYPE)


def _is_long(request: Request) -> bool:
    length = request.headers.get("content-length", "0")
    chunked = "transfer-encoding" in request.headers
    return chunked or not length.isdigit() or int(length) > _SHORT


def as_ours(error: Exception) -> ErepoError:
    """Return any error as one of ours; what was not foreseen goes into the log, without its text."""
    if isinstance(error, ErepoError):
        return error
    if isinstance(error, OSError | sa.exc.OperationalError):
        return trouble_of(error, "EREPO_HOME") or ours.Unexpected()
    log.error("unexpected: %s", where(error))
    return ours.Unexpected()


def where(error: BaseException) -> str:
    """Return an error's type and place; its text may hold patient data."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    place = f"{trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}" if trace else "?"
    return f"{type(error).__name__} at {place}"


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
        return answer_to(request, ours.RequestInvalid(field=".".join(names) or "body"))

    @app.exception_handler(HTTPException)
    async def _refused(request: Request, error: HTTPException) -> JSONResponse:
        if error.status_code == http.HTTPStatus.METHOD_NOT_ALLOWED:
            return answer_to(request, ours.MethodNotAllowed(), {"allow": _allowed(request.url.path, routers)})
        if error.status_code == http.HTTPStatus.NOT_FOUND:
            return answer_to(request, ours.PathUnknown())
        # The framework wraps what happens while it reads a body.
        cause = error.__cause__
        return answer_to(
            request, cause if isinstance(cause, ErepoError) else ours.UploadInvalid(problem="JSON")
        )
