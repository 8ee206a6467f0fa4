"""What all routers say of their answers, and how somebody shows who is signed in."""

from typing import Any, Final

from fastapi import Security
from fastapi.security import APIKeyCookie, HTTPBearer

from erepo.portal.problems import MEDIA_TYPE
from erepo.portal.sessions import COOKIE

_WORDS: Final = {
    400: "The request is wrong.",
    401: "Nobody is signed in.",
    403: "Refused.",
    404: "There is no such thing, or not for you.",
    409: "Another file came under this key.",
    413: "The request is too large.",
    415: "Not a kind of file that is taken.",
    422: "It cannot be done with this document.",
    429: "Too often; see Retry-After.",
    503: "Not now; see Retry-After.",
}

#: For the description alone: `sessions.signed_in` decides.
SHOWN: Final = [
    Security(HTTPBearer(auto_error=False, scheme_name="token", description="For applications.")),
    Security(APIKeyCookie(name=COOKIE, auto_error=False, scheme_name="cookie", description="For browsers.")),
]


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return the errors a route may answer beside those that all may."""
    content = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    described: dict[int | str, dict[str, Any]] = {
        status: {"description": _WORDS[status], "content": content}
        for status in sorted({400, 413, 503, *statuses})
    }
    # Also keeps the framework from describing an answer of its own that is never given.
    described["default"] = {"description": "A fault of ours.", "content": content}
    return described
