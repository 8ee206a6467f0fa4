"""A share of the archive each night: the oldest first, nothing twice, nothing forgotten."""

import contextlib
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from erepo.clinic.coverage import count_open
from erepo.clinic.database import Database, open_database
from erepo.clinic.states import State, move
from erepo.clinic.tables import document, now
from erepo.clinic.verifying import coverage, verify, verify_rolling
from erepo.clinic.verifying.plan import Judged, Planner, read_plan
from erepo.clinic.verifying.selecting import again_statement, never_statement, oldest_first
from erepo.settings import Settings, VerifySettings
from tests.support import postgres
from tests.support.archive_desk import Desk
from tests.support.documents import add_documents


async def filled(desk: Desk, count: int, **verifying: Any) -> None:
    """Archive documents, and set how they are verified."""
    desk.take_in(count, 5)
    await desk.run()
    limits = VerifySettings.model_construct(
        **({"days": 90, "night_minutes": 60, "night_bytes": 0} | verifying)
    )
    desk.cloud.settings = desk.settings.model_copy(update={"verify": limits})


def read_back(desk: Desk) -> int:
    """Count documents that were read back."""
    return sum(1 for (at,) in desk.rows(document.c.read_back_at) if at is not None)


async def test_every_document_is_read_back_within_the_days(desk: Desk) -> None:
    """Four nights of a quarter each read all of it; each night takes what no night has had."""
    await filled(desk, 13, days=4)
    sizes = []
    for _ in range(4):
        night = await verify_rolling(desk.cloud, desk.database)
        assert night.report.problem is None
        sizes.append(night.report.checked)
    assert (sizes, night.share, night.ended) == ([4, 4, 4, 4], 4, "done")
    assert (night.coverage.recent, night.coverage.documents, night.coverage.overdue) == (13, 13, False)
    assert read_back(desk) == 13


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """A clinic's database of either kind, with all tables."""
    with contextlib.ExitStack() as stack:
        url = f"sqlite:///{tmp_path / 'clinic.db'}"
        if request.param == "postgresql":
            url = stack.enter_context(postgres.database())
        one = stack.enter_context(contextlib.closing(open_database(url)))
        one.upgrade()
        yield one


def test_the_longest_unchecked_comes_first(database: Database) -> None:
    """Whether read back long ago, or archived long ago and never read back."""
    ages = [50, 40, 30, 20, 10, 5]
    with database.begin() as connection:
        add_documents(connection, len(ages), state="archived")
        add_documents(connection, 2, state="local")
        held = sa.select(document.c.id).where(document.c.state == "archived").order_by(document.c.id)
        ids = list(connection.execute(held).scalars())
        for place, (id_, age) in enumerate(zip(ids, ages, strict=True)):
            moment = now() - timedelta(days=age)
            values = {"archived_at": moment - timedelta(days=place % 2 * 100)}
            values |= {"read_back_at": moment} if place % 2 else {}
            connection.execute(document.update().where(document.c.id == id_).values(values))
    for page in (1, 2, 100):
        found = list(oldest_first(database, now(), page))
        assert [one.id for _, one in found] == ids
    with database.begin() as connection:
        moment = now() - timedelta(days=60)
        connection.execute(document.update().values(archived_at=moment, read_back_at=None))
    for page in (1, 2, 4):
        assert [one.id for _, one in oldest_first(database, now(), page)] == ids
    with database.begin() as connection:
        connection.execute(document.update().values(read_back_at=moment))
    for page in (1, 2, 4):
        assert [one.id for _, one in oldest_first(database, now(), page)] == ids
    with database.read() as connection:
        covered = coverage(connection, 30)
    assert (covered.documents, covered.recent, covered.oldest_days(now()), covered.overdue) == (
        6,
        0,
        60,
        True,
    )


def test_the_plan_holds_one_open_position_a_document(database: Database, tmp_path: Path) -> None:
    """Found again it is brought up to date; right again it is closed, damaged octets only by reading."""
    planner = Planner(Settings(_env_file=None, home=tmp_path))  # type: ignore[call-arg]
    with database.begin() as connection:
        add_documents(connection, 1, state="archived")
        key = connection.execute(sa.select(document.c.id)).scalar_one()
        planner.note(connection, [Judged(key, "missing", "here", "send-again")], None)
        planner.note(connection, [Judged(key, "content", "none", "no-copy")], now())
        assert [(one.what, one.action) for one in read_plan(connection)] == [("content", "no-copy")]
        assert count_open(connection) == {"no-copy": 1}
        planner.right_again(connection, [key], read_back=False)
        assert len(read_plan(connection)) == 1
        planner.right_again(connection, [key], read_back=True)
        assert read_plan(connection) == []
        planner.note(connection, [Judged(key, "missing", "here", "send-again")], None)
        assert len(read_plan(connection)) == 1


async def test_missed_nights_are_made_good(desk: Desk) -> None:
    """What would be overdue by the next night is taken beyond the share, up to the night's limits."""
    await filled(desk, 10, days=10)
    with desk.database.begin() as connection:
        connection.execute(document.update().values(archived_at=now() - timedelta(days=30)))
        smallest = connection.execute(sa.select(sa.func.min(document.c.size))).scalar_one()
    desk.cloud.settings.verify.night_bytes = smallest
    night = await verify_rolling(desk.cloud, desk.database)
    assert (night.report.checked, night.ended, night.coverage.overdue) == (1, "bytes", True)
    desk.cloud.settings.verify.night_bytes, desk.cloud.settings.verify.night_minutes = 0, 0
    night = await verify_rolling(desk.cloud, desk.database)
    assert (night.report.checked, night.ended) == (0, "time")
    desk.cloud.settings.verify.night_minutes = 60
    night = await verify_rolling(desk.cloud, desk.database)
    assert (night.report.checked, night.ended, night.coverage.overdue) == (9, "done", False)


async def test_nobody_answers(desk: Desk) -> None:
    """Documents nobody could be asked about keep their age and come first the next night."""
    await filled(desk, 4, days=2)
    desk.cloud.down = True
    night = await verify_rolling(desk.cloud, desk.database)
    assert night.report.problem is not None
    assert (night.report.checked, read_back(desk)) == (0, 0)
    desk.cloud.down = False
    assert (await verify_rolling(desk.cloud, desk.database)).report.equal == 2


async def test_a_whole_verification_counts_and_a_new_deposit_does_not(desk: Desk) -> None:
    """`--read-back` reads everything back; the registry alone, or another deposit, is no reading back."""
    await filled(desk, 3)
    await verify(desk.cloud, desk.database)
    assert read_back(desk) == 0
    await verify(desk.cloud, desk.database, read_back=True)
    assert read_back(desk) == 3
    with desk.database.begin() as connection:
        ids = list(connection.execute(sa.select(document.c.id)).scalars())
        move(connection, ids, State.ARCHIVED, State.LOCAL, "missed")
    desk.cloud.sets.clear()
    desk.cloud.entries.clear()
    await desk.run()
    assert (desk.states(), read_back(desk)) == ({"archived": 3}, 0)


def test_a_night_costs_what_it_reads(desk: Desk) -> None:
    """The pages come from the index of what is in the repository, in its order: nothing is sorted."""
    last = (now(), now(), 7)
    for statement in (
        never_statement(now(), None, 10),
        never_statement(now(), last[1:], 10),
        again_statement(now(), None, 10),
        again_statement(now(), last, 10),
    ):
        with desk.database.read() as connection:
            text = statement.compile(connection, compile_kwargs={"literal_binds": True})
            rows = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {text}").all()
        told = " ".join(str(row[3]) for row in rows)
        assert "USING INDEX ix_document_read_back" in told, told
        assert "TEMP B-TREE" not in told
        assert "SCAN" not in told, told


@pytest.mark.parametrize("days", [1, 7])
async def test_an_empty_archive_is_no_trouble(desk: Desk, days: int) -> None:
    """No documents, no share, nothing overdue."""
    await filled(desk, 0, days=days)
    night = await verify_rolling(desk.cloud, desk.database)
    assert (night.share, night.report.checked, night.coverage.oldest) == (0, 0, None)
    assert not night.coverage.overdue
