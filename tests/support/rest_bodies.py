"""A good body of every REST method that takes one, and all the ways to spoil one of its values."""

import copy
import json
import re
import uuid
from collections.abc import Iterator
from typing import Any

from erepo.cloud.web import endpoints
from erepo.cloud.web.endpoints import ENDPOINTS

_PERSON = {"root": "2.16.840.1.113883.3.4424.1.1.616", "extension": "44051401359"}
_ID = str(uuid.uuid4())
#: By place and method; a method that takes no body has None.
BODIES: dict[tuple[str, str], Any] = {
    ("/activation", "POST"): {"wss_certificate": "x"},
    ("/certificates", "PUT"): {"tls_certificate": "x", "wss_certificate": "y", "retire_others": False},
    ("/structure", "PUT"): {"provider": {"name": "x", "resort_i": "000000001003", "units": []}},
    ("/p1/certificates", "PUT"): {
        "tls_pkcs12": "eA==",
        "tls_password": "a",
        "wss_pkcs12": "eA==",
        "wss_password": "b",
        "force_new_repository": False,
    },
    ("/p1/certificates", "DELETE"): None,
    ("/p1/search", "POST"): {
        "patient": _PERSON,
        "purpose": "TREAT",
        "reason": "r",
        "kinds": ["00.10"],
        "from": "2026-01-01",
        "to": "2026-01-02",
    },
    ("/p1/documents", "POST"): {
        "patient": _PERSON,
        "purpose": "TREAT",
        "reason": "r",
        "repositoryUniqueId": "1.2.3",
        "uniqueId": "1.2",
        "hash": "0" * 40,
        "size": 3,
    },
    ("/documents/{uniqueId}/index", "POST"): {
        "medicalEvent": {"root": "1.2.3", "extension": "x"},
        "replaces": "1.2.4",
        "storageYear": 2050,
        "purpose": "TREAT",
    },
    ("/documents/{uniqueId}/index", "DELETE"): None,
    ("/consents", "POST"): {
        "id": _ID,
        "patient": _PERSON,
        "recipient": {"kind": "account", "account": "0000000000003005"},
        "validFrom": "2026-01-01T00:00:00Z",
        "validUntil": "2046-01-01T00:00:00Z",
        "case": "x",
        "documents": ["1.2.3"],
    },
    ("/consents/{id}", "DELETE"): {"reason": "r", "id": _ID},
    ("/patient-documents/{id}", "DELETE"): {"outcome": "taken", "sha256": "0" * 64, "reason": None},
    ("/patients", "POST"): {"id": _ID, "patient": _PERSON, "email": "jan@poczta.example", "language": "pl"},
    ("/patients/{id}", "DELETE"): {"id": _ID, "reason": "r"},
    ("/administrator", "PUT"): {"login": "administrator", "password": "pierwsze haslo na raz"},
}
SPOILED: tuple[Any, ...] = (None, True, 10**18, "", "\0", "x" * 300, "\N{RIGHT-TO-LEFT OVERRIDE}", [], {})


def writing() -> set[tuple[str, str]]:
    """Return each place and method, of the program's own table, that may take JSON."""
    apart = (endpoints.XDS, endpoints.OUTSIDE)
    return {
        (place, method)
        for place, each in ENDPOINTS.items()
        if each not in apart and not each.pages
        for method in each.methods
        if method != "GET"
    }


def filled(place: str, name: str = _ID) -> str:
    """Return a place with an id where one belongs."""
    return re.sub(r"\{[A-Za-z]+\}", name, place)


def spoiled(good: Any) -> Iterator[bytes]:
    """Yield a body with one value after the other replaced, and some that are hardly JSON."""
    for where in _places(good):
        for value in SPOILED:
            yield json.dumps(_with(good, where, value)).encode()
    yield from (b"", b"\xff\xfe", b"[" * 5000, b'{"a":' * 900 + b"1" + b"}" * 900, b'{"a":1e400}', b'"a"')


def _places(value: Any, before: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield before
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, each in inside:
        yield from _places(each, (*before, name))


def _with(good: Any, where: tuple[Any, ...], value: Any) -> Any:
    if not where:
        return value
    changed = copy.deepcopy(good)
    place = changed
    for name in where[:-1]:
        place = place[name]
    place[where[-1]] = value
    return changed
