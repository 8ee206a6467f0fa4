"""The one thread that writes: whatever goes wrong with one job, the others and the thread live on."""

import asyncio
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from sqlalchemy import Connection, insert, select, text

from erepo.blobs.errors import StorageUnavailable
from erepo.cloud.errors import ServiceStopping
from erepo.cloud.storage.database import Database
from erepo.cloud.storage.tables import service
from erepo.cloud.storage.writer import GroupWriter
from tests.support import postgres

Job = dict[str, bool]
#: A constraint that PostgreSQL looks at only when the transaction is to be committed.
FAILING_COMMITS = (
    """CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION 'no' USING ERRCODE = 'integrity_constraint_violation'; END $$""",
    """CREATE CONSTRAINT TRIGGER late AFTER INSERT ON service DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION fail()""",
)


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    """An empty database."""
    opened = Database(f"sqlite:///{tmp_path / 'cloud.db'}")
    opened.create()
    yield opened
    opened.close()


def prepare(job: Job) -> None:
    """Prepare a job, unless it is a bad one."""
    if job.get("bad"):
        raise ValueError("bad")
    job["prepared"] = True


def done(_connection: Connection, jobs: Sequence[Job]) -> list[str]:
    """Write nothing, but only what was prepared."""
    assert all(job["prepared"] for job in jobs)
    return ["done" for _ in jobs]


async def test_a_job_that_cannot_be_prepared_takes_no_other_with_it(database: Database) -> None:
    """Also those behind it in the group are prepared and written."""
    writer: GroupWriter[Job, str] = GroupWriter(database, prepare, done, tenant=lambda _: 1)
    jobs: list[Job] = [{}, {"bad": True}, {}, {}]
    waiting = [writer.submit(job) for job in jobs]
    writer.start()
    results = await asyncio.gather(*waiting, return_exceptions=True)
    await asyncio.to_thread(writer.stop)
    assert isinstance(results[1], ValueError)
    assert [results[0], *results[2:]] == ["done"] * 3


async def test_who_comes_in_the_moment_of_stopping_is_told(database: Database) -> None:
    """A job that the thread will not take any more is refused, not forgotten."""
    writer: GroupWriter[Job, str] = GroupWriter(database, prepare, done, tenant=lambda _: 1)
    writer.stop()
    # `submit` looked a moment before: the job is behind the end.
    writer._stopping = False
    late = writer.submit({})
    writer.start()
    with pytest.raises(ServiceStopping):
        await asyncio.wait_for(late, 120)


async def test_a_commit_that_fails_is_never_done_again() -> None:
    """Whatever the driver calls it, its end is unknown: a second try might meet what the first has done."""
    groups = []

    def apply(connection: Connection, jobs: Sequence[Job]) -> list[str]:
        groups.append(len(jobs))
        connection.execute(insert(service), {"name": "late", "value": "x"})
        return ["done" for _ in jobs]

    with postgres.database() as url:
        database = Database(url)
        database.create()
        with database.everyone("a test makes commits fail", write=True) as connection:
            for statement in FAILING_COMMITS:
                connection.execute(text(statement))
        writer: GroupWriter[Job, str] = GroupWriter(database, prepare, apply, tenant=lambda _: 1)
        waiting = [writer.submit({}) for _ in range(3)]
        writer.start()
        results = await asyncio.gather(*waiting, return_exceptions=True)
        await asyncio.to_thread(writer.stop)
        with database.read() as connection:
            assert connection.scalar(select(service.c.value).where(service.c.name == "late")) is None
        database.close()
    assert all(isinstance(each, StorageUnavailable) for each in results)
    assert groups == [3]
