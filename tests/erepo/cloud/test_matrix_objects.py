"""Another account's objects, named in a path or a body of the REST interface, are what does not exist."""

import asyncio
import json
import re
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from erepo.acting import write_detached
from erepo.cloud.patients_own import Gift, Giver, give
from erepo.cloud.service import Cloud
from erepo.cloud.web.endpoints import ENDPOINTS
from tests.erepo.cloud.conftest import OTHER
from tests.support.audit import record_of
from tests.support.cloud import RunningCloud, TenantCredentials, running_cloud
from tests.support.cloud_client import PATIENT, connected, new_oid, one_document
from tests.support.matrix import Seen, seen
from tests.support.patients_own import WHO, pdf

_PERSON = {"root": PATIENT.authority_oid, "extension": PATIENT.id}


@dataclass
class Account:
    """One account and its connection."""

    tenant: TenantCredentials
    http: httpx.Client

    def send(self, method: str, path: str, content: Any = None) -> httpx.Response:
        """Send a person's signed request."""
        body = b"" if content is None else json.dumps(content).encode()
        seal = {"x-erepo-signature": write_detached(body, self.tenant.wss)} if body else {}
        url = str(self.tenant.facts["service"]) + path
        return self.http.request(method, url, content=body, headers={**self.tenant.named(), **seal})

    def deposit(self) -> str:
        """Store a document and return its uniqueId."""
        unique_id = new_oid()

        async def provide() -> None:
            async with connected(self.tenant) as client:
                await client.provide(one_document(b"<a/>", unique_id=unique_id))

        asyncio.run(provide())
        return unique_id


@dataclass
class Objects:
    """What the owner has, by the place where it is asked for; `own` is a document of who asks."""

    theirs: dict[str, str]
    own: str


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory, stores: str) -> Iterator[RunningCloud]:
    """A service of two accounts."""
    with running_cloud(tmp_path_factory.mktemp("objects"), stores=stores) as cloud:
        cloud.add_tenant(OTHER)
        yield cloud


@pytest.fixture(scope="module")
def owner(running: RunningCloud) -> Iterator[Account]:
    """Whose objects are asked for."""
    yield from _opened(running.tenant)


@pytest.fixture(scope="module")
def asker(running: RunningCloud) -> Iterator[Account]:
    """Who asks."""
    yield from _opened(TenantCredentials(running.credentials_folder / OTHER))


def _opened(tenant: TenantCredentials) -> Iterator[Account]:
    with httpx.Client(verify=tenant.tls_context(), trust_env=False, timeout=60) as http:
        yield Account(tenant, http)


@pytest.fixture(scope="module")
def objects(running: RunningCloud, owner: Account, asker: Account) -> Objects:
    """One of each."""
    document, consent_id, invited = owner.deposit(), str(uuid.uuid4()), str(uuid.uuid4())
    assert owner.send("POST", "/consents", consent(consent_id, document)).status_code == 201
    assert owner.send("POST", "/patients", invitation(invited)).status_code == 201
    theirs = {
        "/consents/{id}": consent_id,
        "/patients/{id}": invited,
        "/patient-documents/{id}": given(running),
        "/documents/{uniqueId}/index": document,
    }
    return Objects(theirs, asker.deposit())


def consent(consent_id: str, *documents: str) -> dict[str, Any]:
    """Return a consent for somebody else."""
    return {
        "id": consent_id,
        "patient": _PERSON,
        "recipient": {"kind": "account", "account": "0000000000003005"},
        "validFrom": "2026-01-01T00:00:00Z",
        "validUntil": "2099-01-01T00:00:00Z",
        "case": "Leczenie",
        "documents": list(documents),
    }


def invitation(link_id: str) -> dict[str, Any]:
    """Return an invitation of one patient."""
    return {"id": link_id, "patient": _PERSON, "email": "jan@poczta.example", "language": "pl"}


def given(running: RunningCloud) -> str:
    """Give the owner a patient's document, as the portal does, and return its id."""
    cloud = Cloud(running.settings)
    cloud.start()
    try:
        with record_of(running.settings.cloud_url) as record:
            number = record.number(running.tenant.account)
        gift = Gift(running.tenant.account, str(uuid.uuid4()), "Wynik", pdf())
        told, _ = asyncio.run(give(cloud, Giver(1, PATIENT, (number,)), gift, WHO))
        return str(told["id"])
    finally:
        asyncio.run(cloud.stop())
        cloud.close()


def test_no_kind_of_object_is_forgotten(objects: Objects) -> None:
    """Every place of the service's own table that names an object is asked for."""
    assert objects.theirs.keys() == {place for place in ENDPOINTS if "{" in place}


BODIES: dict[str, Callable[[str], Any]] = {
    "/consents/{id}": lambda _: {"reason": "cofnieta"},
    "/patients/{id}": lambda name: {"id": name, "reason": "koniec"},
    "/patient-documents/{id}": lambda _: {"outcome": "refused", "sha256": "0" * 64, "reason": "unreadable"},
    "/documents/{uniqueId}/index": lambda _: {"storageYear": 2090},
}
ASKED = [(place, method) for place in BODIES for method in ENDPOINTS[place].methods]


@pytest.mark.parametrize(("place", "method"), ASKED)
def test_an_object_of_another_is_no_object(
    objects: Objects, owner: Account, asker: Account, place: str, method: str
) -> None:
    """Its id in the path gets the answer of an id that nobody has, and its owner finds it as it was."""
    theirs = objects.theirs[place]
    nobodys = new_oid() if "uniqueId" in place else str(uuid.uuid4())
    before = _found(owner, place, theirs)
    answers = [_asked(asker, method, place, name) for name in (theirs, nobodys)]
    assert answers[0] == answers[1]
    assert answers[0].status >= 400
    assert _found(owner, place, theirs) == before


def _asked(who: Account, method: str, place: str, name: str) -> Seen:
    content = None if method == "GET" else BODIES[place](name)
    return seen(who.send(method, _path(place, name), content), [(name, "NAME")])


def _path(place: str, name: str) -> str:
    return re.sub(r"\{[A-Za-z]+\}", name, place)


def _found(owner: Account, place: str, name: str) -> Seen:
    answer = owner.send("GET", _path(place, name))
    assert answer.status_code == 200
    return seen(answer, ())


def test_an_id_that_another_has_given_is_free(objects: Objects, asker: Account) -> None:
    """Ids that clients choose are an account's own: the other's are taken like any other."""
    consents, patients = objects.theirs["/consents/{id}"], objects.theirs["/patients/{id}"]
    assert asker.send("POST", "/consents", consent(consents, objects.own)).status_code == 201
    assert asker.send("POST", "/patients", invitation(patients)).status_code == 201
    ended = asker.send("DELETE", f"/patients/{patients}", {"id": patients, "reason": "koniec"})
    assert ended.status_code == 200
    assert asker.send("DELETE", f"/consents/{consents}", {"reason": "cofnieta"}).status_code == 200


def test_a_document_of_another_is_none_in_a_body(objects: Objects, asker: Account) -> None:
    """Neither shared nor named as replaced: it is refused as one that nobody has."""
    theirs, nobodys = objects.theirs["/documents/{uniqueId}/index"], new_oid()

    def shared(name: str) -> Seen:
        return seen(asker.send("POST", "/consents", consent(str(uuid.uuid4()), name)), [(name, "NAME")])

    def replaced(name: str) -> Seen:
        body = {"storageYear": 2090, "replaces": name}
        return seen(asker.send("POST", f"/documents/{objects.own}/index", body), [(name, "NAME")])

    for ask in (shared, replaced):
        assert ask(theirs) == ask(nobodys)
        assert ask(theirs).status == 422


def test_what_is_read_is_ones_own(objects: Objects, owner: Account, asker: Account) -> None:
    """Nothing of the owner's stands in any list or state of who asks."""
    theirs = {owner.tenant.account, *objects.theirs.values()}
    # Ids that who asks gave to something of their own, and addresses they asked for, stand there rightly.
    theirs -= {objects.theirs["/consents/{id}"], objects.theirs["/patients/{id}"]}
    apart = ("/audit", "/xds/registry", "/xds/repository")
    for place, each in ENDPOINTS.items():
        if "{" not in place and "GET" in each.methods and place not in apart:
            text = asker.send("GET", place).text
            assert not [name for name in theirs if name in text], place
