"""The description of consents: who may see which documents of an account, from when until when."""

from typing import Any, Final

from erepo.cloud.consents.content import MOST_DOCUMENTS
from erepo.cloud.web.openapi_words import (
    ACCOUNT,
    COUNT,
    MOMENT,
    OID,
    PAGE,
    PERHAPS_PERSON,
    UUID,
    WRITTEN,
    Json,
    answer,
    get,
    nullable,
    object_of,
    problems,
    ref,
    text,
)

_PERHAPS: Final = nullable(MOMENT)
_EXTENSION: Final = text("^[A-Za-z0-9./_-]+$", maxLength=64)
_WORDS: Final = text(minLength=1, maxLength=500)
_UNIQUE_ID: Final = text(maxLength=256, description="XDS uniqueId.")
_PATIENT: Final = object_of({"root": OID, "extension": _EXTENSION})
_RECIPIENT: Final[Json] = {
    "type": "object",
    "required": ["kind"],
    "description": "patient: nothing more; person: root and extension; account: account.",
    "properties": {
        "kind": {"enum": ["patient", "person", "account"]},
        "root": OID,
        "extension": _EXTENSION,
        "account": text("^[0-9]{16}$"),
        "name": _WORDS,
    },
    "additionalProperties": False,
}
_FACTS: Final[Json] = {
    "id": UUID,
    "state": {"enum": ["scheduled", "active", "expired", "revoked"]},
    "recipientKind": {"enum": ["patient", "person", "account"]},
    "validFrom": MOMENT,
    "validUntil": MOMENT,
    "createdAt": MOMENT,
    "revokedAt": _PERHAPS,
}
_ACCESSES: Final = object_of({"count": COUNT, "last": _PERHAPS})

SCHEMAS: Final[Json] = {
    "ConsentGiven": {
        **object_of(
            {
                "id": UUID | {"description": "Of the client."},
                "patient": _PATIENT,
                "recipient": _RECIPIENT,
                "validFrom": MOMENT,
                "validUntil": MOMENT | {"description": "The first moment in which it holds no more."},
                "case": _WORDS,
                "documents": {
                    "type": "array",
                    "items": _UNIQUE_ID,
                    "minItems": 1,
                    "maxItems": MOST_DOCUMENTS,
                    "uniqueItems": True,
                },
            }
        ),
        "additionalProperties": False,
    },
    "ConsentRevoked": {
        "type": "object",
        "required": ["reason"],
        "properties": {"reason": _WORDS, "id": UUID | {"description": "If there, that of the path."}},
        "additionalProperties": False,
    },
    "Consent": object_of(
        {**_FACTS, "documents": {"type": "array", "items": _UNIQUE_ID}, "accesses": _ACCESSES}
    ),
    "Consents": object_of(
        {
            "account": text("^[0-9]{16}$"),
            "consents": {"type": "array", "items": object_of(_FACTS)},
            "next": COUNT | {"description": "Give it as `after` to read on."},
            "more": {"type": "boolean"},
        }
    ),
}
_SIGNATURE: Final = {
    "name": "X-Erepo-Signature",
    "in": "header",
    "required": True,
    "schema": text(r"^[A-Za-z0-9_-]+\.\.[A-Za-z0-9_-]+$"),
    "description": "Detached JWS (RFC 7515, appendix F) of the account's WSS key over the body's octets:"
    " `alg` ES256, RS256 or PS256, `x5t#S256` of its certificate.",
}


def paths(service: str) -> Json:
    """Return the paths below an account."""
    one = {"name": "id", "in": "path", "required": True, "schema": UUID}
    return {
        f"{service}/consents": {"parameters": [ACCOUNT], **_all()},
        f"{service}/consents/{{id}}": {"parameters": [ACCOUNT, one], **_one()},
    }


def _all() -> Json:
    made = answer("It is there, the very same came before.", "application/json", ref("Consent"))
    fresh = {"201": answer("It is kept.", "application/json", ref("Consent"))["200"]}
    return {
        **get(
            "consents",
            "The account's consents in the order in which they came",
            answer("A page of consents.", "application/json", ref("Consents")),
            problems("400", "403", "404", "405", "503"),
            parameters=PAGE,
            security=PERHAPS_PERSON,
        ),
        "post": signed(
            "give-consent",
            "Share documents of one patient; the very same again changes nothing",
            "ConsentGiven",
            made | fresh | problems(*WRITTEN, "409", "422"),
        ),
    }


def _one() -> Json:
    told = answer("The consent.", "application/json", ref("Consent"))
    return {
        **get(
            "consent",
            "State, times, documents and accesses of a consent",
            told,
            problems("403", "404", "405", "503"),
            security=PERHAPS_PERSON,
        ),
        "delete": signed(
            "revoke-consent",
            "End a consent now, also for downloads under way; the same again answers alike",
            "ConsentRevoked",
            told | problems(*WRITTEN),
        ),
    }


def signed(name: str, summary: str, schema: str, responses: Json) -> dict[str, Any]:
    """Return a method whose body the account signs."""
    return {
        "operationId": name,
        "summary": summary,
        "parameters": [_SIGNATURE],
        "requestBody": {"required": True, "content": {"application/json": {"schema": ref(schema)}}},
        "responses": responses,
        "security": PERHAPS_PERSON,
    }
