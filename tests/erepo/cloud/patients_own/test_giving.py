"""Patients give documents, the service keeps them, sealed, until the clinic has them."""

import asyncio
from collections.abc import Iterator
from datetime import timedelta
from hashlib import sha256
from itertools import product
from pathlib import Path
from typing import Any

import httpx
import pytest
import sqlalchemy as sa

from erepo.cda.errors import GivenTypeRefused
from erepo.cloud.fixity.directions import orphans
from erepo.cloud.patients_own import Gift, Giver, give, keeping
from erepo.cloud.patients_own.collecting import octets_of
from erepo.cloud.patients_own.errors import (
    ClinicNotTheirs,
    OwnDocumentConflict,
    OwnDocumentDamaged,
    OwnDocumentEmpty,
    OwnDocumentKeyWrong,
    OwnDocumentLimit,
    OwnDocumentTitleWrong,
)
from erepo.cloud.patients_own.states import MOVES, REASONS, WORDS, Reason, State
from erepo.cloud.storage.tables_patients_own import own_document
from erepo.cloud.storage.writer import GroupWriter
from erepo.cloud.vault.keyring import Keyring
from erepo.cloud.vault.rotating import change_key
from tests.support.audit import record_of
from tests.support.crashing import Crash, fail_at
from tests.support.patients_own import OTHER, PATIENT, WHO, World, patients_world, pdf, png

LIMITS = {"document": "300000", "waiting": "4", "waiting_bytes": "500000", "daily": "12"}


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory, stores: str) -> Iterator[World]:
    """One for all tests of a module."""
    with patients_world(tmp_path_factory.mktemp("giving"), stores=stores, **LIMITS) as world:
        yield world


@pytest.fixture
def world(shared: World) -> World:
    """The same, with nothing given."""
    with shared.portal.cloud.database.everyone("a test", write=True) as connection:
        connection.execute(sa.delete(own_document))
    return shared


def call(world: World, method: str, path: str = "", content: Any = None, **headers: str) -> httpx.Response:
    """Send a request of the first clinic."""
    tenant = world.service.tenant
    with httpx.Client(verify=tenant.tls_context(), trust_env=False, timeout=60) as http:
        url = f"{tenant.facts['service']}/patient-documents{path}"
        return http.request(method, url, json=content, headers=headers or tenant.named())


def end_of(octets: bytes, **changed: Any) -> dict[str, Any]:
    """Return the body of a confirmation."""
    return {"outcome": "taken", "sha256": sha256(octets).hexdigest(), **changed}


def octets_kept(world: World, document_id: str) -> bytes:
    """Return what the service keeps."""
    (row,) = (row for row in world.portal.rows() if row.public_id == document_id)
    return octets_of(world.portal.cloud, row.tenant_id, document_id)[1]


def test_from_the_patient_to_the_clinic(world: World) -> None:
    """The whole way over REST: listed, fetched, confirmed, gone; the patient sees each step."""
    octets = png()
    told = world.portal.give(octets, clinic=world.one.account, title="RTG kolana")
    assert (told["state"], told["contentType"], told["title"]) == ("given", "image/png", "RTG kolana")
    assert told["keptUntil"] > told["givenAt"]
    page = call(world, "GET").json()
    (listed,) = page["documents"]
    assert listed["patient"] == {"root": PATIENT.authority_oid, "extension": PATIENT.id}
    assert (listed["id"], listed["sha256"], listed["title"]) == (told["id"], told["sha256"], "RTG kolana")
    assert call(world, "GET", f"?after={page['next']}").json()["documents"] == []
    fetched = call(world, "GET", f"/{told['id']}")
    assert (fetched.content, fetched.headers["content-type"]) == (octets, "image/png")
    assert fetched.headers["content-disposition"] == "attachment"
    assert "sandbox" in fetched.headers["content-security-policy"]
    assert world.portal.state(told["id"]) == "offered"
    for _ in range(2):
        ended = call(world, "DELETE", f"/{told['id']}", end_of(octets))
        assert (ended.status_code, ended.json()["state"]) == (200, "taken")
    seen = world.portal.seen()[told["id"]]
    assert (seen["state"], seen["title"], seen["words"]["pl"]) == (
        "taken",
        "RTG kolana",
        "Odebrany przez placówkę.",
    )
    (row,) = world.portal.rows()
    assert (row.blob_key, row.salt) == (None, None)
    assert list(world.service.blobs.keys()) == []
    assert call(world, "GET", f"/{told['id']}").status_code == 409
    assert world.portal.seen(account_id=2) == {}


def test_wrong_words_of_a_clinic_end_nothing(world: World) -> None:
    """Other octets, no outcome, no reason, no such document, nobody named: the octets stay."""
    octets = pdf()
    place = f"/{world.portal.give(octets, clinic=world.one.account)['id']}"
    wrong: list[tuple[Any, int]] = [
        (end_of(b"others"), 409),
        ([], 400),
        (end_of(octets, outcome="lost"), 400),
        (end_of(octets, outcome=[]), 400),
        (end_of(octets, outcome="refused"), 400),
        (end_of(octets, outcome="refused", reason="because"), 400),
        (end_of(octets, reason="other"), 400),
        (end_of(octets, sha256=7), 400),
        (end_of(octets, more=1), 400),
    ]
    for body, status in wrong:
        assert call(world, "DELETE", place, body).status_code == status, body
    for path in ("/1", "/00000000-0000-4000-8000-000000000000"):
        assert call(world, "GET", path).status_code == 404
        assert call(world, "DELETE", path, end_of(octets)).status_code == 404
    for method, path in (("GET", ""), ("GET", place), ("DELETE", place)):
        content = end_of(octets) if method == "DELETE" else None
        assert call(world, method, path, content, **{"x-nobody": "1"}).status_code == 403
    assert call(world, "GET", "?limit=0").status_code == 400
    assert call(world, "GET", place).content == octets
    refused = end_of(octets, outcome="refused", reason="unreadable")
    assert call(world, "DELETE", place, refused).json()["state"] == "refused"
    assert call(world, "DELETE", place, end_of(octets)).json()["code"] == "own-document.settled"
    (seen,) = world.portal.seen().values()
    assert "odczytać" in seen["reason"]["pl"]


def test_the_same_twice_is_one(world: World) -> None:
    """The same key, or the same octets of the same patient, is the document that is there; others are not."""
    octets, portal, clinic = pdf(), world.portal, world.one.account
    first = portal.give(octets, clinic=clinic, key="k1")
    assert portal.give(octets, clinic=clinic, key="k1") == first
    assert portal.give(octets, clinic=clinic, key="k2")["id"] == first["id"]
    with pytest.raises(OwnDocumentConflict):
        portal.give(pdf(), clinic=clinic, key="k1")
    others = [
        portal.give(octets, clinic=world.two.account, key="k1"),
        portal.give(octets, clinic=clinic, key="k1", account_id=2, patient=OTHER),
        portal.give(pdf(), clinic=clinic, key="k3"),
    ]
    assert len({first["id"], *(one["id"] for one in others)}) == 4
    assert len(portal.rows()) == 4
    assert len(list(world.service.blobs.keys())) >= 4


def test_many_at_once_with_one_key(world: World) -> None:
    """Whichever request is first, all are told of the same document, and no blob is left over."""
    octets, portal = pdf(), world.portal

    async def all_of_them() -> list[tuple[dict[str, Any], bool]]:
        giver, gift = Giver(1, PATIENT, portal.numbers), Gift(world.one.account, "same", "", octets)
        return await asyncio.gather(*(give(portal.cloud, giver, gift, WHO) for _ in range(8)))

    before = set(world.service.blobs.keys())
    told = asyncio.run(all_of_them())
    assert len({one["id"] for one, _ in told}) == 1
    assert [fresh for _, fresh in told].count(True) == 1
    assert len(set(world.service.blobs.keys()) - before) == 1


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_crash_at_any_step_of_giving(world: World, when: str) -> None:
    """Wherever the portal ends, the same key gives the document once, and its octets are whole."""
    portal, crashes = world.portal, 0
    steps = ((type(portal.cloud.blobs), "put"), (GroupWriter, "submit"))
    for moment in range(1, 9):
        octets, key = pdf(), f"crash {when} {moment}"
        with pytest.MonkeyPatch.context() as patch:
            fell = fail_at(moment, when, patch, steps)
            try:
                portal.give(octets, clinic=world.one.account, key=key)
            except Crash:
                crashes += 1
        told = portal.give(octets, clinic=world.one.account, key=key)
        assert [row.public_id for row in portal.rows()] == [told["id"]]
        assert octets_kept(world, told["id"]) == octets
        assert call(world, "DELETE", f"/{told['id']}", end_of(octets)).status_code == 200
        with portal.cloud.database.everyone("a test", write=True) as connection:
            connection.execute(sa.delete(own_document))
        if not fell():
            break
    assert crashes == len(steps)


def test_what_may_not_be_given(world: World) -> None:
    """Other clinics, no key, endless titles, nothing, programs, too much of one, too many, too often."""
    portal, one, two = world.portal, world.one.account, world.two.account
    mine = (portal.numbers[0],)
    refused: list[tuple[type[Exception], dict[str, Any]]] = [
        (ClinicNotTheirs, {"octets": pdf(), "clinic": two, "clinics": mine}),
        (ClinicNotTheirs, {"octets": pdf(), "clinic": "0000000000009999"}),
        (OwnDocumentKeyWrong, {"octets": pdf(), "clinic": one, "key": "k" * 201}),
        (OwnDocumentTitleWrong, {"octets": pdf(), "clinic": one, "title": "t" * 201}),
        (OwnDocumentTitleWrong, {"octets": pdf(), "clinic": one, "title": "a\nb"}),
        (OwnDocumentEmpty, {"octets": b"", "clinic": one}),
        (GivenTypeRefused, {"octets": b"MZ", "clinic": one}),
    ]
    for wanted, given in refused:
        with pytest.raises(wanted):
            portal.give(**given)
    assert portal.rows() == []
    large = [pdf(bytes(250_000)) for _ in range(3)]
    portal.give(large[0], clinic=one)
    with pytest.raises(OwnDocumentLimit):
        portal.give(large[1], clinic=one)
    kept = set(world.service.blobs.keys())
    for _ in range(3):
        portal.give(pdf(), clinic=one)
    with pytest.raises(OwnDocumentLimit):
        portal.give(pdf(), clinic=one)
    # Whatever one patient does at one clinic keeps neither others nor the other clinic waiting.
    portal.give(pdf(), clinic=one, account_id=2, patient=OTHER)
    portal.give(pdf(), clinic=two)
    assert len(set(world.service.blobs.keys()) - kept) == 5
    for _ in range(12 - 4):
        portal.settle_all()
        portal.give(pdf(), clinic=one)
    portal.settle_all()
    with pytest.raises(OwnDocumentLimit, match="12 files a day"):
        portal.give(pdf(), clinic=one)


def test_nothing_lies_there_in_clear(world: World) -> None:
    """Neither octets nor title stand in the blob or the row; after a change of the key they still open."""
    secret = b"%% BARDZO TAJNA TRESC"
    told = world.portal.give(pdf(secret), clinic=world.one.account, title="Tajny tytuł")
    cloud = world.portal.cloud
    (row,) = world.portal.rows()
    with cloud.blobs.open(row.blob_key) as blob:
        assert secret not in blob.read()
    assert b"Tajny" not in b"".join(bytes(each) for each in (row.wrapped, row.sealed, row.salt))
    assert PATIENT.id.encode() not in bytes(row.sealed)
    with cloud.database.everyone("a test", write=True) as connection:
        changed = change_key(connection, Keyring(world.service.settings))
    Keyring(world.service.settings).settle(changed.present)
    assert changed.rows >= 1
    assert world.portal.rows()[0].key_id == changed.present != row.key_id
    assert secret in octets_kept(world, told["id"])
    assert world.portal.seen()[told["id"]]["title"] == "Tajny tytuł"


def test_damaged_octets_and_rows_stop_nobody_else(world: World) -> None:
    """A blob that changed is not given out, a row of another document does not open; the next one is fine."""
    portal = world.portal
    broken, swapped, fine = (portal.give(pdf(), clinic=world.one.account) for _ in range(3))
    rows = {row.public_id: row for row in portal.rows()}
    key = rows[broken["id"]].blob_key
    with portal.cloud.blobs.open(key) as blob:
        octets = bytearray(blob.read())
    octets[-1] ^= 1
    portal.cloud.blobs.put(key, [octets])
    other = rows[fine["id"]]
    with portal.cloud.database.everyone("a test", write=True) as connection:
        change = sa.update(own_document).where(own_document.c.id == rows[swapped["id"]].id)
        connection.execute(change.values(wrapped=other.wrapped, sealed=other.sealed))
    with pytest.raises(OwnDocumentDamaged):
        octets_kept(world, broken["id"])
    listed = [each["id"] for each in call(world, "GET").json()["documents"]]
    assert listed == [broken["id"], fine["id"]]
    assert call(world, "GET", f"/{broken['id']}").json()["code"] == "own-document.damaged"
    done = world.one.collect()
    assert (done.taken, done.failed) == (1, 1)
    assert {portal.state(one["id"]) for one in (broken, swapped)} == {"given"}


def test_time_is_over(world: World) -> None:
    """What the clinic never collects ends with a word to the patient; one it has already is told as taken."""
    octets, portal = pdf(), world.portal
    told = portal.give(octets, clinic=world.one.account)
    late = portal.give(pdf(), clinic=world.one.account)
    assert call(world, "GET", f"/{told['id']}").content == octets
    with portal.cloud.database.everyone("a test", write=True) as connection:
        for row in connection.execute(sa.select(own_document)).all():
            old = {"given_at": row.given_at - timedelta(days=91)}
            connection.execute(sa.update(own_document).where(own_document.c.id == row.id).values(old))
    assert call(world, "GET").json()["documents"] == []
    seen = portal.seen()
    assert {seen[one["id"]]["state"] for one in (told, late)} == {"expired"}
    assert "Prześlij" in seen[late["id"]]["words"]["pl"]
    assert all(row.blob_key is None for row in portal.rows())
    assert call(world, "DELETE", f"/{told['id']}", end_of(octets)).json()["state"] == "taken"


def test_what_the_clinic_takes_in_that_moment_is_not_told_as_expired(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Read as overdue, confirmed before the record is written: the record tells of the other one alone."""
    octets, portal = pdf(), world.portal
    taken, late = (portal.give(each, clinic=world.one.account)["id"] for each in (octets, pdf()))
    with portal.cloud.database.everyone("a test", write=True) as connection:
        for row in connection.execute(sa.select(own_document)).all():
            old = {"given_at": row.given_at - timedelta(days=91)}
            connection.execute(sa.update(own_document).where(own_document.c.id == row.id).values(old))
    overdue, settled = keeping.overdue, list[int]()

    def meanwhile(*values: Any) -> Any:
        rows = overdue(*values)
        if not settled:
            settled.append(call(world, "DELETE", f"/{taken}", end_of(octets)).status_code)
        return rows

    monkeypatch.setattr(keeping, "overdue", meanwhile)
    with record_of(world.service.settings.cloud_url) as record:
        assert portal.state(late) == "expired"
        expired = [
            {thing.id for thing in event.things}
            for _, event in record.new()
            if any(thing.detail == "expired" for thing in event.things)
        ]
    assert settled == [200]
    assert portal.state(taken) == "taken"
    assert expired == [{late}]


def test_the_operator_sees_no_orphans(world: World) -> None:
    """Their blobs are no leftovers for `erepo cloud check`, and are none when they are gone."""
    octets = pdf()
    told = world.portal.give(octets, clinic=world.one.account)
    (row,) = world.portal.rows()
    cloud = world.portal.cloud
    lone = {each.key for _, found in orphans(cloud.database, cloud.blobs, 0) for each in found}
    assert row.blob_key not in lone
    call(world, "DELETE", f"/{told['id']}", end_of(octets))
    assert row.blob_key not in set(cloud.blobs.keys())


@pytest.mark.one_store
def test_the_table_of_states() -> None:
    """A second table, written by hand: any other pair is no move; every state and reason has words."""
    moves = {
        ("given", "offered"),
        ("given", "taken"),
        ("given", "refused"),
        ("given", "expired"),
        ("offered", "taken"),
        ("offered", "refused"),
        ("offered", "expired"),
        ("expired", "taken"),
    }
    assert {(a.value, b.value) for a, b in product(State, State) if b in MOVES[a]} == moves
    assert WORDS.keys() == set(State)
    assert REASONS.keys() == set(Reason)


def test_no_folder_of_the_service_bears_names(world: World) -> None:
    """Names of blobs tell a number and nothing else."""
    world.portal.give(pdf(), clinic=world.one.account, title="Kowalski")
    names = [str(path) for path in Path(world.service.settings.cloud_home).rglob("*")]
    assert not [name for name in names if "Kowalski" in name or PATIENT.id in name]
