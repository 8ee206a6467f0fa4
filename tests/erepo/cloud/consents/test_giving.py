"""Consents over REST: signed, kept once with their evidence, with states by the clock."""

import json
import threading
import uuid
from contextlib import suppress
from dataclasses import replace

import httpx
import pytest
from sqlalchemy import select

from erepo.cloud.storage.database import Database
from erepo.cloud.storage.tables_consents import consent
from tests.support.cloud_client import PATIENT, connected, new_oid, one_document
from tests.support.sharing import FROM, READER, SECOND, UNTIL, Sharing, consent_of

pytestmark = pytest.mark.one_store

OTHER_PATIENT = replace(PATIENT, id="44051401359")


@pytest.fixture
async def stored(world: Sharing) -> str:
    """A document of the owner."""
    world.clock.write_text("")
    unique_id = new_oid()
    async with connected(world.owner) as client:
        assert not (await client.provide(one_document(b"<a/>", unique_id=unique_id))).errors
    return unique_id


def row_of(world: Sharing, consent_id: str) -> object:
    """Return the row of a consent."""
    database = Database(world.cloud.settings.cloud_url)
    with database.everyone("a test looks") as connection:
        found = connection.execute(select(consent).where(consent.c.id == consent_id)).one_or_none()
    database.close()
    return found


async def test_a_consent_is_kept_once_with_its_evidence(world: Sharing, stored: str) -> None:
    """201, then 200 for the very same octets, 409 for others; body, signature and signer are kept."""
    body = consent_of(stored)
    consent_id = json.loads(body)["id"]
    first = world.give(body=body)
    assert first.status_code == 201, first.text
    again = world.give(body=body)
    assert (again.status_code, again.json()) == (200, first.json())
    other = world.give(body=body.replace(b"poradni", b"szpitalu"))
    assert (other.status_code, other.json()["code"]) == (409, "consent.conflict")
    row = row_of(world, consent_id)
    assert (row.body, row.signature.count(".")) == (body, 2)  # type: ignore[attr-defined]
    told = world.rest("GET", f"/consents/{consent_id}").json()
    assert told["documents"] == [stored]
    assert told["accesses"] == {"count": 0, "last": None}
    assert "80051212357" not in json.dumps(told)


async def test_states_follow_the_clock(world: Sharing, stored: str) -> None:
    """Scheduled, active from the first second, expired from the last; revoked stays revoked."""
    consent_id = world.give(stored).json()["id"]
    path = f"/consents/{consent_id}"
    for moment, state in (
        (FROM - SECOND, "scheduled"),
        (FROM, "active"),
        (UNTIL - SECOND, "active"),
        (UNTIL, "expired"),
    ):
        world.at(moment)
        assert world.rest("GET", path).json()["state"] == state
    world.at(FROM)
    first = world.revoke(consent_id)
    assert first.json()["state"] == "revoked"
    world.at(FROM + SECOND)
    assert world.revoke(consent_id).json() == first.json()
    world.at(FROM - SECOND)
    assert world.rest("GET", path).json()["state"] == "revoked"


async def test_only_fit_documents_are_shared(world: Sharing, stored: str) -> None:
    """Another patient's, unknown or replaced ones are named, with their number, and nothing is kept."""
    foreign, unknown, consent_id = new_oid(), new_oid(), str(uuid.uuid4())
    async with connected(world.owner) as client:
        theirs = one_document(b"<b/>", unique_id=foreign, patient=OTHER_PATIENT)
        theirs = replace(theirs, submission_set=replace(theirs.submission_set, patient_id=OTHER_PATIENT))
        assert not (await client.provide(theirs)).errors
    answer = world.give(stored, foreign, unknown, id=consent_id)
    assert (answer.status_code, answer.json()["code"]) == (422, "consent.documents-unfit")
    assert (answer.json()["count"], answer.json()["documents"]) == (2, [foreign, unknown])
    assert row_of(world, consent_id) is None
    assert world.rest("GET", f"/consents/{consent_id}").status_code == 404


async def test_nothing_is_taken_without_the_accounts_signature(world: Sharing, stored: str) -> None:
    """No signature, another's key, or another body: refused and nothing kept, also for a revocation."""
    body = consent_of(stored)
    consent_id = json.loads(body)["id"]
    bare = world.rest("POST", "/consents", body, **{"x-erepo-signature": ""})
    stranger = world.rest("POST", "/consents", body, wss=world.reader.wss)
    tls = world.rest("POST", "/consents", body, wss=world.owner.tls)
    assert {each.status_code for each in (bare, stranger, tls)} == {403}
    assert {each.json()["code"] for each in (bare, stranger, tls)} == {"acting.seal-refused"}
    assert row_of(world, consent_id) is None
    assert world.give(body=body).status_code == 201
    refused = world.rest("DELETE", f"/consents/{consent_id}", b'{"reason": "x"}', wss=world.reader.wss)
    assert refused.status_code == 403
    other = json.dumps({"reason": "x", "id": str(uuid.uuid4())}).encode()
    assert world.rest("DELETE", f"/consents/{consent_id}", other).status_code == 400
    assert world.rest("GET", f"/consents/{consent_id}").json()["revokedAt"] is None
    nobody = world.rest("POST", "/consents", consent_of(stored), authorization="")
    assert (nobody.status_code, nobody.json()["code"]) == (403, "acting.user-unknown")


@pytest.mark.parametrize(
    "changed",
    [
        {"id": "1"},
        {"validUntil": "2030-01-01T00:00:00Z"},
        {"validFrom": "2031-05-01T08:00:00"},
        {"validFrom": 1893456000},
        {"recipient": {"kind": "account", "account": "0000000000001003"}},
        {"recipient": {"kind": "person"}},
        {"recipient": {"kind": "patient", "root": "1.2", "extension": "3"}},
        {"recipient": {"kind": "somebody"}},
        {"documents": []},
        {"documents": ["1.2", "1.2"]},
        {"case": "  "},
        {"unknown": 1},
    ],
    ids=str,
)
def test_what_is_no_consent_is_refused(world: Sharing, changed: dict[str, object]) -> None:
    """A field that is wrong is named, never its value."""
    answer = world.give("1.2.3", **changed)
    assert (answer.status_code, answer.json()["code"]) == (400, "consent.invalid")
    assert "2030" not in answer.text


async def test_the_list_goes_on_by_a_key(world: Sharing, stored: str) -> None:
    """Pages of two hold every consent once, in the order in which they came."""
    given = [world.give(stored).json()["id"] for _ in range(3)]
    found: list[str] = []
    after, more = 0, True
    while more:
        page = world.rest("GET", f"/consents?after={after}&limit=2").json()
        found += [each["id"] for each in page["consents"]]
        after, more = page["next"], page["more"]
    assert found[-3:] == given
    assert len(set(found)) == len(found)
    assert READER not in json.dumps(page)


async def test_killed_around_the_commits(world: Sharing, stored: str) -> None:
    """Killed behind an answer, what was answered is there; the same requests are answered alike."""
    world.at(FROM)
    body = consent_of(stored)
    path = f"/consents/{json.loads(body)['id']}"
    told = world.give(body=body).json()
    restart(world)
    assert (world.rest("GET", path).json(), world.give(body=body).status_code) == (told, 200)
    ended = world.rest("DELETE", path, b'{"reason": "x"}').json()
    restart(world)
    assert world.rest("GET", path).json() == ended == world.rest("DELETE", path, b'{"reason": "x"}').json()
    lost = consent_of(stored)
    kill_under(world, lost)
    world.cloud.start()
    assert world.give(body=lost).status_code in (200, 201)
    assert world.give(body=lost).status_code == 200


def restart(world: Sharing) -> None:
    """Kill the service and start it again."""
    world.cloud.kill()
    world.cloud.start()


def kill_under(world: Sharing, body: bytes) -> None:
    """Kill the service while a consent is sent."""
    killing = threading.Timer(0.02, world.cloud.kill)
    killing.start()
    with suppress(httpx.TransportError):
        while True:
            world.give(body=body)
    killing.join()
