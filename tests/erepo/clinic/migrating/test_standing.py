"""Standing orders: worked off by a service, repaired by anybody, closed by nobody else."""

import contextlib
from pathlib import Path

import pytest
import sqlalchemy as sa

from erepo.api import migrating as worker
from erepo.clinic.archiving import leases
from erepo.clinic.migrating import (
    Standing,
    migrate_batch,
    note_problem,
    plan,
    reconcile,
    request_stop,
    standing,
    waiting,
)
from erepo.clinic.migrating.errors import MigrationUnknown
from erepo.clinic.tables import account
from tests.support.migration_desk import ALL, LOGIN, MigrationDesk
from tests.support.stepping import Crash, fail_at


def told(desk: MigrationDesk, name: str) -> Standing:
    """Return how far an order has come."""
    with desk.database.read() as connection:
        return standing(connection, name)


@pytest.mark.parametrize("moment", [2, 4, 7])
async def test_other_runs_repair_a_standing_order_and_leave_the_rest(
    desk: MigrationDesk, moment: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed within a batch: a reconciling run finishes what was begun, the service the rest."""
    monkeypatch.setattr(leases, "is_dead", bool)
    await desk.archive(6, 2)
    order = plan(desk.database, desk.settings, ALL, LOGIN, standing=True)
    assert told(desk, order.migration).state == "ordered"
    with monkeypatch.context() as patch:
        fail_at(moment, "after", patch, Crash, None)
        with contextlib.suppress(Crash):
            await migrate_batch(desk.cloud, desk.database, order.batches[0])
    await reconcile(desk.cloud, desk.database)
    assert "migrating" not in desk.states()
    for one in waiting(desk.database):
        await migrate_batch(desk.cloud, desk.database, one.batch)
    found = told(desk, order.migration)
    assert (found.state, found.done, found.skipped) == ("finished", 6, 0)
    desk.assert_home()


async def test_a_stop_ends_a_standing_order(desk: MigrationDesk) -> None:
    """What was not begun is left, and the order is at its end."""
    await desk.archive(3, 1)
    order = plan(desk.database, desk.settings, ALL, LOGIN, standing=True)
    request_stop(desk.database, LOGIN)
    for one in waiting(desk.database):
        await migrate_batch(desk.cloud, desk.database, one.batch)
    found = told(desk, order.migration)
    assert (found.state, found.stopped, found.skipped) == ("finished", True, 3)
    assert desk.states() == {"archived": 3}


async def test_what_keeps_an_order_from_going_on_is_told(desk: MigrationDesk, tmp_path: Path) -> None:
    """No repository in use: the order waits, with the reason; then the reason goes."""
    await desk.archive(1, 1)
    order = plan(desk.database, desk.settings, ALL, LOGIN, standing=True)
    with desk.database.begin() as connection:
        connection.execute(sa.delete(account))
    assert not await worker._work_off(desk.database, desk.settings, waiting(desk.database))
    assert told(desk, order.migration).problem == "archiving.account-missing"
    note_problem(desk.database, order.migration, None)
    assert told(desk, order.migration).problem is None
    with pytest.raises(MigrationUnknown):
        told(desk, "nothing")
