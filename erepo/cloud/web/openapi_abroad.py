"""The description of documents of other providers."""

from typing import Any, Final

from erepo.cloud.web.openapi_words import (
    ACCOUNT,
    COUNT,
    OID,
    PERHAPS_PERSON,
    Json,
    answer,
    nullable,
    object_of,
    problems,
    ref,
    text,
)

_WHY: Final[Json] = {
    "patient": object_of({"root": OID, "extension": text(minLength=1, maxLength=256)}),
    "purpose": {"enum": ["TREAT", "CONTT", "BTG"], "default": "TREAT"},
    "reason": nullable(text(maxLength=500, description="Of BTG: three words at least.")),
}
_SEARCH: Final[Json] = {
    "type": "object",
    "required": ["patient"],
    "properties": {
        **_WHY,
        "kinds": nullable({"type": "array", "maxItems": 50, "items": text(r"^[0-9.]+$")}),
        "from": nullable(text(format="date", description="Created on this Polish day or later.")),
        "to": nullable(text(format="date", description="Created on this Polish day or earlier.")),
    },
}
_DOCUMENT: Final[Json] = {
    "type": "object",
    "required": ["patient", "repositoryUniqueId", "uniqueId", "hash"],
    "properties": {
        **_WHY,
        "repositoryUniqueId": OID,
        "uniqueId": text(minLength=1, maxLength=256),
        "hash": text("^[0-9a-fA-F]{40}$", description="SHA-1, as the search told it."),
        "size": nullable({"type": "integer", "minimum": 1}),
    },
}
SCHEMAS: Final[Json] = {
    "Abroad": object_of(
        {
            "documents": {
                "type": "array",
                "items": object_of(
                    {
                        "uniqueId": text(),
                        "repositoryUniqueId": text(),
                        "entryUuid": text(),
                        "classCode": nullable(text()),
                        "typeCode": nullable(text()),
                        "formatCode": nullable(text()),
                        "mimeType": text(),
                        "creationTime": text(description="DTM, UTC."),
                        "size": nullable(COUNT),
                        "hash": nullable(text()),
                        "institution": nullable(
                            object_of(
                                {"name": text(), "root": nullable(text()), "extension": nullable(text())}
                            )
                        ),
                    }
                ),
            },
            "more": {"type": "boolean", "description": "There are more than a thousand."},
            "questions": COUNT | {"description": "How often P1 was asked."},
        }
    )
}


def paths(service: str) -> dict[str, Any]:
    """Return the paths below an account."""
    at_p1 = problems("400", "403", "404", "405", "408", "413", "422", "501", "502", "503", "504")
    found = answer("What P1's index has, created last first.", "application/json", ref("Abroad"))
    octets = answer("The exact octets.", "application/octet-stream", text(format="binary"))
    return {
        f"{service}/p1/search": {
            "parameters": [ACCOUNT],
            "post": {
                "operationId": "search-abroad",
                "summary": "Find a patient's documents in P1 (ITI-18)",
                "requestBody": {"required": True, "content": {"application/json": {"schema": _SEARCH}}},
                "responses": found | at_p1,
                "security": PERHAPS_PERSON,
            },
        },
        f"{service}/p1/documents": {
            "parameters": [ACCOUNT],
            "post": {
                "operationId": "fetch-abroad",
                "summary": "Fetch a document from another provider's repository (ITI-43)",
                "requestBody": {"required": True, "content": {"application/json": {"schema": _DOCUMENT}}},
                "responses": octets | at_p1,
                "security": PERHAPS_PERSON,
            },
        },
    }
