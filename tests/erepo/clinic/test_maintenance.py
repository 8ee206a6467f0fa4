"""Maintenance windows: written down once, merged, and respected by everything that deposits."""

import contextlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from erepo.clinic.archiving import check_permitted, send_batch
from erepo.clinic.database import Database, open_database
from erepo.clinic.maintenance import (
    PausedSchedule,
    coming_windows,
    end_windows,
    forget_paused,
    open_window,
    paused_schedules,
    remember_paused,
)
from erepo.clinic.maintenance.errors import MaintenanceNow, WindowWrong
from erepo.clinic.tables import now
from erepo.clinic.tables_account import maintenance_window
from tests.support import postgres
from tests.support.archive_desk import Desk

HOUR = timedelta(hours=1)
START = datetime(2026, 1, 1, tzinfo=UTC)


@settings(max_examples=30, deadline=None)
@given(spans=st.lists(st.tuples(st.integers(1, 40), st.integers(1, 6)), min_size=1, max_size=8))
def test_windows_are_the_union_of_what_was_asked(
    spans: list[tuple[int, int]], shared_database: Database
) -> None:
    """In whatever order they come: an hour is paused if somebody asked for it, and no two windows touch."""
    with shared_database.begin() as connection:
        connection.execute(maintenance_window.delete())
    for begin, hours in spans:
        for _ in range(2):  # asking twice changes nothing
            open_window(shared_database, START + HOUR * begin, START + HOUR * (begin + hours), at=START)
    found = coming_windows(shared_database, START)
    for hour in range(50):
        moment = START + HOUR * hour
        asked = any(begin <= hour < begin + hours for begin, hours in spans)
        assert any(one.is_open(moment) for one in found) == asked
    assert all(one.ends_at < other.starts_at for one, other in pairwise(found))


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def shared_database(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Database]:
    """One database of each kind for all examples."""
    with contextlib.ExitStack() as stack:
        file = tmp_path_factory.mktemp("windows") / "clinic.db"
        url = f"sqlite:///{file}" if request.param == "sqlite" else stack.enter_context(postgres.database())
        database = open_database(url)
        stack.callback(database.close)
        database.upgrade()
        yield database


def test_two_who_ask_at_once_open_one_window(shared_database: Database) -> None:
    """Overlapping pauses asked for by several programs at the same moment are one window."""
    with shared_database.begin() as connection:
        connection.execute(maintenance_window.delete())

    def ask(number: int) -> None:
        open_window(shared_database, START + HOUR * number, START + HOUR * (number + 2), at=START)

    with ThreadPoolExecutor(6) as threads:
        list(threads.map(ask, range(1, 7)))
    (found,) = coming_windows(shared_database, START)
    assert (found.starts_at, found.ends_at) == (START + HOUR, START + HOUR * 8)


def test_times_that_make_no_sense_are_refused(clinic_database: Database) -> None:
    """Over, backwards, or longer than a month: nothing is written down."""
    moment = now()
    for begin, end in ((-2, -1), (3, 2), (0, 24 * 32)):
        with pytest.raises(WindowWrong):
            open_window(clinic_database, moment + HOUR * begin, moment + HOUR * end)
    assert coming_windows(clinic_database) == []


def test_nothing_begins_inside_and_everything_after(tmp_path: Path) -> None:
    """The refusal tells the end in Polish time; ending it early lets archiving begin at once."""
    desk = Desk(tmp_path)
    until = (now() + HOUR).replace(second=0, microsecond=0)
    open_window(desk.database, now() + HOUR * 5, now() + HOUR * 6)
    check_permitted(desk.database, desk.settings)
    open_window(desk.database, now(), until)
    with pytest.raises(MaintenanceNow, match=r"until \d{4}-\d\d-\d\d \d\d:\d\d\."):
        desk.plan()
    assert len(end_windows(desk.database)) == 1
    assert end_windows(desk.database) == []
    desk.plan()
    assert len(coming_windows(desk.database)) == 1
    assert len(end_windows(desk.database, everything=True)) == 1
    desk.close()


async def test_a_running_archiving_ends_between_batches(tmp_path: Path) -> None:
    """The batch in hand is finished; the next is not begun, stays whole, and is sent afterwards."""
    desk = Desk(tmp_path, batch_documents=5)
    desk.take_in(12, patients=4)
    first, second, *_ = desk.plan().batches
    assert (await send_batch(desk.cloud, desk.database, first)).finished
    sent = len(desk.cloud.requests)
    open_window(desk.database, now(), now() + HOUR)
    with pytest.raises(MaintenanceNow):
        await send_batch(desk.cloud, desk.database, second)
    assert len(desk.cloud.requests) == sent
    end_windows(desk.database)
    await desk.run()
    desk.assert_all_archived_once()
    desk.close()


def test_schedules_are_remembered_until_they_run_again(clinic_database: Database) -> None:
    """Remembering or forgetting twice does no harm."""
    one = PausedSchedule("s" * 36, "d" * 36, "scheduled:nightly")
    for _ in range(2):
        remember_paused(clinic_database, one)
    assert paused_schedules(clinic_database) == [one]
    for _ in range(2):
        forget_paused(clinic_database, one.schedule)
    assert paused_schedules(clinic_database) == []
