"""What all routers say of their answers, and write down of who asks."""

import asyncio
from typing import Any

from erepo.api.access import Office
from erepo.api.models import Problem
from erepo.api.problems import MEDIA_TYPE
from erepo.api.tokens import Token
from erepo.clinic.audit import note
from erepo.clinic.permissions import person

_WORDS = {
    400: "The request is wrong.",
    401: "No token, or none that is valid.",
    403: "The token has not the scope, or the user not the permission.",
    404: "There is no such thing.",
    410: "It was deleted.",
    408: "The body came too slowly.",
    413: "The document is too large.",
    415: "Not a type that is taken in.",
    422: "It cannot be taken in as it is.",
    429: "Too many wrong tokens.",
    502: "The repository refused.",
    503: "Not now; repeat it after Retry-After.",
}


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return the errors a route may answer beside those that all may."""
    schema = {MEDIA_TYPE: {"schema": {"$ref": f"#/components/schemas/{Problem.__name__}"}}}
    described: dict[int | str, dict[str, Any]] = {
        status: {"description": _WORDS[status], "content": schema}
        for status in sorted({400, 401, 403, 429, 503, *statuses})
    }
    # Also keeps the framework from describing an answer of its own that is never given.
    described["default"] = {"description": "A fault of ours.", "content": schema}
    return described


async def on_behalf(office: Office, caller: Token, login: str, what: str, documents: int) -> None:
    """Write down that a system asks for something on behalf of a person, before it is done.

    Raises:
        NoSuchUser: nobody on the active staff has this login. It is not written down: whatever a faulty
            system has put there, it may be a patient.
    """

    def write() -> None:
        with office.database.begin() as connection:
            person(connection, login)
            detail = {"for": login, "what": what, "documents": documents}
            note(connection, "asked_on_behalf", subject="api_token", subject_id=caller.id,
                 actor=caller.actor, detail=detail)  # fmt: skip

    await asyncio.to_thread(write)
