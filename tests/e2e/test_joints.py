"""Parts of indexing, sharing, the doors and the patients' side, used together over real sockets."""

import itertools
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import replace
from datetime import timedelta
from http.client import FORBIDDEN, OK
from typing import Any

import pytest
import sqlalchemy as sa

from erepo.acting import BREAK_GLASS
from erepo.clinic.permissions import Permission, grant
from erepo.clinic.removal.asking import closed_set
from erepo.clinic.tables import document, kind_rule, now, patient, staff
from erepo.cloud import operating
from erepo.cloud.storage.database import Database
from erepo.xds import iti18
from tests.erepo.clinic.indexing.test_leaving import archived, written
from tests.erepo.cloud.consents.test_door import record, set_option
from tests.erepo.portal.test_own_documents import give, seen
from tests.support.actors import DOCTOR
from tests.support.chains import CANCELLING
from tests.support.index_clinic import LOGIN
from tests.support.joints import JointWorld, Standing, joint_world
from tests.support.patients_own import pdf
from tests.support.waiting import until

#: Of the samples with versions.
PESEL = "44051401359"
#: What is said of a document that is indexed, and shared with its patient and an account; or with nobody.
SHOWN = Standing("Approved", "given", "in force", "opened", ["Approved"], "indexed", "archived", "shared")
HIDDEN = Standing("", "", "", "", ["Approved"], "indexed", "archived", "")
_PERMISSIONS = ("SHARE", "MIGRATE", "DELETE", "DESTROY", "WITHDRAW_INDEX", "ABROAD", "INVITE")


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[JointWorld]:
    """Two clinics, service, P1 and portal; who works in either may do everything."""
    with joint_world(tmp_path_factory.mktemp("joints")) as running:
        for site in (running.giver, running.reader):
            with site.database.begin() as connection:
                for name in _PERMISSIONS:
                    grant(connection, LOGIN, Permission[name], actor="test")
        yield running


async def indexed(world: JointWorld) -> tuple[str, str]:
    """Have clinic A archive and index a document; return its uniqueId and its patient's PESEL."""
    (public_id,) = await world.giver.archive(1)
    assert world.giver.run().indexed == 1
    return world.unique_id(public_id), pesel_of(world, public_id)


async def test_from_one_clinic_through_p1_to_another(world: JointWorld) -> None:
    """B finds A's document in P1 and fetches it at A's door when SOZ permits; patient and P1 hear of it."""
    unique_id, pesel = await indexed(world)
    browser = world.patient(pesel)
    me = ("--as", LOGIN, "--json")
    status, found = world.erepo(world.reader, "p1", "find", *me, given=f"{pesel}\n")
    assert status == 0, found
    assert pesel not in str(found)
    status, told = world.erepo(world.reader, "p1", "fetch", found["id"], *me)
    assert status == 1, told  # SOZ has not permitted it
    assert "denied" in str(told)
    assert looks(browser, unique_id) == []
    before = len(world.p1.audits)
    world.p1.home.store.set_rule("*", unique_id, "Permit")
    status, told = world.erepo(world.reader, "p1", "fetch", found["id"], *me)
    assert status == 0, told
    kept = world.reader.rows(document.c.unique_id, document.c.sha256)
    mine = world.giver.rows(document.c.unique_id, document.c.sha256)
    assert set(kept) == set(mine)
    (look,) = looks(browser, unique_id)
    assert (look["by"], look["organisation"]) == ("provider", world.reader.site.served.resort_i)
    assert (look["emergency"], look["professional"]) == (False, "5425740")
    until(lambda: len(world.p1.audits) >= before + 2)
    told_by = dict(world.p1.audits[before:])
    giver, reader = (each.site.served.resort_i for each in (world.giver, world.reader))
    assert b'csd-code="110106"' in told_by[giver]  # export
    assert b'csd-code="110107"' in told_by[reader]  # import
    for message in told_by.values():
        assert b'csd-code="ITI-43"' in message
        assert unique_id.encode() in message
    await removed(world, unique_id)
    assert looks(browser, unique_id) == [look]


async def test_an_emergency_is_an_alarm_and_the_patient_learns_of_it(world: JointWorld) -> None:
    """At both doors: nothing without the owner's leave and a reason; seen by the patient for good."""
    unique_id, pesel = await indexed(world)
    browser = world.patient(pesel)
    doctor = replace(DOCTOR, purpose=BREAK_GLASS, reason="zagrozenie zycia")
    assert world.doors.look(unique_id, doctor) == ("", "")
    before = len(record(world.doors))
    set_option(world.doors, "allow")
    try:
        assert world.doors.look(unique_id, doctor) == ("Approved", "given")
        assert world.doors.look(unique_id, replace(doctor, reason="")) == ("", "")
    finally:
        set_option(world.doors, "refuse")
    alarms = [each for each in record(world.doors)[before:] if each["transaction"] == "break-glass"]
    assert [each["things"][0]["detail"] for each in alarms] == [doctor.reason] * 2
    told = browser.get("/accesses").json()["accesses"]
    assert [(each["uniqueId"], each["emergency"]) for each in told] == [(unique_id, True), (None, True)]
    assert {each["account"] for each in told} == {world.doors.reader.account}
    await removed(world, unique_id)
    assert browser.get("/accesses").json()["accesses"] == told


async def test_versions_of_what_is_shared(world: JointWorld) -> None:
    """After a newer version and a cancelling document, whoever was shown the first has it, as replaced."""
    site = world.giver
    [first] = await archived(site, written(1, site))
    assert site.run().indexed == 1
    browser = world.patient(PESEL)
    for_account = world.share(first, "patient", world.doors.reader.account)[1]
    assert world.standing(first, browser) == SHOWN
    [second] = await archived(site, written(2, site))
    assert site.run().indexed == 1
    old = replace(SHOWN, found="Deprecated", listed="replaced", p1=["Deprecated"], index="replaced")
    assert world.standing(first, browser) == old
    assert world.standing(second, browser) == HIDDEN
    [cancelling] = await archived(site, written(3, site, **CANCELLING))
    assert site.run().withdrawn == 1
    assert world.standing(first, browser) == old
    gone = replace(HIDDEN, p1=["Deprecated"], index="withdrawn")
    assert world.standing(second, browser) == gone
    assert world.at_p1(world.unique_id(cancelling)) == []
    _, told = world.erepo(site, "consents", "show", for_account, "--as", LOGIN, "--json")
    assert (told["state"], told["documents"][0]["replaced"]) == ("active", True)


async def test_whatever_leaves_is_shown_to_nobody(world: JointWorld) -> None:
    """Withdrawn from the index, purged here, migrated back, deleted, destroyed: all say the same at once."""
    site, database = world.giver, world.giver.database
    ids = await site.archive(3, patients=1)
    assert site.run().indexed == 3
    one, two, three = ids
    browser = world.patient(pesel_of(world, one))
    consents = {each: world.share(each, "patient", world.doors.reader.account) for each in ids}
    assert [world.standing(each, browser) for each in ids] == [SHOWN] * 3
    me = ("--as", LOGIN, "--yes", "--json")
    assert world.erepo(site, "index", "withdraw", one, *me)[0] == 0
    kept = replace(SHOWN, p1=["Deprecated"], index="withdrawn")
    assert world.standing(one, browser) == kept
    status, told = world.erepo(site, "migrate", "run", one, *me)
    assert (status, "sharing.shared" in str(told)) == (2, True), told
    with database.begin() as connection:
        connection.execute(kind_rule.update().values(local_days=0))
    site.change(ids, archived_at=now() - timedelta(days=1))
    assert world.erepo(site, "archive", "--json")[0] == 0
    kept = replace(kept, state="remote")
    assert world.standing(one, browser) == kept
    looked = browser.get("/accesses?limit=500").json()["accesses"]
    for name in itertools.chain(*consents.values()):
        status, told = world.erepo(site, "consents", "revoke", name, *me)
        assert (status, told["state"]) == (0, "revoked"), told
    free = replace(HIDDEN, state="remote")
    assert [world.standing(each, browser) for each in (two, three)] == [free] * 2
    assert world.erepo(site, "migrate", "run", one, *me)[0] == 0
    left = replace(HIDDEN, p1=["Deprecated"], index="withdrawn")
    assert world.standing(one, browser) == replace(left, state="blocked")
    site.change([two], kind="prescription")
    assert world.erepo(site, "documents", "delete", two, *me)[0] == 0
    assert world.standing(two, browser) == replace(left, state="deleted")
    unique_id = world.unique_id(three)
    destroy(world, three)
    assert world.doors.look(unique_id) == ("", "")
    assert world.at_p1(unique_id) == ["Deprecated"]
    listed = world.erepo(site, "documents", "list", "--json")[1]
    (line,) = [each for each in listed if each["id"] == three]
    assert (line["state"], line["shared"], line["issued"]) == ("deleted", False, None)
    assert world.erepo(site, "index", "show", three, "--json")[0] == 1
    assert browser.get("/documents").json()["documents"] == []
    assert browser.get("/accesses?limit=500").json()["accesses"] == looked
    assert world.erepo(site, "index", "report", "--json")[1]["owed"] == 0


def destroy(world: JointWorld, public_id: str) -> None:
    """Have two people destroy a document whose time is over."""
    site = world.giver
    with site.database.begin() as connection:
        connection.execute(staff.insert().values(login="druga", npwz="1234567"))
        grant(connection, "druga", Permission.DESTROY, actor="test")
    site.change([public_id], destroy_after_year=2020)
    status, told = world.erepo(site, "retention", "propose", "--year", "2024", "--as", LOGIN, "--json")
    assert status == 0, told
    status, told = world.erepo(site, "retention", "confirm", told["id"], "--as", "druga", "--json")
    assert (status, told["destroyed"]) == (0, 1), told


async def test_what_a_patient_gives_ends_in_the_repository(world: JointWorld) -> None:
    """Given at the portal, sealed there, collected and archived by the clinic: "taken", and nowhere in P1."""
    site, octets = world.giver, pdf()
    browser = world.patient(PESEL)
    given = give(browser, octets, world.doors.giver.account).json()
    assert (given["state"], seen(browser)[given["id"]]) == ("given", "given")
    # What was given is given, even if the clinic ends the invitation before it collects.
    (link,) = [
        each["id"]
        for each in world.portal.send("GET", "/patients?limit=500").json()["patients"]
        if each["state"] == "invited"
    ][-1:]
    assert world.portal.remove(link).status_code == 200
    assert world.erepo(site, "import", "--patients-own", "--json")[1]["taken"] == 1
    browser = world.patient(PESEL)
    assert seen(browser)[given["id"]] == "taken"
    assert world.erepo(site, "archive", "--json")[0] == 0
    _, listed = world.erepo(site, "documents", "list", "--kind", "own_patient_document", "--json")
    (mine,) = listed
    assert mine["state"] in {"archived", "remote"}
    site.run()
    unique_id = world.unique_id(mine["id"])
    assert world.at_p1(unique_id) == []
    assert world.doors.look(unique_id) == ("", "")
    world.share(mine["id"], "patient")
    assert unique_id in browser.get("/documents").text


@contextmanager
def maintenance(world: JointWorld) -> Iterator[None]:
    """Have the clinic pause."""
    end = f"{now() + timedelta(days=2):%Y-%m-%d}"
    assert world.erepo(world.giver, "maintenance", "start", "--until", end, "--without-prefect")[0] == 0
    yield
    assert world.erepo(world.giver, "maintenance", "end", "--without-prefect")[0] == 0


@contextmanager
def suspended(world: JointWorld) -> Iterator[None]:
    """Have the operator suspend the account; the service takes either up within a second."""
    with closing(Database(world.cloud.settings.cloud_url)) as database:
        operating.suspend(database, world.doors.giver.account)
        until(lambda: world.portal.send("GET", "/patients").status_code == FORBIDDEN)
        yield
        operating.resume(database, world.doors.giver.account)
        until(lambda: world.portal.send("GET", "/patients").status_code == OK)


@contextmanager
def unregistered(world: JointWorld) -> Iterator[None]:
    """Have the clinic revoke its registration in P1, and register anew."""
    assert world.erepo(world.giver, "account", "p1", "revoke", "--without-prefect")[0] == 0
    yield
    world.giver.register()


@pytest.mark.parametrize(
    ("bar", "barred", "words"),
    [
        (maintenance, "index share", ("z powodu przerwy serwisowej", "paused for maintenance")),
        (suspended, "index share import find revoke settle", ("jest zawieszone", "is suspended")),
        (unregistered, "index find", ("nie jest zarejestrowane", "is not registered")),
    ],
)
async def test_what_bars_the_way_is_named_and_nothing_is_lost(
    world: JointWorld,
    bar: Callable[[JointWorld], AbstractContextManager[None]],
    barred: str,
    words: tuple[str, str],
) -> None:
    """Each command says why, in both languages, or works; nobody sees what is revoked; all goes on later."""
    site, me = world.giver, ("--as", LOGIN)
    shown, hidden = await site.archive(2, patients=1)
    pesel = pesel_of(world, shown)
    browser = world.patient(pesel)
    (held,) = world.share(shown, "patient")
    draft = ("share", "new", hidden, *me, "--until", "2099-01-01", "--json")
    wanted = world.erepo(site, *draft, given="Sprawa\n")[1]["consent"]
    given = give(browser, pdf(), world.doors.giver.account).json()["id"]
    commands = {
        "index": ("index", "run"),
        "share": ("share", "send", wanted, *me),
        "import": ("import", "--patients-own"),
        "find": ("p1", "find", *me),
        "revoke": ("consents", "revoke", held, *me, "--yes"),
        "settle": ("consents", "settle"),
    }
    with bar(world):
        for name, command in commands.items():
            for speak, said in zip(("pl", "en"), words, strict=True):
                status, told = world.erepo(site, *command, given=f"{pesel}\n", EREPO_LANGUAGE=speak)
                found = status != 0, said in " ".join(told.split())
                assert found == (name in barred.split(),) * 2, (name, told)
        assert world.unique_id(shown) not in browser.get("/documents").text
    browser = world.patient(pesel)
    for name in ("settle", "share", "import", "index"):
        status, told = world.erepo(site, *commands[name])
        assert status == 0, told
    listed = {each["uniqueId"] for each in browser.get("/documents").json()["documents"]}
    assert listed == {world.unique_id(hidden)}
    assert seen(browser)[given] == "taken"
    assert [site.states()[each] for each in (shown, hidden)] == ["indexed"] * 2


async def test_what_leaves_while_p1_knows_the_account_no_more(world: JointWorld) -> None:
    """Migrated back between two registrations: its index is owed, and withdrawn with the new certificates."""
    site = world.giver
    [one] = await site.archive(1)
    unique_id = world.unique_id(one)
    assert site.run().indexed == 1
    with unregistered(world):
        assert world.erepo(site, "migrate", "run", one, "--as", LOGIN, "--yes")[0] == 0
        assert (world.at_p1(unique_id), site.states()[one]) == (["Approved"], "withdrawing")
        assert world.erepo(site, "index", "report", "--json")[1]["owed"] == 1
    status, told = world.erepo(site, "index", "run", "--json")
    assert (status, told["withdrawn"]) == (0, 1), told
    assert (world.at_p1(unique_id), site.states()[one]) == (["Deprecated"], "withdrawn")


def pesel_of(world: JointWorld, public_id: str) -> str:
    """Return whose document of clinic A it is."""
    query = sa.select(patient.c.identifier).join(document, document.c.patient_key == patient.c.id)
    with world.giver.database.read() as connection:
        return connection.execute(query.where(document.c.public_id == public_id)).scalar_one()


async def removed(world: JointWorld, unique_id: str) -> None:
    """Have clinic A's repository lose a document."""
    async with world.giver.site.clinic.connection() as cloud:
        found = await cloud.query(iti18.get_documents(unique_ids=[unique_id]))
        (entry,) = found.metadata.documents
        await cloud.remove_metadata(sorted(await closed_set(cloud, [entry.entry_uuid])))
        assert not (await cloud.query(iti18.get_documents(unique_ids=[unique_id]))).metadata.documents


def looks(browser: Any, unique_id: str) -> list[dict[str, Any]]:
    """Return who has looked at a document, as its patient sees it; looks of the patient are left out."""
    answer = browser.get("/accesses")
    assert answer.status_code == 200, answer.text
    return [each for each in answer.json()["accesses"] if each["uniqueId"] == unique_id]
