"""The description of a document's index in P1."""

from typing import Any, Final

from erepo.cloud.web.openapi_words import (
    ACCOUNT,
    MOMENT,
    OID,
    PERHAPS_PERSON,
    Json,
    answer,
    get,
    nullable,
    object_of,
    problems,
    ref,
    text,
)

DOCUMENT: Final = {
    "uniqueId": {
        "name": "uniqueId",
        "in": "path",
        "required": True,
        "description": "XDS uniqueId of the document.",
        "schema": text(minLength=1, maxLength=256),
    }
}


_MOMENT: Final = nullable(MOMENT)
_STATE: Final[Json] = {
    "uniqueId": text(),
    "entryUuid": nullable(text("^urn:uuid:", description="P1's own.")),
    "state": {"enum": ["none", "indexing", "indexed", "withdrawn"]},
    "indexedAt": _MOMENT,
    "withdrawnAt": _MOMENT,
    "repositoryUniqueId": nullable(OID),
    "replacedBy": nullable(text()),
}
SCHEMAS: Final[Json] = {
    "Index": object_of(_STATE),
    "Indexed": object_of(
        _STATE
        | {
            "recovered": {
                "type": "boolean",
                "description": "It was there already, or an answer had been lost.",
            }
        }
    ),
}
#: What a problem of indexing tells besides cause and cure.
PROBLEM: Final[Json] = {
    "phase": {"enum": ["preflight", "token", "ask", "register", "consent", "address", "fetch"]},
    "rule": {"type": ["string", "null"], "description": "P1's own code, for example `REG.WER.6860`."},
    "retryable": {"type": "boolean"},
    "missing": {
        "type": "array",
        "items": object_of({"key": text(), "pl": text(), "en": text()}),
    },
}
_SENT: Final[Json] = {
    "type": "object",
    "required": ["storageYear"],
    "properties": {
        "replaces": nullable(text(description="uniqueId of the document whose index it replaces (RPLC).")),
        "medicalEvent": nullable(object_of({"root": OID, "extension": text(minLength=1, maxLength=128)})),
        "storageYear": {"type": "integer", "minimum": 1900, "maximum": 2999},
        "purpose": {"enum": ["TREAT", "BTG", "CONTT"], "default": "TREAT"},
    },
}


def paths(service: str) -> dict[str, Any]:
    """Return the path below an account."""
    document = {"$ref": "#/components/parameters/uniqueId"}
    state = answer("The index.", "application/json", ref("Index"))
    indexed = answer("It is in the index.", "application/json", ref("Indexed"))
    at_p1 = ("409", "422", "501", "502", "503", "504")
    return {
        f"{service}/documents/{{uniqueId}}/index": {
            "parameters": [ACCOUNT, document],
            **get(
                "index",
                "The document's index in P1",
                state,
                problems("403", "404", "405", "503"),
                security=PERHAPS_PERSON,
            ),
            "post": {
                "operationId": "index-document",
                "summary": "Have the document in P1's index; the same again answers alike",
                "requestBody": {"required": True, "content": {"application/json": {"schema": _SENT}}},
                "responses": indexed | problems("400", "403", "404", "405", "408", "413", *at_p1),
                "security": PERHAPS_PERSON,
            },
            "delete": {
                "operationId": "withdraw-index",
                "summary": "Withdraw the document's index; the same again answers alike",
                "responses": state | problems("403", "404", "405", *at_p1),
                "security": PERHAPS_PERSON,
            },
        }
    }
