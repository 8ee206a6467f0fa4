"""S5: the clock jumps, by a second up to a day, forward and back, and in the nights of summer time."""

import contextlib
import itertools
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from erepo.cda.kinds import Kind
from erepo.clinic import tables
from erepo.clinic.archiving import Choice, leases, reconcile, send_batch
from erepo.clinic.archiving import work as archiving
from erepo.clinic.content import ContentStore
from erepo.clinic.intake import Intake
from erepo.clinic.kinds import read_rules, set_rule
from erepo.clinic.migrating import Selection, migrate
from erepo.clinic.migrating import working as migrating
from erepo.clinic.permissions import Permission, grant
from erepo.clinic.purging import purge
from erepo.clinic.tables import batch, document
from erepo.clinic.tables_migrating import migration_batch
from tests.support.clinic_side import samples
from tests.support.life import ModelWorld, illegal_moves, is_whole, left_open

WARSAW = ZoneInfo("Europe/Warsaw")
LOGIN = "archiwum"
DAY = timedelta(days=1)
JUMPS = [timedelta(seconds=one) for one in (1, 59, 61, 300, 86_400)]
#: Of a machine that nobody can ask whether its process is alive.
ELSEWHERE = "elsewhere|1|1|token"


class Clock:
    """The clinic's clock: the real one, put forward or back."""

    def __init__(self) -> None:
        self.offset = timedelta()

    def install(self, patch: pytest.MonkeyPatch) -> None:
        """Let everything of the clinic look at this clock."""
        clock = self

        class Shifted(datetime):
            @classmethod
            def now(cls, tz: Any = None) -> datetime:  # type: ignore[override] - the real class comes back
                return datetime.now(tz) + clock.offset

        patch.setattr(tables, "datetime", Shifted)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """A clock that can jump; no pauses."""
    for module in (archiving, migrating):
        monkeypatch.setattr(module, "PAUSE", 0.0)
    clock = Clock()
    clock.install(monkeypatch)
    return clock


@pytest.fixture
def world(tmp_path: Path) -> Iterator[ModelWorld]:
    """A clinic before a model of a repository; its user may migrate."""
    world = ModelWorld(tmp_path)
    with contextlib.closing(world.desk):
        with world.desk.database.begin() as connection:
            grant(connection, LOGIN, Permission.MIGRATE, actor="test")
        yield world


@pytest.mark.parametrize("seconds", [1, 59, 61, 300, 86_400])
@pytest.mark.parametrize("sign", [1, -1])
def test_a_lease_after_a_jump(clock: Clock, seconds: int, sign: int) -> None:
    """A small jump leaves a lease alone; after a large one, either way, nothing is held for ever."""
    lease = f"{ELSEWHERE}|{tables.now().timestamp() + leases.LIFE:.0f}"
    clock.offset = sign * timedelta(seconds=seconds)
    assert leases.is_free(lease) is (seconds > leases.LIFE)
    clock.offset = timedelta(seconds=leases.LIFE + 1)
    assert leases.is_free(lease)


async def test_documents_go_round_while_the_clock_jumps(
    clock: Clock, world: ModelWorld, tmp_path: Path
) -> None:
    """Archived, purged, migrated under every jump: nothing leaves before its day, all comes to its end."""
    desk, store = world.desk, ContentStore.at(world.desk.settings)
    for number, jump in enumerate(itertools.chain.from_iterable((one, -one) for one in JUMPS), 1):
        _bring(desk, tmp_path / f"new{number}", number)
        for batch_id in desk.plan().batches:
            _hold(desk, batch, batch_id)
        clock.offset += jump
        # The lease of another machine's dead process ends by itself, whichever way the clock went.
        clock.offset += 4 * timedelta(seconds=leases.LIFE)
        await reconcile(world.cloud, desk.database)
        for batch_id in desk.plan().batches:
            await send_batch(world.cloud, desk.database, batch_id)
        fresh = [
            row.sha256 for row in desk.rows(document.c.sha256, document.c.state) if row.state == "archived"
        ]
        clock.offset -= jump
        assert (await purge(world.cloud, desk.database)).purged == 0
        assert fresh
        assert all(is_whole(store, one) for one in fresh)
        clock.offset += 31 * DAY + jump
        assert (await purge(world.cloud, desk.database)).purged == len(fresh)
        clock.offset -= 31 * DAY
        total = await migrate(world.cloud, desk.database, Selection(everything=True), LOGIN)
        assert total.complete, total
        assert left_open(desk) == []
        assert illegal_moves(desk) == []
    assert set(desk.states()) == {"blocked"}
    assert all(is_whole(store, row.sha256) for row in desk.rows(document.c.sha256))
    assert desk.rows(migration_batch.c.state)


@pytest.mark.parametrize(
    "night", [datetime(2026, 3, 29, tzinfo=WARSAW), datetime(2026, 10, 25, tzinfo=WARSAW)]
)
def test_due_dates_over_the_nights_of_summer_time(world: ModelWorld, night: datetime, tmp_path: Path) -> None:
    """Days are 24 hours each; nothing falls due early or late, and a Polish day has all its documents."""
    desk = world.desk
    with desk.database.begin() as connection:
        set_rule(connection, Kind.PRESCRIPTION, auto_archive=True, local_days=30)
        rule = read_rules(connection)[Kind.PRESCRIPTION]
    begin = night.astimezone(UTC)
    end = (night.replace(hour=23, minute=59)).astimezone(UTC) + timedelta(minutes=1)
    assert end - begin in {timedelta(hours=23), timedelta(hours=25)}
    moments = [begin + timedelta(minutes=30) * step for step in range((end - begin) // timedelta(minutes=30))]
    dues = [rule.due_at(one) for one in moments]
    assert dues == sorted(dues, key=lambda one: one or begin)
    assert all(due and due - taken == 30 * DAY for due, taken in zip(dues, moments, strict=True))
    _bring(desk, tmp_path / "new", 1, count=6)
    ids = [id_ for (id_,) in desk.rows(document.c.id)]
    outside = [begin - timedelta(seconds=1), end]
    with desk.database.begin() as connection:
        for id_, moment in zip(ids, [moments[0], moments[4], moments[5], moments[-1], *outside], strict=True):
            one = document.update().where(document.c.id == id_)
            connection.execute(one.values(taken_in_at=moment, due_at=moment))
    chosen = Choice(taken_in_from=night.date(), taken_in_to=night.date())
    wanted = chosen.conditions()
    with desk.database.read() as connection:
        assert len(connection.execute(document.select().where(*wanted)).all()) == 4


def _bring(desk: Any, folder: Path, seed: int, count: int = 2) -> None:
    folder.mkdir()
    for number, octets in enumerate(samples(seed, count, patients=2, size=6000)):
        (folder / f"{number}.xml").write_bytes(octets)
    Intake.at(desk.database, desk.settings).take_folder([folder])


def _hold(desk: Any, table: Any, batch_id: str) -> None:
    lease = f"{ELSEWHERE}|{tables.now().timestamp() + leases.LIFE:.0f}"
    with desk.database.begin() as connection:
        connection.execute(
            table.update().where(table.c.id == batch_id).values(run_key=lease, state="sending")
        )
