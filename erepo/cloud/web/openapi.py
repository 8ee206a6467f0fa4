"""The description of the REST resources, as `/openapi.json` serves it (OpenAPI 3.1)."""

from importlib.metadata import version
from typing import Final

from erepo.cloud.web.openapi_abroad import SCHEMAS as ABROAD_SCHEMAS
from erepo.cloud.web.openapi_abroad import paths as abroad_paths
from erepo.cloud.web.openapi_accounts import SCHEMAS as ACCOUNT_SCHEMAS
from erepo.cloud.web.openapi_accounts import paths as account_paths
from erepo.cloud.web.openapi_consents import SCHEMAS as CONSENT_SCHEMAS
from erepo.cloud.web.openapi_consents import paths as consent_paths
from erepo.cloud.web.openapi_indexing import DOCUMENT, PROBLEM
from erepo.cloud.web.openapi_indexing import SCHEMAS as INDEX_SCHEMAS
from erepo.cloud.web.openapi_indexing import paths as index_paths
from erepo.cloud.web.openapi_patients import SCHEMAS as PATIENT_SCHEMAS
from erepo.cloud.web.openapi_patients import paths as patient_paths
from erepo.cloud.web.openapi_patients_own import SCHEMAS as PATIENTS_OWN_SCHEMAS
from erepo.cloud.web.openapi_patients_own import paths as patients_own_paths
from erepo.cloud.web.openapi_words import (
    ACCOUNT,
    COUNT,
    OID,
    PAGE,
    PERHAPS_PERSON,
    PROBLEMS,
    URL,
    Json,
    answer,
    get,
    object_of,
    problems,
    ref,
    text,
)
from erepo.xds.wsdl.documents import SCHEMAS

_BOTH: Final = {
    "type": "object",
    "required": ["pl", "en"],
    "properties": {"pl": text(), "en": text()},
    "additionalProperties": False,
}
_ERROR: Final = {
    "type": "object",
    "description": "What happened and what to do next, in Polish and English; of indexing in P1 also more.",
    "required": ["code", "cause", "cure"],
    "properties": {
        "code": text(r"^[a-z0-9.-]+$"),
        "cause": _BOTH,
        "cure": _BOTH,
        "count": COUNT | {"description": "`consent.documents-unfit`: how many documents."},
        "documents": {"type": "array", "items": text(), "description": "The first hundred uniqueIds."},
        **PROBLEM,
    },
    "additionalProperties": False,
}
_FACTS: Final[Json] = {
    "account": text("^[0-9]{16}$"),
    "state": {"enum": ["ordered", "active", "suspended"]},
    "security": {"enum": ["wss", "mtls"], "description": "wss: messages must be signed."},
    "repositoryUniqueId": OID,
    "homeCommunityId": text(r"^urn:oid:[0-2](\.(0|[1-9][0-9]*))+$"),
    "sourceId": OID,
    "service": URL,
    "registry": URL,
    "repository": URL,
    "serviceSigner": text(description="PEM of the certificate that signs the service's answers."),
    "validUntil": {"type": ["string", "null"], "format": "date", "description": "Last day to add documents."},
    "limitBytes": COUNT,
    "limitDocuments": COUNT,
}
_USED: Final[Json] = {"usedBytes": COUNT, "usedDocuments": COUNT}


def document(base_url: str) -> Json:
    """Return the description of the service at an address."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "erepo repository service",
            "version": version("erepo"),
            "description": "Accounts over REST; documents over SOAP (IHE XDS.b): see `?wsdl` of them."
            " Every connection shows a client certificate, which decides the account.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": base_url}],
        "security": [{"certificate": []}],
        "paths": _paths(),
        "components": {
            "securitySchemes": {
                "certificate": {"type": "mutualTLS"},
                "person": {
                    "type": "http",
                    "scheme": "bearer",
                    "bearerFormat": "JWT",
                    "description": "Who acts: signed with the account's registered WSS key.",
                },
            },
            "parameters": {
                "account": {"name": "account", "in": "path", "required": True, "schema": _FACTS["account"]},
                **DOCUMENT,
            },
            "schemas": {
                "Error": _ERROR,
                "Facts": object_of(_FACTS),
                "State": object_of(_FACTS | _USED),
                **ACCOUNT_SCHEMAS,
                **INDEX_SCHEMAS,
                **ABROAD_SCHEMAS,
                **CONSENT_SCHEMAS,
                **PATIENTS_OWN_SCHEMAS,
                **PATIENT_SCHEMAS,
            },
            "responses": {f"Error{code}": _error(code) for code in PROBLEMS},
        },
    }


def _error(code: str) -> Json:
    content = {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}
    headers = {"headers": {"Allow": {"schema": text()}}} if code == "405" else {}
    return {"description": PROBLEMS[code], "content": content, **headers}


def _paths() -> Json:
    service = "/services/{account}"
    alive = {"type": "object", "required": ["status"], "properties": {"status": {"const": "ok"}}}
    return {
        "/health": get("health", "Alive", answer("It is.", "application/json", alive), problems("405")),
        "/openapi.json": get(
            "openapi",
            "This description",
            answer("OpenAPI 3.1.", "application/json", {"type": "object"}),
            problems("405"),
        ),
        "/metrics": get(
            "metrics",
            "Figures of this process, for the operator's certificates alone",
            answer("Prometheus text format.", "text/plain", text()),
            problems("404", "405"),
        ),
        service: {
            "parameters": [ACCOUNT],
            **get(
                "account",
                "Identifiers, limits and use of the account",
                answer("The account.", "application/json", ref("State")),
                problems("403", "404", "405", "503"),
                security=PERHAPS_PERSON,
            ),
        },
        f"{service}/audit": {"parameters": [ACCOUNT], **_audit()},
        f"{service}/administrator": {"parameters": [ACCOUNT], **_administrator()},
        f"{service}/activation": {"parameters": [ACCOUNT], **_activation()},
        **account_paths(service),
        **index_paths(service),
        **abroad_paths(service),
        **consent_paths(service),
        **patients_own_paths(service),
        **patient_paths(service),
        f"{service}/xds/registry": {"parameters": [ACCOUNT], **_soap("registry", "ITI-18, 42, 57, 62")},
        f"{service}/xds/repository": {"parameters": [ACCOUNT], **_soap("repository", "ITI-41, 43, 86")},
        f"{service}/p1/xds/repository": {
            "parameters": [ACCOUNT],
            "post": _soap("p1Repository", "ITI-43 for other providers, with P1's certificates alone")["post"],
        },
    }


def _audit() -> Json:
    content = {
        "account": _FACTS["account"],
        "events": {"type": "array", "items": {"type": "object"}},
        "next": COUNT | {"description": "Give it as `after` to read on."},
        "more": {"type": "boolean"},
    }
    return get(
        "audit",
        "The account's own record of every access, in the order in which it was written",
        answer("A page of events.", "application/json", object_of(content)),
        problems("400", "403", "404", "405", "503"),
        parameters=PAGE,
        security=PERHAPS_PERSON,
    )


def _activation() -> Json:
    body = {
        "type": "object",
        "required": ["wss_certificate"],
        "properties": {"wss_certificate": text(description="PEM of the WSS certificate.")},
    }
    return {
        "post": {
            "operationId": "activate",
            "summary": "Register the certificates of an ordered account; the same again gets the same answer",
            "requestBody": {"required": True, "content": {"application/json": {"schema": body}}},
            "responses": answer("The account is active.", "application/json", ref("Facts"))
            | problems("400", "404", "405", "408", "409", "413", "502", "503"),
        }
    }


def _administrator() -> Json:
    content = {"login": text(r"^[a-z0-9][a-z0-9._@-]{2,63}$")}
    secret = text(minLength=12, maxLength=128)
    told = {"account": _FACTS["account"], **content, "mustChange": {"type": "boolean"}}
    return {
        "put": {
            "operationId": "create-administrator",
            "summary": "Make the first login of the account's panel; the same again gets the same answer",
            "security": PERHAPS_PERSON,
            "requestBody": {
                "required": True,
                "content": {"application/json": {"schema": object_of({**content, "password": secret})}},
            },
            "responses": answer("It is there.", "application/json", object_of(told))
            | problems("400", "403", "404", "405", "408", "409", "413", "429", "503"),
        }
    }


def _soap(endpoint: str, transactions: str) -> Json:
    envelope = {
        media_type: {"schema": text()} for media_type in ("application/soap+xml", "multipart/related")
    }
    questions = [
        {"name": "wsdl", "in": "query", "allowEmptyValue": True, "schema": text()},
        {"name": "xsd", "in": "query", "schema": {"enum": list(SCHEMAS)}},
    ]
    return {
        "get": {
            "operationId": f"describe-{endpoint}",
            "summary": "`?wsdl`, or `?xsd=NAME` of a schema that it imports",
            "parameters": questions,
            "responses": answer("WSDL or XML Schema.", "text/xml", text()) | problems("403", "404", "405"),
        },
        "post": {
            "operationId": endpoint,
            "summary": f"SOAP 1.2: {transactions}",
            "requestBody": {"required": True, "content": envelope},
            "responses": {
                "200": {"description": "The answer, or errors of the profile.", "content": envelope},
                "400": {"description": "A SOAP fault of the sender.", "content": envelope},
                "500": {"description": "A SOAP fault of the receiver.", "content": envelope},
                **problems("403", "404", "408", "413", "503"),
            },
        },
    }
