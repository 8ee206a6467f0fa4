"""The vocabulary of the description: types, answers and refusals that several resources share."""

from typing import Any, Final

Json = dict[str, Any]


def text(*pattern: str, **more: Any) -> Json:
    """Return the type of a text, with a pattern or not."""
    return {"type": "string", **({"pattern": pattern[0]} if pattern else {}), **more}


OID: Final = text(r"^[0-2](\.(0|[1-9][0-9]*))+$")
COUNT: Final = {"type": "integer", "minimum": 0}
URL: Final = text(format="uri")
MOMENT: Final = text(format="date-time")
UUID: Final = text("^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")
#: How what is written may fail, whatever it is.
WRITTEN: Final = ("400", "403", "404", "405", "408", "413", "503")
#: Parameters of a list that is read page by page.
PAGE: Final[list[Json]] = [
    {"name": "after", "in": "query", "schema": COUNT | {"default": 0}},
    {
        "name": "limit",
        "in": "query",
        "schema": {"type": "integer", "minimum": 1, "maximum": 500, "default": 100},
    },
]

PROBLEMS: Final = {
    "400": "The request cannot be read, or its certificates do not pass.",
    "403": "The account is suspended, a certificate was revoked, or the acting person is not proven.",
    "404": "Nothing is here for this certificate; says the same whether the account exists or not.",
    "405": "Another method; `Allow` names the right one.",
    "408": "The body stopped coming.",
    "409": "What is there stands in the way: other certificates, another administrator, a missing proof,"
    " another request about the same document.",
    "413": "The body is too large.",
    "422": "Something is missing without which P1 would refuse, or some documents cannot be shared: each is"
    " named; nothing was sent or kept.",
    "429": "Too much was guessed; the answer says for how long nothing more is judged.",
    "501": "The service is not connected to P1.",
    "502": "P1 refused, or answered without an id; the certificates are stored. Codes `pki.…`: what the"
    " authority of a certificate says of it proves nothing; nothing was changed.",
    "503": "The storage, P1 or a certificate's authority cannot take it now, or the service is stopping.",
    "504": "P1 did not answer in time; the certificates are stored, the same again resumes.",
}
ACCOUNT: Final = {"$ref": "#/components/parameters/account"}
#: A token about the acting person may come with the certificate, and is proven if it does.
PERHAPS_PERSON: Final[list[Json]] = [{"certificate": []}, {"certificate": [], "person": []}]


def object_of(properties: Json) -> Json:
    """Return the type of an object that has all these properties."""
    return {"type": "object", "required": list(properties), "properties": properties}


def nullable(schema: Json) -> Json:
    """Return the type of what may be null."""
    return {"oneOf": [schema, {"type": "null"}]}


def answer(description: str, media_type: str, schema: Json) -> Json:
    """Return the answer of a request that went well."""
    return {"200": {"description": description, "content": {media_type: {"schema": schema}}}}


def problems(*codes: str) -> Json:
    """Return the answers of requests that did not."""
    return {code: {"$ref": f"#/components/responses/Error{code}"} for code in codes}


def ref(name: str) -> Json:
    """Return what stands for a schema of the description."""
    return {"$ref": f"#/components/schemas/{name}"}


def get(name: str, summary: str, answer: Json, problems: Json, **more: Any) -> Json:
    """Return a GET."""
    return {"get": {"operationId": name, "summary": summary, "responses": answer | problems, **more}}
