"""P1 is told of every access: once recorded, never lost, whatever breaks; care never waits for it."""

import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from lxml import etree

from erepo.cloud.audit.dicom import Origin, write_message
from erepo.cloud.audit.events import Event
from erepo.cloud.outside import queue
from erepo.cloud.storage.database import Database
from tests.support.audit import Record
from tests.support.foreign_provider import Message
from tests.support.indexing import RESORT_I
from tests.support.outside import OutsideWorld, content_of
from tests.support.waiting import until

pytestmark = [pytest.mark.one_store, pytest.mark.xdist_group("outside")]
SCHEMA = etree.RelaxNG(etree.parse(Path(__file__).parents[1] / "audit" / "audit-message.rng"))


def delivered(world: OutsideWorld) -> Callable[[], bool]:
    """Return whether nothing waits for P1."""

    def nothing_waits() -> bool:
        database = Database(world.index.cloud.settings.cloud_url)
        try:
            with database.everyone("a test") as connection:
                return queue.waiting(connection).messages == 0
        finally:
            database.close()

    return nothing_waits


def bodies(world: OutsideWorld) -> list[bytes]:
    """Return the audit messages that P1 has."""
    return [message[message.index(b"<?xml") :] for _, message in world.index.p1.audits]


def expected(world: OutsideWorld, event: Event) -> bytes:
    """Return the audit message that an event must have become."""
    facts = world.index.tenant.facts
    told = replace(event, things=tuple(each for each in event.things if each.kind != "decision"))
    return write_message(told, Origin(world.index.cloud.url, "127.0.0.1", str(facts["homeCommunityId"])))


def accesses(record: Record) -> list[Event]:
    """Return the recorded accesses at the door since the last look."""
    return [each for _, each in record.new() if each.transaction == "ITI-43" and each.result <= 4]


async def test_the_message_is_as_p1_wants_it(world: OutsideWorld, record: Record) -> None:
    """Export, ITI-43, both roles, person, patient, documents; valid; framed; signed in."""
    (document,) = await world.documents()
    record.new()
    world.ask(document, "9.9.9")
    until(delivered(world))
    (event,) = accesses(record)
    sender, message = world.index.p1.audits[-1]
    assert sender == RESORT_I
    assert message.startswith(b"<85>1 ")
    assert b" IHE+RFC-3881 - \xef\xbb\xbf<?xml" in message
    body = message[message.index(b"<?xml") :]
    assert body == expected(world, event)
    root = etree.fromstring(body)
    SCHEMA.assertValid(root)
    codes = [each.get("csd-code") for each in root.iter("EventID", "EventTypeCode", "RoleIDCode")]
    assert codes[:2] == ["110106", "ITI-43"]
    assert {"110152", "110153"} <= set(codes)
    named = [each.get("ParticipantObjectID") for each in root.iter("ParticipantObjectIdentification")]
    assert named[1:] == [document, "9.9.9"]
    assert b"Repository Unique Id" in body


async def test_care_goes_on_while_p1s_repository_is_away(world: OutsideWorld, record: Record) -> None:
    """Refused, broken in the middle, never confirmed: documents are given, and all messages arrive."""
    (document,) = await world.documents()
    until(delivered(world))
    record.new()
    for kind in ("refuse", "half", "unconfirmed"):
        world.index.p1.wrong("audit", kind)
        for _ in range(2):
            assert content_of(document) in world.ask(document, mtom=True).content
        until(delivered(world))
    events = accesses(record)
    assert len(events) == 6
    mine = {expected(world, each) for each in events}
    assert mine == mine & set(bodies(world))


async def test_nothing_is_lost_when_the_service_is_killed(world: OutsideWorld, record: Record) -> None:
    """Whatever was given is recorded, and P1 hears of all that is recorded, through kills and an outage."""
    (document,) = await world.documents()
    until(delivered(world))
    record.new()
    messages = [
        world.reader.message(world.address, world.repository, [document], assertion=world.assertion())
        for _ in range(60)
    ]
    given: list[Message] = []

    def ask() -> None:
        while messages:
            message = messages.pop()
            try:
                answer = world.reader.post(message)
            except httpx.HTTPError:  # the service was killed under it
                return
            if answer.status_code == 200:
                given.append(message)

    for _ in range(2):
        world.index.p1.wrong("audit", "refuse", times=2)
        asking = threading.Thread(target=ask)
        count = len(given)
        asking.start()
        until(lambda count=count: len(given) >= count + 5)  # type: ignore[misc]
        world.index.cloud.kill()
        asking.join()
        world.index.cloud.start()
    until(delivered(world))
    events = accesses(record)
    recorded = {each.message for each in events}
    assert len(given) >= 10
    assert {_id(each) for each in given} <= recorded
    assert {expected(world, each) for each in events} <= set(bodies(world))


def _id(message: Message) -> str:
    found = etree.fromstring(message.octets).find(".//{http://www.w3.org/2005/08/addressing}MessageID")
    assert found is not None
    return found.text or ""
