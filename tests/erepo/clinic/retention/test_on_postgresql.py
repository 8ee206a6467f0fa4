"""Versions, holds and destruction on PostgreSQL: the same statements, another database."""

import contextlib
from pathlib import Path

import sqlalchemy as sa

from erepo.clinic.archiving import summary
from erepo.clinic.retention import HoldReason, execute, hold, read_report, release_hold
from erepo.clinic.tables import document, patient
from tests.support import postgres
from tests.support.chains import version
from tests.support.keeping import Keeper


def test_a_hold_is_seen_by_what_begins_with_another_version(tmp_path: Path) -> None:
    """Until it is committed, nobody may begin to destroy or delete another version of the same document."""
    with postgres.database() as url:
        keeper = Keeper(tmp_path, clinic_database_url=url)
        with contextlib.closing(keeper.desk):
            first, _, _ = keeper.bring(version(1), version(2), version(1, name="B", series="S2"))
            free = sa.select(document.c.unique_id).with_for_update(skip_locked=True)
            with keeper.desk.database.begin() as holding:
                hold(holding, [first], HoldReason.COURT, "anna")
                with keeper.desk.database.begin() as other:
                    [found] = other.execute(free).scalars()
            assert found.endswith("B1")


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
            done = await execute(keeper.cloud, keeper.desk.database, keeper.desk.settings, proposal)
            assert (done.destroyed, done.open, done.problem) == (3, 0, None)
            assert keeper.desk.rows(patient.c.identifier) == [("-",)]
