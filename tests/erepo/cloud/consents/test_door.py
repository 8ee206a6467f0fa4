"""Two real accounts at one owner's door: exactly what is shared, exactly while it is."""

import uuid
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import httpx
import pytest

from erepo.acting import BREAK_GLASS
from erepo.cloud import operating
from erepo.cloud.storage.database import Database
from erepo.xds import iti18, iti43, iti62, iti86
from tests.support.actors import DOCTOR
from tests.support.cloud_client import connected, new_oid, one_document
from tests.support.sharing import FROM, NOBODY, SECOND, UNTIL, Sharing, post


@pytest.fixture
async def two(world: Sharing) -> tuple[str, str]:
    """Two documents of one patient: the first will be shared."""
    world.at(FROM)
    names = new_oid(), new_oid()
    async with connected(world.owner) as client:
        for each in names:
            octets = f"<secret>{each}</secret>".encode()
            assert not (await client.provide(one_document(octets, unique_id=each))).errors
    return names


def seen(answer: httpx.Response) -> tuple[Any, ...]:
    """Return what a client can tell two answers apart by."""
    dropped = ("date",)
    headers = [(name, value) for name, value in answer.headers.items() if name not in dropped]
    return answer.status_code, headers, answer.content


def nothing(world: Sharing) -> tuple[Any, ...]:
    """Return the answer at an address that nobody has."""
    return seen(world.query(world.reader, account=NOBODY))


async def test_exactly_what_is_shared_while_it_is(world: Sharing, two: tuple[str, str]) -> None:
    """Inside the window the reader finds and gets the one document; else it is as if nothing existed."""
    shared, private = two
    consent_id = world.give(shared).json()["id"]
    for moment in (FROM - SECOND, UNTIL):
        world.at(moment)
        assert seen(world.query(world.reader)) == nothing(world)
        assert seen(world.retrieve(world.reader, shared)) == nothing(world)
    for moment in (FROM, UNTIL - SECOND):
        world.at(moment)
        found = world.query(world.reader)
        assert found.status_code == 200
        assert (shared in found.text, private in found.text) == (True, False)
        given = world.retrieve(world.reader, shared, private)
        assert f"<secret>{shared}</secret>".encode() in given.content
        assert b"<secret>" + private.encode() not in given.content
        assert b"XDSDocumentUniqueIdError" in given.content
        unknown = world.retrieve(world.reader, "9.9.9").content.replace(b"9.9.9", private.encode())
        assert same_errors(world.retrieve(world.reader, private).content, unknown)
        assert seen(world.query(world.bystander)) == nothing(world)
    told = world.rest("GET", f"/consents/{consent_id}").json()
    assert told["accesses"]["count"] == 4
    world.at(FROM)
    assert world.revoke(consent_id).json()["state"] == "revoked"
    assert seen(world.query(world.reader)) == nothing(world)
    assert seen(world.retrieve(world.reader, shared)) == nothing(world)


def same_errors(first: bytes, second: bytes) -> bool:
    """Tell whether two answers have the same RegistryErrorList."""
    parts = [
        each[each.find(b"RegistryErrorList") : each.rfind(b"RegistryErrorList")] for each in (first, second)
    ]
    return parts[0] == parts[1] != b""


async def test_nothing_but_reading(world: Sharing, two: tuple[str, str]) -> None:
    """With an active consent other transactions, other keys and no assertion get nothing, whatever it is."""
    shared, _ = two
    consent_id = world.give(shared).json()["id"]
    assert seen(world.ask(world.reader, iti62.write_request([str(uuid.uuid4())]), iti62)) == nothing(world)
    removal = iti86.write_request([iti43.DocumentRequest("1.2", shared)])
    assert seen(world.ask(world.reader, removal, iti86)) == nothing(world)
    owners = world.retrieve(world.reader, shared, signing=world.owner)
    assert owners.status_code != 200
    assert b"<secret>" not in owners.content
    assert world.query(world.reader).status_code == 200
    world.revoke(consent_id)


async def test_no_query_shows_more(world: Sharing, two: tuple[str, str]) -> None:
    """Sets, associations and the other document stay hidden, however they are asked for."""
    shared, private = two
    consent_id = world.give(shared).json()["id"]
    async with connected(world.owner) as client:
        entries = (await client.query(iti18.get_documents(unique_ids=two))).metadata.documents
    uuids = [each.entry_uuid for each in entries]
    for query in (
        iti18.get_documents(unique_ids=two),
        iti18.get_documents(entry_uuids=uuids),
        iti18.get_documents_and_associations(uuids),
    ):
        answer = world.ask(world.reader, iti18.write_query(query), iti18)
        assert answer.status_code == 200
        assert shared in answer.text
        assert private not in answer.text
        assert "Association" not in answer.text.replace("associations", "")
    links = world.ask(world.reader, iti18.write_query(iti18.get_associations(uuids)), iti18)
    assert not any(each in links.text for each in (*uuids, *two))
    world.revoke(consent_id)


@pytest.fixture
def emergencies(world: Sharing) -> Iterator[None]:
    """Let the owner allow break-glass."""
    set_option(world, "allow")
    yield
    set_option(world, "refuse")


def set_option(world: Sharing, value: str) -> None:
    """Change the option as the operator does."""
    database = Database(world.cloud.settings.cloud_url)
    operating.change(database, world.owner.account, {"emergencies": value})
    database.close()


async def test_break_glass_is_off_by_default(world: Sharing, two: tuple[str, str]) -> None:
    """A reason alone opens nothing."""
    actor = replace(DOCTOR, purpose=BREAK_GLASS, reason="zagrozenie zycia")
    assert seen(world.retrieve(world.reader, two[0], actor=actor)) == nothing(world)


@pytest.mark.usefixtures("emergencies")
async def test_break_glass_with_a_reason_is_an_alarm(world: Sharing, two: tuple[str, str]) -> None:
    """Where it is allowed: with a reason everything is read, and an alarm is in the record."""
    assert seen(world.query(world.reader)) == nothing(world)
    silent = replace(DOCTOR, purpose=BREAK_GLASS)
    assert seen(world.retrieve(world.reader, two[1], actor=silent)) == nothing(world)
    actor = replace(silent, reason="zagrozenie zycia")
    given = world.retrieve(world.reader, two[1], actor=actor)
    assert f"<secret>{two[1]}</secret>".encode() in given.content
    events = record(world)
    alarm = next(each for each in reversed(events) if each["transaction"] == "break-glass")
    assert alarm["things"][0]["detail"] == "zagrozenie zycia"
    assert alarm["who"]["account"] == world.reader.account
    assert events[-1]["transaction"] == "audit" or events[-1]["transaction"] == "ITI-43"


async def test_every_access_is_in_the_owners_record(world: Sharing, two: tuple[str, str]) -> None:
    """Who, which document, by which consent; a refused stranger stands in the stranger's own record."""
    consent_id = world.give(two[0]).json()["id"]
    world.retrieve(world.reader, two[0])
    world.query(world.reader)
    events = [each for each in record(world) if each["who"]["account"] == world.reader.account]
    for event, transaction in zip(events[-2:], ("ITI-43", "ITI-18"), strict=True):
        assert event["transaction"] == transaction
        assert ("consent", consent_id) in {(each["kind"], each["id"]) for each in event["things"]}
        assert event["who"]["user"].endswith(DOCTOR.id)
    before = len(record(world))
    world.query(world.bystander)
    assert all(each["who"]["account"] != world.bystander.account for each in record(world)[before:])
    world.revoke(consent_id)


async def test_the_same_message_again_is_refused(world: Sharing, two: tuple[str, str]) -> None:
    """A foreign message is accepted once, as the owner's are."""
    consent_id = world.give(two[0]).json()["id"]
    url, headers, content = world.message(world.reader, world.wanted(two[0]), iti43)
    first, second = (post(world.reader, url, headers, content) for _ in range(2))
    assert b"<secret>" in first.content
    assert b"<secret>" not in second.content
    assert second.status_code != 200
    world.revoke(consent_id)


def record(world: Sharing) -> list[dict[str, Any]]:
    """Return the owner's record."""
    events: list[dict[str, Any]] = []
    after, more = 0, True
    while more:
        page = world.rest("GET", f"/audit?after={after}&limit=500").json()
        events += page["events"]
        after, more = page["next"], page["more"]
    return events
