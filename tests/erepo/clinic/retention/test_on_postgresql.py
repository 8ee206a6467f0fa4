"""Versions, holds and destruction on PostgreSQL: the same statements, another database."""

import contextlib
from pathlib import Path

from erepo.clinic.archiving import summary
from erepo.clinic.retention import HoldReason, execute, hold, read_report, release_hold
from erepo.clinic.tables import patient
from tests.support import postgres
from tests.support.chains import version
from tests.support.keeping import Keeper


async def test_from_a_chain_to_its_destruction(tmp_path: Path) -> None:
    """Three versions out of order, held, released, proposed, confirmed, destroyed."""
    with postgres.database() as url:
        keeper = Keeper(tmp_path, clinic_database_url=url)
        with contextlib.closing(keeper.desk):
            third, *_ = keeper.bring(version(3), version(1), version(2))
            for _ in range(3):
                assert summary(await keeper.desk.run()).complete
            assert keeper.current() == ["A3"]
            with keeper.desk.database.begin() as connection:
                hold(connection, [third], HoldReason.COURT, "anna")
                assert read_report(connection, 2050).held == 3
                release_hold(connection, [third], HoldReason.COURT, "anna")
            proposal = keeper.confirm(keeper.propose())
            done = await execute(keeper.cloud, keeper.desk.database, keeper.store, proposal)
            assert (done.destroyed, done.open, done.problem) == (3, 0, None)
            assert keeper.desk.rows(patient.c.identifier) == [("-",)]
