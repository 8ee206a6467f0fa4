"""kill -9 while documents are removed: each is there whole or not at all, and nothing is left for good."""

import asyncio
import random

import pytest
from sqlalchemy import func, select

from erepo.cloud.storage.database import Database
from erepo.cloud.storage.discarding import finish
from erepo.cloud.storage.tables import document, tenant
from erepo.content import read_all
from erepo.errors import ErepoError
from erepo.xds.vocabulary import Xds
from tests.support.cloud import RunningCloud
from tests.support.cloud_client import CloudClient, connected
from tests.support.registering import entry, good, provided, registration

ROUNDS = 3


async def store(client: CloudClient, generator: random.Random) -> dict[str, bytes]:
    """Provide documents, most of them too large for a row."""
    stored = {}
    for size in (300_000, 400_000, 300_000, 2_000, 350_000, 300_000):
        one, octets = entry(hash="", size=None), generator.randbytes(size)
        good(await client.provide(provided(registration(one), octets)))
        stored[one.unique_id] = octets
    return stored


async def remove_until_killed(cloud: RunningCloud, names: list[str], after: float) -> set[str]:
    """Remove documents one by one until the service dies; return those whose removal was answered."""
    answered: set[str] = set()

    async def remove(client: CloudClient) -> None:
        for name in names:
            try:
                good(await client.remove_documents(name))
            except ErepoError:
                return
            answered.add(name)

    async with connected(cloud.tenant) as client:
        task = asyncio.create_task(remove(client))
        await asyncio.sleep(after)
        await asyncio.to_thread(cloud.kill)
        await task
    return answered


@pytest.mark.kill
async def test_a_killed_removal_leaves_documents_whole_or_gone(own_cloud: RunningCloud) -> None:
    """What was answered is gone, anything else whole or gone; a start leaves no file of what was removed."""
    generator = random.Random(20261123)
    for _ in range(ROUNDS):
        own_cloud.start()
        async with connected(own_cloud.tenant) as client:
            stored = await store(client, generator)
        answered = await remove_until_killed(own_cloud, list(stored), generator.uniform(0.0, 0.15))
        own_cloud.start()
        async with connected(own_cloud.tenant) as client:
            for name, octets in stored.items():
                result = await client.retrieve(name)
                there = [read_all(one.content) for one in result.documents]
                assert there in ([octets], [])
                assert not there or name not in answered
                assert there or [one.code for one in result.errors] == [Xds.DOCUMENT_UNIQUE_ID]
        own_cloud.stop()
        check_files(own_cloud)


def check_files(cloud: RunningCloud) -> None:
    """Assert that every row has its file, and that counters agree with rows."""
    database = Database(cloud.settings.cloud_url)
    with database.everyone("a test counts") as connection:
        keys = set(connection.scalars(select(document.c.blob_key).where(document.c.blob_key.is_not(None))))
        rows = connection.execute(select(func.count(), func.sum(document.c.size)).select_from(document)).one()
        used = connection.execute(select(tenant.c.used_documents, tenant.c.used_bytes)).one()
    assert (rows[0], rows[1] or 0) == tuple(used)
    assert keys <= set(cloud.blobs.keys())
    finish(database, cloud.blobs)
    database.close()
    assert keys == set(cloud.blobs.keys())
