"""When processes die and disks fill up, effects and events still agree, and no answer lacks its record."""

import asyncio
import random
import resource
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import httpx
import pytest
from sqlalchemy import select

from erepo.cloud.audit.events import Event, Result
from erepo.cloud.audit.verifying import verify_chains
from erepo.cloud.registry.kinds import Kind
from erepo.cloud.storage.database import Database
from erepo.cloud.storage.tables import audit_event, document, registry_object
from erepo.errors import ErepoError
from erepo.xds import iti18
from tests.support.audit import record_of
from tests.support.cloud import ACCOUNT, RunningCloud
from tests.support.cloud_client import CloudClient, connected, new_oid, one_document

KILLS = 6


async def until_killed(cloud: RunningCloud, generator: random.Random) -> None:
    """Submit, retrieve and ask until the service dies, after some submissions."""
    left, enough = generator.randrange(2, 40), asyncio.Event()

    async def lane(client: CloudClient) -> None:
        nonlocal left
        while True:
            try:
                await client.provide(one_document(generator.randbytes(generator.randrange(10, 20_000))))
                left -= 1
                await client.retrieve(new_oid())
            except ErepoError:
                enough.set()
                return
            if left <= 0:
                enough.set()

    async with connected(cloud.tenant) as client:
        lanes = [asyncio.create_task(lane(client)) for _ in range(8)]
        await enough.wait()
        await asyncio.sleep(generator.uniform(0, 0.02))
        await asyncio.to_thread(cloud.kill)
        await asyncio.gather(*lanes)


def effects(database: Database) -> tuple[list[str], list[str]]:
    """Return the uniqueIds of submission sets and of documents that are there."""
    sets = select(registry_object.c.unique_id).where(registry_object.c.kind == Kind.SUBMISSION_SET)
    with database.everyone("a test") as connection:
        return (
            sorted(connection.scalars(sets)),
            sorted(connection.scalars(select(document.c.unique_id))),
        )


def told(database: Database) -> tuple[list[str], list[str]]:
    """Return the same as the record tells it."""
    sets: list[str] = []
    documents: list[str] = []
    with database.everyone("a test") as connection:
        for facts in connection.scalars(select(audit_event.c.facts)):
            event = Event.read(bytes(facts))
            if event.transaction == "ITI-41" and event.result is Result.SUCCESS:
                sets += [each.id for each in event.things if each.kind == "set"]
                documents += [each.id for each in event.things if each.kind == "document"]
    return sorted(sets), sorted(documents)


@pytest.mark.kill
async def test_after_kills_record_and_registry_agree(own_cloud: RunningCloud) -> None:
    """After kill -9 in a stream of requests the record tells exactly what is there, and its chains hold."""
    generator = random.Random(20260311)
    for _ in range(KILLS):
        own_cloud.start()
        await until_killed(own_cloud, generator)
    own_cloud.start()
    async with connected(own_cloud.tenant) as client:
        await client.provide(one_document(b"<a/>"))
    database = Database(own_cloud.settings.cloud_url)
    try:
        sets, documents = effects(database)
        assert len(sets) > KILLS
        assert told(database) == (sets, documents)
        assert verify_chains(database).intact
    finally:
        database.close()


@contextmanager
def full_disk(cloud: RunningCloud) -> Iterator[None]:
    """Let the service write no byte into any file for a while."""
    assert cloud.process is not None
    before = resource.prlimit(cloud.process.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(cloud.process.pid, resource.RLIMIT_FSIZE, (1, before[1]))
    try:
        yield
    finally:
        resource.prlimit(cloud.process.pid, resource.RLIMIT_FSIZE, before)


#: What is asked of a service whose record cannot be written.
ASKED: dict[str, Callable[[CloudClient, str], object]] = {
    "ITI-41": lambda client, _: client.provide(one_document(b"<b/>")),
    "ITI-43": lambda client, there: client.retrieve(there),
    "ITI-18": lambda client, there: client.query(iti18.get_documents(unique_ids=[there])),
}


@pytest.mark.one_store
async def test_what_cannot_be_recorded_is_not_answered(own_cloud: RunningCloud) -> None:
    """On a full disk nothing is given out or done; afterwards all goes on, and the chain holds."""
    own_cloud.start()
    stored = one_document(b"<a/>")
    there = stored.entries[0][0].unique_id
    async with connected(own_cloud.tenant) as client:
        await client.provide(stored)
        with record_of(own_cloud.settings.cloud_url) as record:
            with full_disk(own_cloud):
                for ask in ASKED.values():
                    with pytest.raises(ErepoError):
                        await ask(client, there)  # type: ignore[misc]
                assert account_state(own_cloud) == 503
            assert record.new() == []
            for ask in ASKED.values():
                await ask(client, there)  # type: ignore[misc]
            assert account_state(own_cloud) == 200
            assert [event.transaction for _, event in record.new()] == [*ASKED, "account"]
            assert verify_chains(record.database).intact


def account_state(cloud: RunningCloud) -> int:
    """Return the status of the answer to a REST request."""
    with httpx.Client(verify=cloud.tenant.tls_context(), trust_env=False, timeout=60) as http:
        return http.get(f"{cloud.url}/services/{ACCOUNT}").status_code
