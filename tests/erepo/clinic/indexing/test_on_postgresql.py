"""Indexing on PostgreSQL, where writers do not exclude each other and rows are locked."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from erepo.clinic.content import ContentStore
from erepo.clinic.database import open_database
from erepo.clinic.indexing import enrol, ledger, run
from erepo.clinic.indexing.enrolling import _unknown, add
from erepo.clinic.indexing.pausing import note_outage, pause_of
from erepo.clinic.tables_indexing import index_pause
from tests.support import postgres
from tests.support.account_clinic import AccountWorld
from tests.support.index_clinic import IndexSite, index_site
from tests.support.waiting import until

ACCOUNT = "0000000000001003"
AT = datetime(2031, 5, 1, 8, tzinfo=UTC)


async def test_indexed_replaced_withdrawn_and_by_two_at_once(
    tmp_path: Path, account_service: AccountWorld
) -> None:
    """Two runs share the work, each index is made once; what goes is withdrawn, what is back is indexed."""
    with postgres.database() as url, index_site(tmp_path, account_service, database=url) as site:
        ids = await site.archive(6)
        settings = site.site.clinic.settings

        def one(_: int) -> int:
            with site.site.client() as client:
                return run(client, site.database, settings, site.site.account).indexed

        with ThreadPoolExecutor(2) as threads:
            assert sum(threads.map(one, range(2))) == 6
        assert set(map(tuple, site.at_p1().values())) == {("Approved",)}
        site.change(ids[:2], state="blocked")
        assert site.run().withdrawn == 2
        site.change(ids[:1], state="archived")
        assert site.run().indexed == 1
        assert site.counts() == {"indexed": 5, "withdrawn": 1}


async def test_two_looks_at_once_put_each_document_on_the_list_once(
    tmp_path: Path, account_service: AccountWorld
) -> None:
    """Both see documents that are on no list; one waits for the other, and adds nothing."""
    with postgres.database() as url, index_site(tmp_path, account_service, database=url) as site:
        await site.archive(4, events=False)
        store = ContentStore.at(site.site.clinic.settings)

        def is_waiting() -> bool:
            with site.database.read() as connection:
                locked = "SELECT count(*) FROM pg_locks WHERE NOT granted"
                return bool(connection.exec_driver_sql(locked).scalar_one())

        with ThreadPoolExecutor(1) as threads:
            with site.database.begin() as first:
                assert add(first, store, _unknown(first), lawful=True) == 4
                second = threads.submit(enrol, site.database, store, site.now())
                until(is_waiting)
            assert second.result().new == 0
        assert site.counts() == {"waiting": 4}


def test_two_runs_that_meet_one_outage_write_one_pause() -> None:
    """Neither fails at the other's row: it counts on from there, and the longer pause stands."""
    with postgres.database() as url, closing(open_database(url)) as database:
        database.upgrade()
        other = {"account": ACCOUNT, "failures": 1, "since": AT, "resume_at": AT, "code": "index.later"}

        def is_waiting() -> bool:
            with database.read() as connection:
                locked = "SELECT count(*) FROM pg_locks WHERE NOT granted"
                return bool(connection.exec_driver_sql(locked).scalar_one())

        with ThreadPoolExecutor(1) as threads:
            with database.begin() as first:
                first.execute(index_pause.insert().values(other))
                second = threads.submit(note_outage, database, ACCOUNT, "index.later", AT)
                until(is_waiting)
            assert second.result().failures == 2
            with database.begin() as first:
                first.execute(index_pause.update().values(failures=5))
                second = threads.submit(note_outage, database, ACCOUNT, "index.later", AT)
                until(is_waiting)
            assert second.result().failures == 6
        with database.read() as connection:
            assert pause_of(connection, ACCOUNT) == second.result()


async def test_what_another_run_has_forgotten_is_nothing_to_do(site: IndexSite) -> None:
    """The index of a destroyed document went, and its row with it, between a look and its turn."""
    [destroyed, other] = await site.archive(2)
    site.run()
    site.change([destroyed], state="deleted", origin="destroyed")
    site.enrol()
    with site.database.read() as connection:
        [doomed] = ledger.due(connection, site.now())
    assert site.run().withdrawn == 1
    assert site.states() == {other: "indexed"}
    assert ledger.claim(site.database, doomed, "erepo", site.now()) is None
