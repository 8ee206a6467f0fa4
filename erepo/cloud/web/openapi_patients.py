"""The description of invitations: whom a clinic has identified, so that the person may sign in."""

from typing import Final

from erepo.cloud.patients.content import EMAIL, PHONE
from erepo.cloud.web.openapi_consents import signed
from erepo.cloud.web.openapi_words import (
    ACCOUNT,
    COUNT,
    MOMENT,
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
from erepo.identifiers.oids import PESEL

_FACTS: Final[Json] = {
    "id": UUID,
    "state": {"enum": ["invited", "ended"]},
    "channel": {"enum": ["email", "sms"]},
    "createdAt": MOMENT,
    "endedAt": nullable(MOMENT),
}
SCHEMAS: Final[Json] = {
    "PatientInvited": {
        "type": "object",
        "required": ["id", "patient"],
        "description": "A person whose identity the clinic has checked, and an address that the person has"
        " given to it: one of email and phone at least. Codes go to the e-mail address where there is one.",
        "properties": {
            "id": UUID | {"description": "Of the client."},
            "patient": object_of({"root": {"const": PESEL}, "extension": text("^[0-9]{11}$")}),
            "email": {"oneOf": [text(EMAIL, maxLength=254), {"type": "null"}]},
            "phone": {"oneOf": [text(PHONE), {"type": "null"}]},
            "language": {"enum": ["pl", "en"], "default": "pl"},
        },
        "additionalProperties": False,
    },
    "PatientRemoved": {
        **object_of({"id": UUID, "reason": text(minLength=1, maxLength=500)}),
        "additionalProperties": False,
    },
    "Patient": object_of(_FACTS),
    "Patients": object_of(
        {
            "account": text("^[0-9]{16}$"),
            "patients": {"type": "array", "items": object_of(_FACTS)},
            "next": COUNT | {"description": "Give it as `after` to read on."},
            "more": {"type": "boolean"},
        }
    ),
}


def paths(service: str) -> Json:
    """Return the paths below an account."""
    one = {"name": "id", "in": "path", "required": True, "schema": UUID}
    return {
        f"{service}/patients": {"parameters": [ACCOUNT], **_all()},
        f"{service}/patients/{{id}}": {"parameters": [ACCOUNT, one], **_one()},
    }


def _all() -> Json:
    made = answer("It is there, the very same came before.", "application/json", ref("Patient"))
    fresh = {"201": answer("It is kept.", "application/json", ref("Patient"))["200"]}
    return {
        **get(
            "patients",
            "Whom the account has invited, in the order in which they came; persons are not told",
            answer("A page of invitations.", "application/json", ref("Patients")),
            problems("400", "403", "404", "405", "503"),
            parameters=PAGE,
            security=PERHAPS_PERSON,
        ),
        "post": signed(
            "invite-patient",
            "Invite a person to the portal; the very same again changes nothing, a new one for the person"
            " takes the place of the earlier",
            "PatientInvited",
            made | fresh | problems(*WRITTEN, "409", "422"),
        ),
    }


def _one() -> Json:
    told = answer("The invitation.", "application/json", ref("Patient"))
    return {
        **get(
            "patient",
            "State of an invitation",
            told,
            problems("403", "404", "405", "503"),
            security=PERHAPS_PERSON,
        ),
        "delete": signed(
            "remove-patient",
            "End an invitation now, also for sessions under way; the same again answers alike",
            "PatientRemoved",
            told | problems(*WRITTEN),
        ),
    }
