"""The description of what a clinic entrusts to its account: certificates, structure, P1 registration."""

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

_ACCOUNT_ID: Final = text("^[0-9]{16}$")
_FINGERPRINT: Final = text("^[0-9a-f]{64}$", description="SHA-256.")
_SERIAL: Final = text("^[0-9A-F]+$")
_PEM: Final = text(description="PEM.")
_P12: Final = text(contentEncoding="base64", description="PKCS#12 file, at most 1 MiB; old ciphers too.")
_PASSWORD: Final = text(format="password")


def _sent(properties: Json, optional: Json) -> Json:
    schema = object_of(properties)
    return {**schema, "properties": properties | optional}


_CERTIFICATE: Final = object_of(
    {
        "purpose": {"enum": ["TLS", "WSS"]},
        "fingerprint": _FINGERPRINT,
        "serial": _SERIAL,
        "notBefore": MOMENT,
        "notAfter": MOMENT,
        "state": {"enum": ["active", "retired"]},
    }
)
_CELL: Final = object_of(
    {
        "name": text(minLength=1),
        "resort_vii": text("^[0-9]{3}$"),
        "resort_viii": text("^[0-9]{4}$"),
        "resort_x": text("^[0-9]{2}$"),
    }
)
_REGON: Final = {"regon": text("^([0-9]{9}|[0-9]{14}|)$", description="With check digits, or empty.")}
_UNIT: Final = _sent(
    {
        "name": text(minLength=1),
        "resort_v": text("^[0-9]{2}$"),
        "cells": {"type": "array", "items": _CELL, "minItems": 1},
    },
    _REGON,
)
_PROVIDER: Final = _sent(
    {
        "name": text(minLength=1),
        "resort_i": text("^[0-9]{1,12}$"),
        "units": {"type": "array", "items": _UNIT, "minItems": 1},
    },
    _REGON,
)
_P1_CERTIFICATE: Final = object_of(
    {"serial": _SERIAL, "subject": text(), "notBefore": MOMENT, "notAfter": MOMENT}
)

SCHEMAS: Final[Json] = {
    "Certificates": object_of(
        {"account": _ACCOUNT_ID, "certificates": {"type": "array", "items": _CERTIFICATE}}
    ),
    "Structure": object_of({"provider": _PROVIDER}),
    "StructureHeld": object_of({"provider": _PROVIDER, "sha256": _FINGERPRINT, "updatedAt": MOMENT}),
    "P1Registration": object_of(
        {
            "account": _ACCOUNT_ID,
            "state": {"enum": ["none", "stored", "registered"]},
            "repositoryId": nullable(OID),
            "tls": nullable(_P1_CERTIFICATE),
            "wss": nullable(_P1_CERTIFICATE),
            "registeredAt": nullable(MOMENT),
        }
    ),
    "P1Revoked": object_of({"account": _ACCOUNT_ID, "state": {"const": "none"}}),
}
_CERTIFICATES_SENT: Final = _sent(
    {"tls_certificate": _PEM, "wss_certificate": _PEM},
    {
        "retire_others": {
            "type": "boolean",
            "default": False,
            "description": "Retire every other certificate. The connection must use this TLS certificate, and"
            " the token must be signed by this WSS certificate.",
        }
    },
)
_P1_SENT: Final = _sent(
    {"tls_pkcs12": _P12, "tls_password": _PASSWORD, "wss_pkcs12": _P12, "wss_password": _PASSWORD},
    {
        "force_new_repository": {
            "type": "boolean",
            "default": False,
            "description": "Have P1 make a further repository where the provider has one.",
        }
    },
)
_WAYS_TO_FAIL: Final = ("400", "403", "404", "405", "408", "409", "413", "503")


def paths(service: str) -> Json:
    """Return the paths below an account."""
    return {
        f"{service}/certificates": {"parameters": [ACCOUNT], **_certificates()},
        f"{service}/structure": {"parameters": [ACCOUNT], **_structure()},
        f"{service}/p1/certificates": {"parameters": [ACCOUNT], **_p1()},
    }


def _certificates() -> Json:
    listed = answer("All certificates, newest first.", "application/json", ref("Certificates"))
    refused = problems("403", "404", "405", "503")
    return {
        **get("certificates", "The account's certificates", listed, refused, security=PERHAPS_PERSON),
        "put": _method(
            "register-certificates",
            "Register a pair beside those that are there; the same again changes nothing",
            _CERTIFICATES_SENT,
            listed | problems(*_WAYS_TO_FAIL, "502"),
        ),
    }


def _structure() -> Json:
    held = answer("The structure.", "application/json", ref("StructureHeld"))
    refused = problems("403", "404", "405", "503")
    return {
        **get("structure", "The structure that was sent last", held, refused, security=PERHAPS_PERSON),
        "put": _method(
            "send-structure",
            "Send provider, units and cells; the same content again changes nothing",
            ref("Structure"),
            held | problems("400", "403", "404", "405", "408", "413", "503"),
        ),
    }


def _p1() -> Json:
    state = answer("The registration.", "application/json", ref("P1Registration"))
    revoked = answer("There is none any more.", "application/json", ref("P1Revoked"))
    refused = problems("403", "404", "405", "503")
    return {
        **get("p1", "The registration in P1", state, refused, security=PERHAPS_PERSON),
        "put": _method(
            "register-p1",
            "Store P1 certificates and register the repository; the same again resumes what is unfinished",
            _P1_SENT,
            state | problems(*_WAYS_TO_FAIL, "501", "502", "504"),
        ),
        "delete": {
            "operationId": "revoke-p1",
            "summary": "Erase the P1 certificates and forget the id; the same again answers alike",
            "responses": revoked | refused,
            "security": PERHAPS_PERSON,
        },
    }


def _method(name: str, summary: str, schema: Json, responses: Json) -> dict[str, Any]:
    return {
        "operationId": name,
        "summary": summary,
        "requestBody": {"required": True, "content": {"application/json": {"schema": schema}}},
        "responses": responses,
        "security": PERHAPS_PERSON,
    }
