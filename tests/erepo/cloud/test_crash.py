"""kill -9 of the real process: what was answered Success is there afterwards, whole and once."""

import asyncio
import os
import random
import signal
from contextlib import closing
from datetime import UTC, datetime

import pytest
from sqlalchemy import func, insert, select

from erepo.blobs.store import new_key
from erepo.cloud.storage.database import Database
from erepo.cloud.storage.discarding import finish, note
from erepo.cloud.storage.tables import discarded_blob, document, tenant
from erepo.content import read_all
from erepo.errors import ErepoError
from erepo.xds import iti18
from erepo.xds.iti41 import Submission
from erepo.xds.vocabulary import ResponseStatus
from tests.support.cloud import RunningCloud
from tests.support.cloud_client import CloudClient, connected, one_document
from tests.support.waiting import until

KILLS = 6
#: A row as no submission would write it.
DOCUMENT = {
    "id": 10**9,
    "tenant_id": 1,
    "unique_id": "1.2.3",
    "sha1": "0" * 40,
    "sha256": "0" * 64,
    "size": 6,
    "mime_type": "text/xml",
    "coding": "raw",
    "stored_at": datetime.now(UTC).replace(tzinfo=None),
}


def submission(generator: random.Random) -> Submission:
    """Return a document that goes into the database or, one in four, into a file."""
    size = 300_000 if generator.random() < 0.25 else generator.randrange(10, 50_000)
    return one_document(generator.randbytes(size))


async def stream(cloud: RunningCloud, generator: random.Random, accepted: list[Submission]) -> None:
    """Submit until the service dies, after some submissions; note what was answered Success."""
    wanted, enough = len(accepted) + generator.randrange(2, 40), asyncio.Event()

    async def lane(client: CloudClient) -> None:
        while True:
            each = submission(generator)
            try:
                response = await client.provide(each)
            except ErepoError:
                enough.set()
                return
            assert response.status == ResponseStatus.SUCCESS, response.errors
            accepted.append(each)
            if len(accepted) >= wanted:
                enough.set()

    async with connected(cloud.tenant) as client:
        lanes = [asyncio.create_task(lane(client)) for _ in range(8)]
        await enough.wait()
        await asyncio.sleep(generator.uniform(0, 0.02))
        await asyncio.to_thread(cloud.kill)
        await asyncio.gather(*lanes)


@pytest.mark.kill
async def test_whatever_was_answered_success_survives_kills(own_cloud: RunningCloud) -> None:
    """After several kills in a stream of submissions every accepted document is found once and byte-equal."""
    generator = random.Random(20261123)
    accepted: list[Submission] = []
    for _ in range(KILLS):
        own_cloud.start()
        await stream(own_cloud, generator, accepted)
    own_cloud.start()
    assert len(accepted) > KILLS
    async with connected(own_cloud.tenant) as client:
        for each in accepted:
            await check_stored(client, each)
        state = await usage(own_cloud)
    # What was stored but not answered counts too: it is there, the client only has to ask.
    assert state >= len(accepted)


async def check_stored(client: CloudClient, each: Submission) -> None:
    """Assert that a submission is registered once and its document returned equal."""
    entry, content = each.entries[0]
    query = iti18.get_submission_set_and_contents(unique_id=each.submission_set.unique_id)
    metadata = (await client.query(query)).metadata
    assert [found.unique_id for found in metadata.documents] == [entry.unique_id]
    result = await client.retrieve(entry.unique_id)
    assert read_all(result.documents[0].content) == read_all(content)


async def usage(cloud: RunningCloud) -> int:
    """Return the used documents, and check that rows, counters and blobs agree."""
    database = Database(cloud.settings.cloud_url)
    with database.everyone("a test counts") as connection:
        used = connection.execute(select(tenant.c.used_bytes, tenant.c.used_documents)).one()
        counted = connection.execute(
            select(func.sum(document.c.size), func.count()).select_from(document)
        ).one()
        keys = set(connection.scalars(select(document.c.blob_key).where(document.c.blob_key.is_not(None))))
    database.close()
    assert tuple(used) == tuple(counted)
    assert keys <= set(cloud.blobs.keys())
    return int(used.used_documents)


async def test_a_lost_answer_is_found_by_asking(own_cloud: RunningCloud) -> None:
    """After a kill the registry knows an unanswered submission whole or not at all; resending settles it."""
    own_cloud.start()
    unanswered: list[Submission] = []

    async def send(client: CloudClient, each: Submission) -> None:
        try:
            await client.provide(each)
        except ErepoError:
            unanswered.append(each)

    async with connected(own_cloud.tenant) as client:
        generator = random.Random(7)
        tasks = [asyncio.create_task(send(client, submission(generator))) for _ in range(40)]
        await asyncio.sleep(0.08)
        await asyncio.to_thread(own_cloud.kill)
        await asyncio.gather(*tasks)
    own_cloud.start()
    async with connected(own_cloud.tenant) as client:
        for each in unanswered:
            query = iti18.get_submission_set_and_contents(unique_id=each.submission_set.unique_id)
            if not (await client.query(query)).metadata.submission_sets:
                assert (await client.provide(each)).status == ResponseStatus.SUCCESS
            await check_stored(client, each)


async def test_sigterm_finishes_what_is_under_way(own_cloud: RunningCloud) -> None:
    """SIGTERM ends the process with code 0; requests already received are answered."""
    own_cloud.start()
    accepted: list[Submission] = []
    async with connected(own_cloud.tenant) as client:

        async def send(each: Submission) -> None:
            try:
                response = await client.provide(each)
            except ErepoError:
                return
            assert response.status == ResponseStatus.SUCCESS
            accepted.append(each)

        generator = random.Random(9)
        tasks = [asyncio.create_task(send(submission(generator))) for _ in range(30)]
        await asyncio.sleep(0.05)
        assert own_cloud.process is not None
        own_cloud.process.send_signal(signal.SIGTERM)
        await asyncio.gather(*tasks)
    assert own_cloud.stop() == 0
    own_cloud.start()
    async with connected(own_cloud.tenant) as client:
        for each in accepted:
            await check_stored(client, each)
    assert own_cloud.stop() == 0


async def test_a_restart_keeps_everything(own_cloud: RunningCloud) -> None:
    """Documents, identifiers and usage are the same after a clean restart."""
    own_cloud.start()
    kept = [one_document(os.urandom(size)) for size in (10, 700_000)]
    async with connected(own_cloud.tenant) as client:
        for each in kept:
            await client.provide(each)
    assert own_cloud.stop() == 0
    own_cloud.start()
    async with connected(own_cloud.tenant) as client:
        for each in kept:
            await check_stored(client, each)


def notes(database: Database) -> list[str]:
    """Return the keys of the blobs that are still noted to go."""
    with database.everyone("a test reads") as connection:
        return list(connection.scalars(select(discarded_blob.c.key)))


def test_only_what_was_decided_to_go_is_removed(own_cloud: RunningCloud) -> None:
    """A start removes a blob that was noted; what no row names stays, and what a document names."""
    blobs = own_cloud.blobs
    lone, noted, named = new_key(1), new_key(1), new_key(1)
    for key in (lone, noted, named):
        blobs.put(key, [b"octets"])
    with closing(Database(own_cloud.settings.cloud_url)) as database:
        with database.everyone("a test writes", write=True) as connection:
            note(connection, [noted, named])
            connection.execute(insert(document), {**DOCUMENT, "blob_key": named})
        own_cloud.start()
        # The blob goes first, then its note: the start is done with it when the note is gone.
        until(lambda: notes(database) == [named])
        assert set(blobs.keys()) == {lone, named}
        assert finish(database, blobs) == 1  # the one that a document names: told again, and kept
    assert set(blobs.keys()) == {lone, named}
