"""S6, S7: the clinic's database is PostgreSQL, and goes away around a COMMIT, or finds deadlocks."""

import contextlib
import itertools
import os
import random
import threading
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from psycopg import sql

from erepo.clinic.archiving import leases, reconcile, send_batch
from erepo.clinic.archiving import work as archiving
from erepo.clinic.content import ContentStore
from erepo.clinic.database import open_database, repeated
from erepo.clinic.errors import DatabaseBusy
from erepo.clinic.machine import trouble_of
from erepo.clinic.migrating import Selection, migrate, unblock
from erepo.clinic.migrating import working as migrating
from erepo.clinic.permissions import Permission, grant
from erepo.clinic.tables import document, now
from erepo.errors import ErepoError
from tests.support import postgres
from tests.support.database_proxy import DatabaseProxy, Loss
from tests.support.life import Guard, ModelWorld, illegal_moves, is_whole, left_open, twice

SOAK = bool(os.environ.get("EREPO_SOAK"))
LOGIN = "archiwum"
ALL = Selection(everything=True)
DOCUMENTS = 4
#: Transactions that lock the same rows in the other order.
RIVALS = 60


class Hall:
    """A clinic on PostgreSQL before a model of the repository, watched by the guard."""

    def __init__(self, folder: Path, url: str) -> None:
        self.world = ModelWorld(folder, clinic_database_url=url)
        self.desk, self.broken = self.world.desk, list[str]()
        self.store = ContentStore.at(self.desk.settings)
        with self.desk.database.begin() as connection:
            grant(connection, LOGIN, Permission.MIGRATE, actor="test")

    @property
    def cloud(self) -> Any:
        """The repository behind the guard."""
        return Guard(self.world.cloud, self.desk.database, self.store, self.broken)

    async def archive(self) -> None:
        """Archive what is due."""
        await reconcile(self.cloud, self.desk.database)
        for batch in self.desk.plan().batches:
            await send_batch(self.cloud, self.desk.database, batch)

    async def migrate(self) -> None:
        """Bring everything back."""
        await migrate(self.cloud, self.desk.database, ALL, LOGIN)

    async def settle(self, job: str) -> None:
        """Let a few good runs end it; then nothing is lost, doubled, or under way."""
        for _ in range(2):
            await getattr(self, job)()
        assert left_open(self.desk) == []
        assert set(self.desk.states()) == {{"archive": "archived", "migrate": "blocked"}[job]}
        self.check()

    def check(self) -> None:
        """I1 to I4 and I6."""
        assert self.broken == []
        assert illegal_moves(self.desk) == []
        assert not twice(
            [(one.unique_id, one.hash, one.status) for _, one in self.world.cloud.entries.values()]
        )
        octets = self.world.octets()
        for row in self.desk.rows(document.c.sha256, document.c.state):
            assert row.sha256 in octets or is_whole(self.store, row.sha256), row.state

    def begin_again(self) -> None:
        """Unblock everything, due at once."""
        unblock(self.desk.database, ALL, LOGIN)
        with self.desk.database.begin() as connection:
            connection.execute(document.update().where(document.c.state == "local").values(due_at=now()))


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """No pauses; the lease of a run that failed is free at once."""
    for module in (archiving, migrating):
        monkeypatch.setattr(module, "PAUSE", 0.0)
    monkeypatch.setattr(leases, "is_dead", bool)


@pytest.fixture
def proxy() -> Iterator[tuple[DatabaseProxy, str]]:
    """A database behind a proxy that loses connections."""
    with postgres.database() as url:
        name = sa.make_url(url).database or ""
        with DatabaseProxy(postgres.server().port) as proxy:
            yield proxy, postgres.server().url(name, port=proxy.port)


@pytest.mark.parametrize("loss", [Loss.BEFORE, Loss.AFTER])
async def test_a_connection_lost_around_any_commit(
    proxy: tuple[DatabaseProxy, str], loss: Loss, tmp_path: Path
) -> None:
    """S6: any COMMIT of archiving and migration is not heard, or its answer lost; the next run ends it."""
    line, url = proxy
    seed = random.SystemRandom().randrange(10**6)
    print(f"seed {seed}")  # shown where the test fails
    chance = random.Random(seed)
    hall = Hall(tmp_path, url)
    with contextlib.closing(hall.desk):
        hall.desk.take_in(DOCUMENTS, 2)
        for job in ("archive", "migrate"):
            number = 0
            for turn in itertools.count(1):  # noqa: B007 - looked at below
                number += 1 if SOAK else chance.randint(1, 4)
                hall.begin_again()
                if job == "migrate":
                    await hall.archive()
                line.lose(loss, b"", number)
                await attempt(getattr(hall, job))
                if hit := line.loss is Loss.NEVER:
                    assert line.lost.wait(120)
                line.lose(Loss.NEVER, b"")
                hall.check()
                await hall.settle(job)
                await hall.migrate()
                if not hit:
                    break
            assert turn > 2


async def test_deadlocks_are_told_and_lose_nothing(tmp_path: Path) -> None:
    """S7: another locks the same documents in the other order; what met a deadlock is done again."""
    with postgres.database() as url:
        _quick_to_see_deadlocks(url)
        hall = Hall(tmp_path, url)
        with contextlib.closing(hall.desk):
            hall.desk.take_in(4 * DOCUMENTS, 2)
            rival = threading.Thread(target=_lock_backwards, args=(url,))
            rival.start()
            while rival.is_alive():
                for job in (hall.archive, hall.migrate):
                    await attempt(job)
                    hall.check()
                with contextlib.suppress(DatabaseBusy):
                    hall.begin_again()
            await hall.settle("archive")
            await hall.settle("migrate")


def test_who_met_a_deadlock_does_it_again(tmp_path: Path) -> None:
    """Two lock two documents each in the other order: one is rolled back, told so, and does it anew."""
    with postgres.database() as url:
        _quick_to_see_deadlocks(url)
        hall = Hall(tmp_path, url)
        with contextlib.closing(hall.desk):
            hall.desk.take_in(2, 1)
            ids = sorted(row[0] for row in hall.desk.rows(document.c.id))
            both, tries, told = threading.Barrier(2, timeout=120), [], list[DatabaseBusy]()

            def work(order: list[int]) -> None:
                tries.append(order)
                with hall.desk.database.begin() as connection:
                    for number, one in enumerate(order):
                        hold = document.update().where(document.c.id == one).values(legal_hold=True)
                        connection.execute(hold)
                        if not number and len(tries) <= 2:
                            both.wait()

            def plainly(order: list[int]) -> None:
                try:
                    work(order)
                except DatabaseBusy as error:
                    told.append(error)

            for act in (repeated(work), plainly):
                tries.clear()
                rival = threading.Thread(target=act, args=(ids[::-1],))
                rival.start()
                act(ids)
                rival.join(120)
                assert len(tries) == (2 if act is plainly else 3)
            (busy,) = told
            assert busy.retryable
            assert busy.data == {"state": "40P01"}


async def attempt(work: Callable[[], Awaitable[None]]) -> None:
    """Do some work; it may fail, with a known error."""
    try:
        await work()
    except Exception as error:
        if not isinstance(error, ErepoError) and trouble_of(error, "database") is None:
            raise


def _quick_to_see_deadlocks(url: str) -> None:
    name = sa.make_url(url).database or ""
    with postgres.server().superuser() as connection:
        connection.execute(
            sql.SQL("ALTER DATABASE {} SET deadlock_timeout = 10").format(sql.Identifier(name))
        )


def _lock_backwards(url: str) -> None:
    """Lock all documents one by one, the newest first, again and again."""
    with contextlib.closing(open_database(url)) as database:
        for _ in range(RIVALS):
            with contextlib.suppress(DatabaseBusy), database.begin() as connection:
                ids = (
                    connection.execute(sa.select(document.c.id).order_by(document.c.id.desc()))
                    .scalars()
                    .all()
                )
                for id_ in ids:
                    one = document.update().where(document.c.id == id_)
                    connection.execute(one.values(legal_hold=False))
