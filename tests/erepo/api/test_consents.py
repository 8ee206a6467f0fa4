"""Consents over REST: written down, sent, searched, revoked; nothing of a person comes back."""

import os
import uuid
from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from erepo.clinic.tables import audit_event
from erepo.settings import Settings
from tests.support.api import RunningApi
from tests.support.clinic_side import PASSPHRASE
from tests.support.ports import free_port
from tests.support.sharing import READER
from tests.support.sharing_desk import LOGIN, MATTER, OTHER_PESEL, PESEL, SharingDesk, sharing_desk

USER = {"X-Erepo-User": LOGIN}


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SharingDesk]:
    """A clinic with its service, both by the present."""
    with sharing_desk(tmp_path_factory.mktemp("consents")) as one:
        one.world.clock.write_text("")
        yield one


@pytest.fixture(scope="module")
def serving(desk: SharingDesk) -> Iterator[RunningApi]:
    """The interface of that clinic."""
    port = free_port()
    settings = Settings(
        _env_file=None, home=desk.clinic.settings.home, key_passphrase=PASSPHRASE, api={"port": port}
    )  # type: ignore[arg-type]
    environment = os.environ | desk.clinic.environment | {"EREPO_API__PORT": str(port)}
    api = RunningApi(settings, desk.clinic.database, environment)
    api.start()
    yield api
    api.stop()


def body(desk: SharingDesk, **changed: object) -> dict[str, object]:
    """Return a consent for the reader's account."""
    said = {
        "id": str(uuid.uuid4()),
        "documents": desk.local(),
        "recipient": {"kind": "account", "account": READER},
        "valid_until": "2031-12-31",
        "matter": MATTER,
    }
    return {**said, **changed}


def test_the_whole_life(desk: SharingDesk, serving: RunningApi) -> None:
    """Draft, the same draft, sending, search, details, history, revocation; twice each changes nothing."""
    given = body(desk)
    name, [one] = str(given["id"]), given["documents"]  # type: ignore[misc]
    with serving.client("consents", "documents:read") as http:
        for _ in range(2):
            made = http.post("/api/consents", json=given, headers=USER)
            assert (made.status_code, made.json()) == (201, {"id": name, "state": "draft", "problem": None})
        other = http.post("/api/consents", json={**given, "matter": "inna"}, headers=USER)
        assert (other.status_code, other.json()["code"]) == (422, "sharing.taken")
        for _ in range(2):
            sent = http.post(f"/api/consents/{name}/sending", headers=USER)
            assert (sent.status_code, sent.json()["state"]) == (200, "active")
        assert desk.sees(one)
        assert http.get(f"/api/documents/{one}").json()["shared"] is True
        found = http.post("/api/consents/search", json={"patient": PESEL, "document": one}).json()
        assert [line["id"] for line in found["consents"]] == [name]
        details = http.get(f"/api/consents/{name}").json()
        assert [document["id"] for document in details["documents"]] == [one]
        for _ in range(2):
            ended = http.post(f"/api/consents/{name}/revocation", json={}, headers=USER)
            assert (ended.status_code, ended.json()["state"]) == (200, "revoked")
        assert not desk.sees(one)
        events = [change["event"] for change in http.get(f"/api/consents/{name}/history").json()]
        assert events[-1] == "consent_revoked"
        answers = str((found, details, events))
    assert not any(text in answers for text in (PESEL, MATTER))


def test_pages_and_refusals(desk: SharingDesk, serving: RunningApi) -> None:
    """Pages by key; scope, permission, person, document and id that are wrong are each told by a code."""
    [one] = desk.local()
    with serving.client("consents") as http:
        names = []
        for _ in range(3):
            person = {"kind": "person", "number": OTHER_PESEL, "name": "Jan Odbiorca"}
            given = body(desk, documents=[one], recipient=person)
            assert http.post("/api/consents", json=given, headers=USER).status_code == 201
            names.append(given["id"])
        query: dict[str, str] = {"document": one, "limit": "2"}
        first = http.get("/api/consents", params=query).json()
        rest = http.get("/api/consents", params={**query, "cursor": first["next"]}).json()
        listed = [line["id"] for line in first["consents"] + rest["consents"]]
        assert (listed, rest["next"]) == (names[::-1], None)
        search = {"recipient": OTHER_PESEL, "document": one, "state": "draft"}
        assert len(http.post("/api/consents/search", json=search).json()["consents"]) == 3
        wrong = (
            (body(desk, recipient={"kind": "person"}), 422, "sharing.recipient"),
            (body(desk, documents=["0" * 32]), 422, "sharing.documents"),
            (body(desk, valid_until="2001-01-01"), 422, "sharing.validity"),
            (body(desk, id="x"), 400, "api.request-invalid"),
        )
        for given, status, code in wrong:
            answer = http.post("/api/consents", json=given, headers=USER)
            assert (answer.status_code, answer.json()["code"]) == (status, code)
            # What to do is told as a program can do it: no command of the terminal.
            assert "erepo " not in str(answer.json()["cure"])
        nobody = http.post("/api/consents", json=body(desk), headers={"X-Erepo-User": OTHER_PESEL})
        assert nobody.json()["code"] == "user.unknown"
        with serving.database.read() as connection:
            kept = connection.execute(sa.select(audit_event.c.detail, audit_event.c.actor)).all()
        assert any("draft consent" in str(row) for row in kept)
        assert OTHER_PESEL not in str(kept)
        nowhere = http.get("/api/consents", params={"cursor": str(uuid.uuid4())})
        assert (nowhere.status_code, nowhere.json()["code"]) == (400, "api.request-invalid")
        assert "cursor" in nowhere.json()["cause"]
        endless = http.post("/api/consents", json=body(desk, valid_until=""), headers=USER)
        assert "the end is missing" in endless.json()["cause"]
        unknown = http.get(f"/api/consents/{uuid.uuid4()}")
        assert (unknown.status_code, unknown.json()["code"]) == (404, "sharing.unknown")
    with serving.client("documents:read") as http:
        refused = http.get("/api/consents")
        assert (refused.status_code, refused.json()["code"]) == (403, "api.scope-missing")
    assert not any(text in "".join(serving.log) for text in (PESEL, OTHER_PESEL, MATTER, "Odbiorca"))
