"""Documents of other providers at the clinic: found in the sandbox's P1, fetched from a real repository."""

import asyncio
import os
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import orjson
import pytest
import sqlalchemy as sa
from typer.testing import CliRunner

from erepo.cda.kinds import Kind
from erepo.cli.p1 import app
from erepo.clinic.abroad import Desk, Fetched, Purpose, Search, Why, fetch, find, ledger, opening, working
from erepo.clinic.abroad.emergencies import mark_told, untold
from erepo.clinic.abroad.errors import DaysWrong, KindNotInP1, NumberUnknown, ReasonMissing, SearchUnknown
from erepo.clinic.content import ContentStore
from erepo.clinic.intake import Status
from erepo.clinic.intake.files import IN_MEMORY
from erepo.clinic.permissions import Permission, PermissionMissing, grant, revoke
from erepo.clinic.rest.errors import ServiceTrouble
from erepo.clinic.tables import audit_event, document, now, patient
from erepo.clinic.tables_abroad import abroad_search, document_origin, emergency_access
from erepo.content import read_all
from erepo.errors import RetryableError
from erepo.identifiers.hl7 import CX
from erepo.identifiers.oids import PESEL
from erepo.xds.model import Code
from tests.support import cda_documents as cda
from tests.support.abroad import AbroadWorld, abroad_world
from tests.support.api import RunningApi
from tests.support.chains import another_patient
from tests.support.clinic_side import Clinic, new_clinic
from tests.support.cloud_client import new_oid
from tests.support.crashing import Crash, fail_at
from tests.support.documents import identity
from tests.support.ports import free_port
from tests.support.waiting import until

PATIENT = CX("44051401359", PESEL)
LOGIN = "archiwum"
REASON = "nieprzytomny po wypadku komunikacyjnym"
ABROAD: dict[str, Any] = {
    "patient_id": PATIENT,
    "source_patient_id": PATIENT,
    "class_code": Code("06.10", "Klasyfikacja dokumentów P1", "Wynik badania laboratoryjnego"),
    "type_code": Code("11502-2", "LOINC", "Laboratory report"),
}


@dataclass
class Site:
    """A clinic, its service, P1, and another provider."""

    clinic: Clinic
    world: AbroadWorld

    async def publish(self, octets: bytes = b"", *, decision: str = "Permit", **changes: Any) -> str:
        """Let the other provider have a document of the patient that SOZ decides about."""
        unique_id = await self.world.publish(octets or new_document(), **(ABROAD | changes))
        self.world.permit(unique_id, decision)
        return unique_id

    def desk(self) -> Desk:
        """Return a desk of the person; its client is to be closed."""
        clinic = self.clinic
        return Desk(opening(clinic.database, clinic.settings, LOGIN), clinic.database, clinic.settings)

    def find(self, why: Why | None = None, **options: Any) -> Search:
        """Search as the command does."""
        desk = self.desk()
        with closing(desk.client):
            return find(desk, why or Why(LOGIN, PATIENT), **options)

    def fetch(self, search: Search, *unique_ids: str) -> list[Fetched]:
        """Fetch as the command does."""
        desk, numbers = self.desk(), {one.unique_id: one.number for one in search.documents}
        with closing(desk.client):
            return fetch(desk, search.id, LOGIN, [numbers[one] for one in unique_ids])

    def rows(self, query: sa.Select[Any]) -> list[Any]:
        """Read the clinic's database."""
        with self.clinic.database.read() as connection:
            return list(connection.execute(query))

    def run(self, given: str, *arguments: str) -> tuple[int, str]:
        """Run a command with something on its input."""
        done = CliRunner(env=self.clinic.environment).invoke(app, arguments, input=given)
        return done.exit_code, done.output


def new_document(**changes: Any) -> bytes:
    """Return a document that nobody has yet."""
    return cda.document(**changes).replace(identity("A1").encode(), identity(new_oid()).encode())


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """One for all tests."""
    folder = tmp_path_factory.mktemp("abroad-clinic")
    with (
        abroad_world(folder / "world") as world,
        new_clinic(folder / "clinic", world.own.tenant) as clinic,
    ):
        with clinic.database.begin() as connection:
            grant(connection, LOGIN, Permission.ABROAD, actor="test")
        yield Site(clinic, world)


@pytest.fixture(autouse=True)
def clean(site: Site) -> Iterator[None]:
    """Everything works again after each test."""
    yield
    site.world.foreign.fault = ""
    site.world.own.p1.home.store.clear_faults()


async def test_found_fetched_and_kept_with_its_origin(site: Site) -> None:
    """It is found, fetched, durable, foreign, due for archiving; its origin beside it; again: known."""
    octets = new_document()
    unique_id = await site.publish(octets)
    found = site.find()
    (listed,) = [one for one in found.documents if one.unique_id == unique_id]
    assert (listed.kind, listed.state, listed.size) == (Kind.LAB_RESULT, "found", len(octets))
    assert listed.institution
    (one,) = site.fetch(found, unique_id)
    assert one.status is Status.TAKEN
    (row,) = site.rows(sa.select(document).where(document.c.public_id == one.public_id))
    assert (row.origin, row.state, row.kind) == ("foreign", "local", "lab_result")
    assert row.due_at <= now()
    assert read_all(ContentStore.at(site.clinic.settings).open(row.sha256)) == octets
    (origin,) = site.rows(sa.select(document_origin).where(document_origin.c.document_id == row.id))
    assert origin.repository_unique_id == site.world.foreign.repository_id
    assert (origin.unique_id, origin.institution) == (unique_id, listed.institution)
    assert (origin.purpose, origin.fetched_by) == ("TREAT", LOGIN)
    events = site.rows(
        sa.select(audit_event.c.event, audit_event.c.actor).where(audit_event.c.document_id == row.id)
    )
    assert {("taken_in", LOGIN), ("fetched", LOGIN)} <= {tuple(each) for each in events}
    asked = len(site.world.foreign.asked)
    (again,) = site.fetch(found, unique_id)
    assert (again.status, again.public_id) == (Status.KNOWN, one.public_id)
    (listed,) = [each for each in site.find().documents if each.unique_id == unique_id]
    assert (listed.state, listed.public_id) == ("known", one.public_id)
    assert len(site.world.foreign.asked) == asked


async def test_a_refused_one_never_stops_the_others(site: Site) -> None:
    """Not permitted, another patient inside, gone: each has its reason; the good one comes."""
    denied = await site.publish(decision="Deny")
    other = await site.publish(new_document(patient=another_patient()))
    nobody = await site.publish(new_document(patient=cda.PATIENT.replace("1.1.616", "2.7.1.17.1")))
    gone, good = await site.publish(), await site.publish()
    del site.world.foreign.documents[gone]
    found = site.find()
    done = site.fetch(found, denied, other, nobody, gone, good)
    codes = [str(one.reason.data.get("code") or one.reason.code) if one.reason else "" for one in done]
    differs = "abroad.differs"
    assert codes == ["p1.abroad-denied", differs, differs, "p1.abroad-absent", ""]
    assert "patient" in str(done[1].reason)
    assert PATIENT.id not in "".join(str(one.reason) for one in done)
    with site.clinic.database.read() as connection:
        kept = {one.unique_id: one for one in ledger.read_search(connection, found.id, LOGIN).documents}
    assert (kept[denied].state, kept[denied].code) == ("refused", "p1.abroad-denied")
    assert kept[good].state == "taken"


@pytest.mark.parametrize("fault", ["hash", "huge", "slow", "cut"])
async def test_a_repository_that_goes_wrong_leaves_nothing(site: Site, fault: str) -> None:
    """Nothing of its answer stays; when it is well again, the same search goes on."""
    unique_id = await site.publish()
    found = site.find()
    before = site.rows(sa.select(sa.func.count()).select_from(document))
    site.world.foreign.fault = fault
    (one,) = site.fetch(found, unique_id)
    assert one.status is Status.REFUSED
    assert site.rows(sa.select(sa.func.count()).select_from(document)) == before
    site.world.foreign.fault = ""
    (one,) = site.fetch(found, unique_id)
    assert one.status is Status.TAKEN


async def test_a_large_scan_comes_piece_by_piece(site: Site) -> None:
    """A file that names nobody, larger than what is held in memory: whole, and of who was asked for."""
    octets = b"%PDF-1.7 " + os.urandom(IN_MEMORY + 100_000)
    unique_id = await site.publish(octets, mime_type="application/pdf")
    (one,) = site.fetch(site.find(), unique_id)
    assert one.status is Status.TAKEN
    query = sa.select(document.c.sha256, patient.c.identifier).join(patient)
    (row,) = site.rows(query.where(document.c.public_id == one.public_id))
    assert read_all(ContentStore.at(site.clinic.settings).open(row.sha256)) == octets
    assert row.identifier == PATIENT.id
    site.world.foreign.fault = "hash"
    refused = await site.publish(b"%PDF-1.7 " + os.urandom(IN_MEMORY + 100_000))
    (one,) = site.fetch(site.find(), refused)
    assert one.status is Status.REFUSED
    assert ContentStore.at(site.clinic.settings).sweep(older_than=-1) == 0


async def test_the_service_is_killed_while_it_fetches(site: Site) -> None:
    """Nothing is left of it, there or here; started again, the same search goes on."""
    unique_id, foreign, cloud = await site.publish(), site.world.foreign, site.world.own.cloud
    found = site.find()
    foreign.fault = "slow"
    asked = len(foreign.arrived)
    work = asyncio.create_task(asyncio.to_thread(site.fetch, found, unique_id))
    await asyncio.to_thread(until, lambda: len(foreign.arrived) > asked)
    cloud.kill()
    try:
        with pytest.raises(RetryableError):
            await work
    finally:
        foreign.fault = ""
        cloud.start()
    (one,) = site.fetch(found, unique_id)
    assert one.status is Status.TAKEN


async def test_p1_that_cannot_now_ends_the_run_as_one_to_be_repeated(site: Site) -> None:
    """What P1 does wrong is about all documents; what was fetched before stays."""
    first, second = await site.publish(), await site.publish()
    found = site.find()
    assert site.fetch(found, first)[0].status is Status.TAKEN
    site.world.own.p1.wrong("soz", "busy")
    with pytest.raises(ServiceTrouble) as raised:
        site.fetch(found, second)
    assert isinstance(raised.value, RetryableError)
    assert [one.status for one in site.fetch(found, first, second)] == [Status.KNOWN, Status.TAKEN]
    site.world.own.p1.wrong("iti-18", "p1-timeout", times=100)
    with pytest.raises(ServiceTrouble) as raised:
        site.find()
    assert raised.value.data["code"] == "p1.abroad-overrun"


@pytest.mark.parametrize("when", ["before", "after"])
async def test_a_crash_at_any_step_loses_nothing_and_keeps_nothing_twice(
    site: Site, monkeypatch: pytest.MonkeyPatch, when: str
) -> None:
    """Ended at each step of finding and fetching, the same commands bring the same document, once."""
    boundaries = [
        (working.AbroadClient, "search"), (working.AbroadClient, "fetch"), (ContentStore, "put_all"),
        (working, "keep_origin"), (working, "settle"), (working.ledger, "begin"), (working.ledger, "keep"),
    ]  # fmt: skip
    moment, crashed = 0, True
    while crashed:
        moment += 1
        octets = new_document()
        unique_id = await site.publish(octets)
        with monkeypatch.context() as patch:
            failed = fail_at(moment, when, patch, boundaries)
            with suppress(Crash):
                site.fetch(site.find(), unique_id)
            crashed = failed()
        site.fetch(site.find(), unique_id)
        query = sa.select(document_origin.c.unique_id).where(document_origin.c.unique_id == unique_id)
        assert len(site.rows(query)) == 1, (moment, when)
    assert moment > len(boundaries) - 1


def test_who_may_and_whose_search_it_is(site: Site) -> None:
    """Only with the permission; a search is its maker's, for a day, and has the numbers of its list."""
    with site.clinic.database.begin() as connection:
        revoke(connection, LOGIN, Permission.ABROAD, actor="test")
    with pytest.raises(PermissionMissing):
        site.desk()
    with site.clinic.database.begin() as connection:
        grant(connection, LOGIN, Permission.ABROAD, actor="test")
    found = site.find()
    with site.clinic.database.read() as connection:
        for name, login in ((found.id, "somebody"), ("0" * 32, LOGIN)):
            with pytest.raises(SearchUnknown):
                ledger.read_search(connection, name, login)
        with pytest.raises(NumberUnknown):
            ledger.choose(found, [10_000])
    over = abroad_search.update().where(abroad_search.c.id == found.id)
    with site.clinic.database.begin() as connection:
        connection.execute(over.values(expires_at=now() - timedelta(seconds=1)))
    with site.clinic.database.read() as connection, pytest.raises(SearchUnknown):
        ledger.read_search(connection, found.id, LOGIN)
    site.find()
    assert site.rows(sa.select(abroad_search.c.id).where(abroad_search.c.id == found.id)) == []
    with pytest.raises(KindNotInP1):
        site.find(kinds=[Kind.ATTACHMENT])
    with pytest.raises(DaysWrong):
        site.find(since=date(2026, 3, 2), until=date(2026, 3, 1))


def test_an_emergency_needs_a_reason_and_is_told(site: Site) -> None:
    """Without words of its own nothing is asked; with them it is written down first, also where P1 fails."""
    for reason in ("", "pilne", "a b c d"):
        with pytest.raises(ReasonMissing):
            Why(LOGIN, PATIENT, Purpose.EMERGENCY, reason)
    site.world.own.p1.wrong("iti-18", "busy")
    with pytest.raises(ServiceTrouble):
        site.find(Why(LOGIN, PATIENT, Purpose.EMERGENCY, REASON))
    with site.clinic.database.begin() as connection:
        (one,) = untold(connection)
        assert one.login == LOGIN
        mark_told(connection, one)
        assert untold(connection) == []
    (row,) = site.rows(sa.select(emergency_access.c.reason))
    assert row.reason == REASON
    events = site.rows(sa.select(audit_event).where(audit_event.c.event == "emergency_access"))
    assert len(events) == 1
    assert REASON not in str(events)


async def test_the_commands(site: Site) -> None:
    """Found with the number from the input alone, fetched, shown; in words and as JSON."""
    unique_id = await site.publish(creation_time=f"{now():%Y%m%d%H%M%S}")
    status, told = site.run(f"{PATIENT.id}\n", "find", "--as", LOGIN, "--json")
    assert status == 0, told
    assert PATIENT.id not in told
    found = orjson.loads(told)
    numbers = [one["number"] for one in found["documents"] if one["state"] == "found"]
    status, told = site.run(
        f"{PATIENT.id}\n", "find", "--as", LOGIN, "--kind", "lab_result", "--from", "2020-01-01"
    )
    assert (status, "erepo p1 fetch" in told) == (0, True), told
    status, told = site.run("", "fetch", found["id"], str(numbers[0]), "--as", LOGIN)
    assert (status, "taken in as" in told) == (0, True), told
    status, told = site.run("", "fetch", found["id"], str(numbers[0]), "--as", LOGIN, "--json")
    assert (status, orjson.loads(told)["documents"][0]["status"]) == (0, "known")
    status, told = site.run("", "show", found["id"], "--as", LOGIN, "--json")
    shown = {one["number"]: one["state"] for one in orjson.loads(told)["documents"]}
    assert shown[numbers[0]] == "known"
    status, told = site.run("", "show", found["id"], "--as", LOGIN)
    assert any(one.public_id in told for one in site.rows(sa.select(document.c.public_id))), told
    wrong = ("find", "--as", LOGIN, "--from", "2026-02-01", "--until", "2026-01-31")
    assert site.run(f"{PATIENT.id}\n", *wrong)[0] == 2
    assert unique_id in site.world.foreign.documents
    assert site.run(f"{PATIENT.id}\nok\n", "find", "--as", LOGIN, "--for", "emergency")[0] == 1
    assert site.run(f"{PATIENT.id}\n{REASON}\n", "find", "--as", LOGIN, "--for", "emergency")[0] == 0
    assert site.run("", "fetch", found["id"], "9999", "--as", LOGIN)[0] == 1
    assert site.run(f"{PATIENT.id}\n", "find", "--as", LOGIN, "--for", "fun")[0] == 1
    history = str(site.rows(sa.select(audit_event)))
    assert PATIENT.id not in history + "".join(site.world.own.cloud.log)


async def test_the_rest_interface(site: Site) -> None:
    """Another system finds, fetches and asks again on behalf of a person; the document tells its source."""
    await site.publish(creation_time=f"{now() + timedelta(seconds=5):%Y%m%d%H%M%S}")
    clinic, port = site.clinic, free_port()
    settings = clinic.settings.model_copy(
        update={"api": clinic.settings.api.model_copy(update={"port": port})}
    )
    environment = {**os.environ, **clinic.environment, "EREPO_API__PORT": str(port)}
    api = RunningApi(settings, clinic.database, environment)
    api.start()
    try:
        with api.client("abroad", "documents:read") as http:
            http.headers["x-erepo-user"] = LOGIN
            made = http.post("/api/p1/searches", json={"patient": PATIENT.id, "kinds": ["lab_result"]})
            assert made.status_code == 201, made.text
            found = made.json()
            first = found["documents"][0]
            assert (first["number"], first["state"], first["kind"]) == (1, "found", "lab_result")
            address = f"/api/p1/searches/{found['id']}"
            for status in ("taken", "known"):
                (one,) = http.post(f"{address}/fetch", json={"numbers": [1]}).json()["documents"]
                assert (one["status"], one["code"]) == (status, None)
            assert http.get(address).json()["documents"][0]["document"] == one["id"]
            told = http.get(f"/api/documents/{one['id']}").json()
            assert told["source"]["repository"] == site.world.foreign.repository_id
            assert told["source"]["fetched_by"] == LOGIN
            refused = http.post("/api/p1/searches", json={"patient": PATIENT.id, "purpose": "emergency"})
            assert (refused.status_code, refused.json()["code"]) == (422, "abroad.reason-missing")
            assert http.post("/api/p1/searches", json={"patient": "1"}).status_code == 400
            http.headers["x-erepo-user"] = "nobody"
            assert http.get(address).status_code == 422
            http.headers["x-erepo-user"] = LOGIN
            assert http.get(address[:-1] + ("0" if address[-1] != "0" else "1")).status_code == 404
            http.headers["x-erepo-user"] = "nobody"
            assert http.post("/api/p1/searches", json={"patient": PATIENT.id}).status_code == 422
    finally:
        api.stop()
    assert PATIENT.id not in "".join(api.log)
