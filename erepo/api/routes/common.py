"""What all routers say of their answers."""

from typing import Any

from erepo.api.models import Problem
from erepo.api.problems import MEDIA_TYPE

_WORDS = {
    400: "The request is wrong.",
    401: "No token, or none that is valid.",
    403: "The token has not the scope.",
    404: "There is no such thing.",
    408: "The body came too slowly.",
    413: "The document is too large.",
    415: "Not a type that is taken in.",
    422: "It cannot be taken in as it is.",
    429: "Too many wrong tokens.",
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
