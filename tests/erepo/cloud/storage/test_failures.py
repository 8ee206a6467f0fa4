"""The database or the bucket goes away in the worst moments: nothing is lost, nothing is twice."""

import asyncio
import os
import re
import signal
import traceback
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
from sqlalchemy import Connection, insert, select, text
from sqlalchemy.engine import make_url

from erepo.blobs.errors import StorageUnavailable
from erepo.clinic import database as clinic_database
from erepo.cloud.errors import DatabaseUnreachable
from erepo.cloud.storage.database import Database
from erepo.cloud.storage.tables import service
from erepo.cloud.storage.writer import GroupWriter
from erepo.content import read_all
from erepo.errors import RetryableError
from erepo.settings import DatabaseAddressWrong
from erepo.xds import iti18
from erepo.xds.vocabulary import ResponseStatus
from tests.support import postgres, s3
from tests.support.cloud import RunningCloud, running_cloud
from tests.support.cloud_client import CloudClient, connected, one_document
from tests.support.database_proxy import DatabaseProxy, Loss
from tests.support.ports import free_port


@pytest.fixture
def proxy() -> Iterator[DatabaseProxy]:
    """Stands before the tests' PostgreSQL."""
    with DatabaseProxy(postgres.server().port) as opened:
        yield opened


@pytest.fixture
def behind_proxy(proxy: DatabaseProxy, tmp_path: Path) -> Iterator[RunningCloud]:
    """A service whose database is reached through the proxy."""
    with postgres.database() as url:
        address = postgres.server().url(str(make_url(url).database), port=proxy.port)
        with running_cloud(tmp_path, environment={"EREPO_CLOUD_DATABASE_URL": address}) as cloud:
            yield cloud


async def is_registered(client: CloudClient, unique_id: str) -> bool:
    """Ask by the submission's uniqueId, as a client does whose answer was lost."""
    query = iti18.get_submission_set_and_contents(unique_id=unique_id)
    return bool((await client.query(query)).metadata.submission_sets)


@pytest.mark.parametrize("loss", [Loss.BEFORE, Loss.AFTER])
@pytest.mark.parametrize("size", [1000, 700_000], ids=["inline", "large"])
async def test_a_lost_commit_is_told_as_passing_and_asking_finds_the_truth(
    loss: Loss, size: int, behind_proxy: RunningCloud, proxy: DatabaseProxy
) -> None:
    """When the connection breaks at a COMMIT, the client may come again, and what is registered is whole."""
    submission = one_document(b"%PDF" + os.urandom(size))
    async with connected(behind_proxy.tenant) as client:
        await client.provide(one_document(b"warm"))
        proxy.lose(loss, submission.submission_set.unique_id.encode())
        await expect_passing(lambda: client.provide(submission))
        assert await asyncio.to_thread(proxy.lost.wait, 120)
        found = await is_registered(client, submission.submission_set.unique_id)
        assert found == (loss is Loss.AFTER)
        if not found:
            assert (await client.provide(submission)).status == ResponseStatus.SUCCESS
        entry, content = submission.entries[0]
        result = await client.retrieve(entry.unique_id)
        assert read_all(result.documents[0].content) == read_all(content)


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGQUIT], ids=["stopped", "crashed"])
async def test_the_service_outlives_its_database(how: signal.Signals, tmp_path: Path) -> None:
    """While PostgreSQL is down clients hear that they may come again; afterwards all goes on by itself."""
    own = postgres.new_server()
    try:
        with postgres.database(own) as url:
            settings = {"EREPO_CLOUD_DATABASE_URL": url}
            with running_cloud(tmp_path, environment=settings) as cloud:
                async with connected(cloud.tenant) as client:
                    kept = one_document(b"before")
                    await client.provide(kept)
                    await asyncio.to_thread(own.stop, how)
                    for _ in range(3):
                        await expect_passing(lambda: client.provide(one_document(b"x")))
                        await expect_passing(lambda: client.retrieve(kept.entries[0][0].unique_id))
                    await asyncio.to_thread(own.start)
                    assert (await client.provide(one_document(b"after"))).status == ResponseStatus.SUCCESS
                    result = await client.retrieve(kept.entries[0][0].unique_id)
                    assert read_all(result.documents[0].content) == b"before"
                assert not any("Traceback" in line for line in cloud.log)
    finally:
        own.remove()


async def test_the_service_outlives_its_bucket(tmp_path: Path) -> None:
    """While S3 is down small documents go on and large ones are told to come again; then they are taken."""
    own = s3.new_server()
    try:
        with running_cloud(tmp_path, environment=own.place("x").settings) as cloud:
            async with connected(cloud.tenant) as client:
                kept = one_document(b"%PDF" + os.urandom(600_000))
                assert (await client.provide(kept)).status == ResponseStatus.SUCCESS
                await asyncio.to_thread(own.stop)
                large = one_document(b"%PDF" + os.urandom(600_000))
                await expect_passing(lambda: client.provide(large))
                await expect_passing(lambda: client.retrieve(kept.entries[0][0].unique_id))
                assert (await client.provide(one_document(b"small"))).status == ResponseStatus.SUCCESS
                await asyncio.to_thread(own.start)
                assert (await client.provide(large)).status == ResponseStatus.SUCCESS
            assert not any("Traceback" in line for line in cloud.log)
    finally:
        own.remove()


async def expect_passing(call: Callable[[], object]) -> None:
    """Assert that a call fails so that the client may try again."""
    try:
        answer = await call()  # type: ignore[misc]
    except RetryableError:
        return
    assert [each.code for each in answer.errors] in (["XDSRepositoryBusy"], ["XDSRegistryBusy"])


@pytest.mark.parametrize("state", ["40001", "40P01"], ids=["serialization", "deadlock"])
async def test_a_group_in_the_way_of_another_is_written_again(state: str) -> None:
    """Serialization failures and deadlocks are nobody's fault: the same group is written again, unseen."""
    failures = iter([True, True, False])

    def apply(connection: Connection, jobs: Sequence[str]) -> list[str]:
        connection.execute(insert(service), [{"name": job, "value": "x"} for job in jobs])
        if next(failures):
            connection.execute(text(f"DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = '{state}'; END $$"))
        return list(jobs)

    with postgres.database() as url:
        database = Database(url)
        database.create()
        writer: GroupWriter[str, str] = GroupWriter(database, lambda _: None, apply, tenant=lambda _: 0)
        writer.start()
        assert await writer.submit("job") == "job"
        await asyncio.to_thread(writer.stop)
        with database.read() as connection:
            assert connection.scalar(select(service.c.value).where(service.c.name == "job")) == "x"
        database.close()


async def test_a_value_that_does_not_fit_takes_no_other_with_it() -> None:
    """PostgreSQL refuses what SQLite would take; only the job it belongs to fails."""

    def apply(connection: Connection, jobs: Sequence[str]) -> list[str]:
        connection.execute(insert(service), [{"name": job, "value": "x"} for job in jobs])
        return list(jobs)

    with postgres.database() as url:
        database = Database(url)
        database.create()
        writer: GroupWriter[str, str] = GroupWriter(database, lambda _: None, apply, tenant=lambda _: 0)
        jobs = [writer.submit(job) for job in ("good", "too long" * 10, "fine")]
        writer.start()
        results = await asyncio.gather(*jobs, return_exceptions=True)
        await asyncio.to_thread(writer.stop)
        database.close()
    assert [results[0], results[2]] == ["good", "fine"]
    assert isinstance(results[1], StorageUnavailable)


def test_a_reader_sees_one_state(tmp_path: Path) -> None:
    """Two questions of one reading transaction are answered from one state, and it cannot write."""
    with postgres.database() as url:
        for address in (url, f"sqlite:///{tmp_path / 'cloud.db'}"):
            database = Database(address)
            database.create()
            count = select(service.c.value).where(service.c.name == "later")
            with database.read() as reader:
                assert reader.scalar(count) is None
                with database.write() as writer:
                    writer.execute(insert(service), {"name": "later", "value": "x"})
                assert reader.scalar(count) is None
            with database.read() as reader:
                assert reader.scalar(count) == "x"
            database.close()


@pytest.mark.parametrize("address", ["mysql://x@y/z", "oracle://x", "postgresql+nothing://x/y", "no address"])
def test_other_databases_are_refused(address: str) -> None:
    """What no driver is installed for is told as a wrong setting."""
    with pytest.raises(DatabaseAddressWrong):
        Database(address)


@pytest.mark.parametrize("open_database", [Database, clinic_database.open_database])
@pytest.mark.parametrize("address", ["postgresql://erepo:word@of:secret@host/erepo", "postgresql://x@[::1/y"])
def test_a_broken_address_tells_no_password(address: str, open_database: Callable[[str], object]) -> None:
    """A password whose @ and : are not escaped looks like a port: nothing of it is quoted."""
    with pytest.raises(DatabaseAddressWrong) as raised:
        open_database(address)
    assert "secret" not in "".join(traceback.format_exception(raised.value, chain=True))


def test_a_database_that_does_not_answer_is_told_with_its_reason() -> None:
    """The operator reads why the database does not open, and not the password."""
    database = Database(f"postgresql://erepo:secret@127.0.0.1:{free_port()}/erepo")
    with pytest.raises(DatabaseUnreachable, match="refused") as caught:
        database.check()
    assert "secret" not in str(caught.value)
    database.close()


def test_a_role_above_the_second_wall_is_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """The operator is warned when row-level security does not bind the service's role."""
    with postgres.database() as url:
        for address in (url, url.replace(f"//{postgres.ROLE}@", "//postgres@")):
            database = Database(address)
            database.create()
            database.check()
            database.close()
    assert len(re.findall("row-level security", caplog.text)) == 1
