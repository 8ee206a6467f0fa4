"""Blobs of what was refused or removed: they go, at once or at the next start, whatever is down meanwhile."""

import asyncio
import secrets
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import func, select, update

from erepo.blobs.store import FileBlobStore
from erepo.cloud.storage.database import Database
from erepo.cloud.storage.tables import discarded_blob, document, service
from erepo.cloud.storage.upgrading import SCHEMA
from erepo.errors import RetryableError
from erepo.soap.errors import SoapFaultReceived
from erepo.xds.model import new_entry_uuid
from erepo.xds.vocabulary import AssociationType
from tests.support import s3
from tests.support.cloud import RunningCloud, running_cloud
from tests.support.cloud_client import connected, new_oid, one_document
from tests.support.registering import entry, good, link, provided, registration
from tests.support.waiting import until

pytestmark = pytest.mark.one_store


def large() -> bytes:
    """Return octets that no row takes."""
    return b"%PDF" + secrets.token_bytes(400_000)


def noted(cloud: RunningCloud) -> int:
    """Return how many blobs are noted to go."""
    with closing(Database(cloud.settings.cloud_url)) as database, database.everyone("a test") as connection:
        return int(connection.scalars(select(func.count()).select_from(discarded_blob)).one())


async def test_a_removal_while_a_store_is_down_is_finished_by_the_next_start(tmp_path: Path) -> None:
    """The document is gone with the answer; its blobs go when the store is back and a service starts."""
    own = s3.new_server()
    try:
        place = own.place("copy")
        more = {**place.settings, "EREPO_CLOUD_BLOBS": "file", "EREPO_CLOUD_BLOBS_COPY": place.url}
        with running_cloud(tmp_path, environment=more) as cloud:
            async with connected(cloud.tenant) as client:
                submission = one_document(large())
                assert not (await client.provide(submission)).errors
                unique_id = submission.entries[0][0].unique_id
                (key,) = set(cloud.blobs.keys())
                await asyncio.to_thread(own.stop)
                good(await client.remove_documents(unique_id))
                assert not (await client.retrieve(unique_id)).documents
                # A large document goes nowhere while one of its two places is missing; a small one does.
                busy = await client.provide(one_document(large()))
                assert [each.code for each in busy.errors] == ["XDSRepositoryBusy"]
                assert not (await client.provide(one_document(b"small"))).errors
            assert noted(cloud) == 1
            first = FileBlobStore(cloud.home.blobs)
            assert set(first.keys()) == {key}  # of the refused one nothing is left
            await asyncio.to_thread(own.start)
            cloud.stop()
            cloud.start()
            until(lambda: noted(cloud) == 0)
            assert set(cloud.blobs.keys()) == set()
    finally:
        own.remove()


async def test_a_refused_change_leaves_no_blob(tmp_path: Path) -> None:
    """A replacement of what is not there, and a copy of what is, are undone with their large contents."""
    with running_cloud(tmp_path) as cloud:
        async with connected(cloud.tenant) as client:
            one, octets = entry(hash="", size=None), large()
            good(await client.provide(provided(registration(one), octets)))
            kept = set(cloud.blobs.keys())
            other = entry(hash="", size=None, unique_id=new_oid())
            replacing = link(AssociationType.REPLACE, other.entry_uuid, new_entry_uuid())
            refused = await client.provide(provided(registration(other, replacing), large()))
            assert refused.errors
            again = replace(one, entry_uuid=new_entry_uuid())
            good(await client.provide(provided(registration(again), octets)))
        assert set(cloud.blobs.keys()) == kept
        assert noted(cloud) == 0


async def test_an_upgrade_under_a_running_service_stops_its_writing(tmp_path: Path) -> None:
    """What an earlier version would write into later tables is refused, reads as well, until it is ended."""
    with running_cloud(tmp_path) as cloud:
        async with connected(cloud.tenant) as client:
            assert not (await client.provide(one_document(b"before"))).errors
            with closing(Database(cloud.settings.cloud_url)) as database:
                schema = update(service).where(service.c.name == "schema")
                with database.everyone("a test upgrades", write=True) as connection:
                    connection.execute(schema.values(value="99"))
                with pytest.raises((RetryableError, SoapFaultReceived)):
                    await client.provide(one_document(b"between"))
                with pytest.raises((RetryableError, SoapFaultReceived)):
                    await client.retrieve("1.2.3")
                with database.everyone("a test counts", write=True) as connection:
                    assert connection.scalar(select(func.count()).select_from(document)) == 1
                    connection.execute(schema.values(value=str(SCHEMA)))
            assert not (await client.provide(one_document(b"after"))).errors
