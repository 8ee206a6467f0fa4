"""The description of the REST resources, as `/openapi.json` serves it (OpenAPI 3.1)."""

from importlib.metadata import version
from typing import Any, Final

from erepo.xds.wsdl.documents import SCHEMAS

Json = dict[str, Any]


def _text(*pattern: str, **more: Any) -> Json:
    return {"type": "string", **({"pattern": pattern[0]} if pattern else {}), **more}


_OID: Final = _text(r"^[0-2](\.(0|[1-9][0-9]*))+$")
_COUNT: Final = {"type": "integer", "minimum": 0}
_URL: Final = _text(format="uri")
_BOTH: Final = {
    "type": "object",
    "required": ["pl", "en"],
    "properties": {"pl": _text(), "en": _text()},
    "additionalProperties": False,
}
_ERROR: Final = {
    "type": "object",
    "description": "What happened and what to do next, in Polish and English.",
    "required": ["code", "cause", "cure"],
    "properties": {"code": _text(r"^[a-z0-9.-]+$"), "cause": _BOTH, "cure": _BOTH},
    "additionalProperties": False,
}
_FACTS: Final[Json] = {
    "account": _text("^[0-9]{16}$"),
    "state": {"enum": ["ordered", "active", "suspended"]},
    "security": {"enum": ["wss", "mtls"], "description": "wss: messages must be signed."},
    "repositoryUniqueId": _OID,
    "homeCommunityId": _text(r"^urn:oid:[0-2](\.(0|[1-9][0-9]*))+$"),
    "sourceId": _OID,
    "service": _URL,
    "registry": _URL,
    "repository": _URL,
    "serviceSigner": _text(description="PEM of the certificate that signs the service's answers."),
    "validUntil": {"type": ["string", "null"], "format": "date", "description": "Last day to add documents."},
    "limitBytes": _COUNT,
    "limitDocuments": _COUNT,
}
_USED: Final[Json] = {"usedBytes": _COUNT, "usedDocuments": _COUNT}
_PROBLEMS: Final = {
    "400": "The request cannot be read, or its certificates do not pass.",
    "403": "The account is suspended, or the acting person is not proven.",
    "404": "Nothing is here for this certificate; says the same whether the account exists or not.",
    "405": "Another method; `Allow` names the right one.",
    "408": "The body stopped coming.",
    "409": "Something else is there already: other certificates, another administrator.",
    "413": "The body is too large.",
    "503": "The storage cannot take it now, or the service is stopping.",
}
_ACCOUNT: Final = {"$ref": "#/components/parameters/account"}


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
                "account": {"name": "account", "in": "path", "required": True, "schema": _FACTS["account"]}
            },
            "schemas": {"Error": _ERROR, "Facts": _object(_FACTS), "State": _object(_FACTS | _USED)},
            "responses": {f"Error{code}": _error(code) for code in _PROBLEMS},
        },
    }


def _object(properties: Json) -> Json:
    return {"type": "object", "required": list(properties), "properties": properties}


def _error(code: str) -> Json:
    content = {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}
    headers = {"headers": {"Allow": {"schema": _text()}}} if code == "405" else {}
    return {"description": _PROBLEMS[code], "content": content, **headers}


def _answer(description: str, media_type: str, schema: Json) -> Json:
    return {"200": {"description": description, "content": {media_type: {"schema": schema}}}}


def _problems(*codes: str) -> Json:
    return {code: {"$ref": f"#/components/responses/Error{code}"} for code in codes}


def _ref(name: str) -> Json:
    return {"$ref": f"#/components/schemas/{name}"}


def _paths() -> Json:
    service = "/services/{account}"
    alive = {"type": "object", "required": ["status"], "properties": {"status": {"const": "ok"}}}
    return {
        "/health": _get("health", "Alive", _answer("It is.", "application/json", alive), _problems("405")),
        "/openapi.json": _get(
            "openapi",
            "This description",
            _answer("OpenAPI 3.1.", "application/json", {"type": "object"}),
            _problems("405"),
        ),
        "/metrics": _get(
            "metrics",
            "Figures of this process, for the operator's certificates alone",
            _answer("Prometheus text format.", "text/plain", _text()),
            _problems("404", "405"),
        ),
        service: {
            "parameters": [_ACCOUNT],
            **_get(
                "account",
                "Identifiers, limits and use of the account",
                _answer("The account.", "application/json", _ref("State")),
                _problems("403", "404", "405", "503"),
                security=[{"certificate": []}, {"certificate": [], "person": []}],
            ),
        },
        f"{service}/audit": {"parameters": [_ACCOUNT], **_audit()},
        f"{service}/administrator": {"parameters": [_ACCOUNT], **_administrator()},
        f"{service}/activation": {"parameters": [_ACCOUNT], **_activation()},
        f"{service}/xds/registry": {"parameters": [_ACCOUNT], **_soap("registry", "ITI-18, 42, 57, 62")},
        f"{service}/xds/repository": {"parameters": [_ACCOUNT], **_soap("repository", "ITI-41, 43, 86")},
    }


def _get(name: str, summary: str, answer: Json, problems: Json, **more: Any) -> Json:
    return {"get": {"operationId": name, "summary": summary, "responses": answer | problems, **more}}


def _audit() -> Json:
    after = {"name": "after", "in": "query", "schema": _COUNT | {"default": 0}}
    limit_schema = {"type": "integer", "minimum": 1, "maximum": 500, "default": 100}
    limit = {"name": "limit", "in": "query", "schema": limit_schema}
    content = {
        "account": _FACTS["account"],
        "events": {"type": "array", "items": {"type": "object"}},
        "next": _COUNT | {"description": "Give it as `after` to read on."},
        "more": {"type": "boolean"},
    }
    return _get(
        "audit",
        "The account's own record of every access, in the order in which it was written",
        _answer("A page of events.", "application/json", _object(content)),
        _problems("400", "403", "404", "405", "503"),
        parameters=[after, limit],
        security=[{"certificate": []}, {"certificate": [], "person": []}],
    )


def _activation() -> Json:
    body = {
        "type": "object",
        "required": ["wss_certificate"],
        "properties": {"wss_certificate": _text(description="PEM of the WSS certificate.")},
    }
    return {
        "post": {
            "operationId": "activate",
            "summary": "Register the certificates of an ordered account; the same again gets the same answer",
            "requestBody": {"required": True, "content": {"application/json": {"schema": body}}},
            "responses": _answer("The account is active.", "application/json", _ref("Facts"))
            | _problems("400", "404", "405", "408", "409", "413", "503"),
        }
    }


def _administrator() -> Json:
    content = {"login": _text(r"^[a-z0-9][a-z0-9._@-]{2,63}$")}
    secret = _text(minLength=12, maxLength=128)
    told = {"account": _FACTS["account"], **content, "mustChange": {"type": "boolean"}}
    return {
        "put": {
            "operationId": "create-administrator",
            "summary": "Make the first login of the account's panel; the same again gets the same answer",
            "security": [{"certificate": []}, {"certificate": [], "person": []}],
            "requestBody": {
                "required": True,
                "content": {"application/json": {"schema": _object({**content, "password": secret})}},
            },
            "responses": _answer("It is there.", "application/json", _object(told))
            | _problems("400", "403", "404", "405", "408", "409", "413", "503"),
        }
    }


def _soap(endpoint: str, transactions: str) -> Json:
    envelope = {
        media_type: {"schema": _text()} for media_type in ("application/soap+xml", "multipart/related")
    }
    questions = [
        {"name": "wsdl", "in": "query", "allowEmptyValue": True, "schema": _text()},
        {"name": "xsd", "in": "query", "schema": {"enum": list(SCHEMAS)}},
    ]
    return {
        "get": {
            "operationId": f"describe-{endpoint}",
            "summary": "`?wsdl`, or `?xsd=NAME` of a schema that it imports",
            "parameters": questions,
            "responses": _answer("WSDL or XML Schema.", "text/xml", _text()) | _problems("403", "404", "405"),
        },
        "post": {
            "operationId": endpoint,
            "summary": f"SOAP 1.2: {transactions}",
            "requestBody": {"required": True, "content": envelope},
            "responses": {
                "200": {"description": "The answer, or errors of the profile.", "content": envelope},
                "400": {"description": "A SOAP fault of the sender.", "content": envelope},
                "500": {"description": "A SOAP fault of the receiver.", "content": envelope},
                **_problems("403", "404", "408", "413", "503"),
            },
        },
    }
