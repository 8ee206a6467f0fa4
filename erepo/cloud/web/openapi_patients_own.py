"""The description of documents that patients gave the account."""

from typing import Any, Final

from erepo.cda.given import TYPES
from erepo.cloud.patients_own.states import Reason, State
from erepo.cloud.web.openapi_words import (
    ACCOUNT,
    COUNT,
    MOMENT,
    OID,
    PAGE,
    PERHAPS_PERSON,
    UUID,
    Json,
    answer,
    get,
    nullable,
    object_of,
    problems,
    ref,
    text,
)

_SHA256: Final = text("^[0-9a-f]{64}$", description="Of the octets as the patient gave them, hex.")

SCHEMAS: Final[Json] = {
    "PatientDocuments": object_of(
        {
            "account": text("^[0-9]{16}$"),
            "documents": {
                "type": "array",
                "items": object_of(
                    {
                        "id": UUID,
                        "size": COUNT,
                        "sha256": _SHA256,
                        "contentType": {"enum": list(TYPES), "description": "By the octets."},
                        "patient": object_of({"root": OID, "extension": text()}),
                        "title": text(maxLength=200),
                        "givenAt": MOMENT,
                    }
                ),
            },
            "next": COUNT | {"description": "Give it as `after` to read on."},
            "more": {"type": "boolean"},
        }
    ),
    "PatientDocumentEnd": {
        "type": "object",
        "required": ["outcome", "sha256"],
        "properties": {
            "outcome": {
                "enum": [State.TAKEN.value, State.REFUSED.value],
                "description": "taken: durable there and read back equal; refused: it was put aside.",
            },
            "sha256": _SHA256,
            "reason": {
                "enum": [*(reason.value for reason in Reason), None],
                "description": "Of a refusal; the patient reads it in general words.",
            },
        },
        "additionalProperties": False,
    },
    "PatientDocument": object_of(
        {
            "account": text("^[0-9]{16}$"),
            "id": UUID,
            "state": {"enum": [state.value for state in State]},
            "settledAt": nullable(MOMENT),
        }
    ),
}


def paths(service: str) -> Json:
    """Return the paths below an account."""
    one = {"name": "id", "in": "path", "required": True, "schema": UUID}
    return {
        f"{service}/patient-documents": {"parameters": [ACCOUNT], **_all()},
        f"{service}/patient-documents/{{id}}": {"parameters": [ACCOUNT, one], **_one()},
    }


def _all() -> Json:
    return get(
        "patient-documents",
        "What patients gave and the account has not taken, in the order in which it came",
        answer("A page of documents.", "application/json", ref("PatientDocuments")),
        problems("400", "403", "404", "405", "503"),
        parameters=PAGE,
        security=PERHAPS_PERSON,
    )


def _one() -> Json:
    octets: dict[str, Any] = {
        "200": {
            "description": "The very octets that the patient gave.",
            "content": {media: {"schema": text(format="binary")} for media in TYPES},
        }
    }
    return {
        **get(
            "patient-document",
            "The octets of a document that waits",
            octets,
            problems("403", "404", "405", "409", "503"),
            security=PERHAPS_PERSON,
        ),
        "delete": {
            "operationId": "settle-patient-document",
            "summary": "Tell that the account has it, durably, or put it aside; the same again answers alike",
            "security": PERHAPS_PERSON,
            "requestBody": {
                "required": True,
                "content": {"application/json": {"schema": ref("PatientDocumentEnd")}},
            },
            "responses": answer("What it is now.", "application/json", ref("PatientDocument"))
            | problems("400", "403", "404", "405", "408", "409", "413", "503"),
        },
    }
