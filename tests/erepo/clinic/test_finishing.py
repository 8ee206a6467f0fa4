"""Orders that were interrupted are finished by whoever speaks with the repository next."""

import contextlib
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from erepo.clinic.archiving import summary
from erepo.clinic.archiving import work as archiving
from erepo.clinic.deleting import ledger
from erepo.clinic.finishing import Finished, finish_interrupted
from erepo.clinic.maintenance import open_window
from erepo.clinic.tables import document, now
from erepo.clinic.tables_migrating import deletion
from tests.support.chains import version
from tests.support.keeping import Keeper
from tests.support.migration_desk import LOGIN, MigrationDesk


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[MigrationDesk]:
    """A clinic with archived prescriptions, the deletion of which was ordered and did not begin."""
    monkeypatch.setattr(archiving, "PAUSE", 0.001)
    with contextlib.closing(MigrationDesk(tmp_path, in_flight=4)) as desk:
        yield desk


async def ordered(desk: MigrationDesk) -> None:
    """Order a deletion, and end."""
    await desk.archive(3, 1)
    with desk.database.begin() as connection:
        connection.execute(document.update().values(kind="prescription"))
    ledger.intend(desk.database, desk.public_ids(), LOGIN)


async def test_an_interrupted_deletion_is_finished(desk: MigrationDesk) -> None:
    """Ordered and not begun: removed there, removed here, and done once."""
    await ordered(desk)
    assert await finish_interrupted(desk.cloud, desk.database) == Finished(deleted=3)
    assert desk.states() == {"deleted": 3}
    assert (desk.cloud.octets, list(desk.store.stored())) == ({}, [])
    assert {row[0] for row in desk.rows(deletion.c.step)} == {"done"}
    assert await finish_interrupted(desk.cloud, desk.database) == Finished()


async def test_a_repository_that_is_down_is_told_and_spoils_nothing(desk: MigrationDesk) -> None:
    """What cannot be finished stays open and is named; the next run finishes it."""
    await ordered(desk)
    desk.cloud.down = True
    done = await finish_interrupted(desk.cloud, desk.database)
    assert (done.deleted, done.open) == (0, 3)
    assert done.problem is not None
    assert done.problem.retryable
    desk.cloud.down = False
    assert (await finish_interrupted(desk.cloud, desk.database)).deleted == 3


async def test_nothing_is_finished_inside_a_maintenance_window(desk: MigrationDesk) -> None:
    """Whoever works on the service wants it left alone."""
    await ordered(desk)
    open_window(desk.database, now() - timedelta(minutes=1), now() + timedelta(hours=1))
    assert await finish_interrupted(desk.cloud, desk.database) == Finished()
    assert len(desk.cloud.octets) == 3


async def test_a_confirmed_destruction_is_finished_with_its_protocol(tmp_path: Path) -> None:
    """Confirmed, and the process ended: the next run destroys, writes the protocol, and closes it."""
    keeper = Keeper(tmp_path)
    with contextlib.closing(keeper.desk):
        keeper.bring(version(1))
        assert summary(await keeper.desk.run()).complete
        proposal = keeper.confirm(keeper.propose())
        assert await finish_interrupted(keeper.cloud, keeper.desk.database) == Finished(destroyed=1)
        assert not keeper.cloud.octets
        protocol = keeper.desk.settings.clinic_home / "destruction" / f"{proposal.id}.json"
        written = protocol.read_bytes()
        # As if the process had ended before it was written.
        protocol.unlink()
        assert await finish_interrupted(keeper.cloud, keeper.desk.database) == Finished()
        assert protocol.read_bytes() == written
        assert await finish_interrupted(keeper.cloud, keeper.desk.database) == Finished()


async def test_a_proposal_that_nobody_confirmed_is_left_alone(tmp_path: Path) -> None:
    """Two people decide; a run does not."""
    keeper = Keeper(tmp_path)
    with contextlib.closing(keeper.desk):
        keeper.bring(version(1))
        keeper.propose()
        assert await finish_interrupted(keeper.cloud, keeper.desk.database) == Finished()
        assert keeper.desk.states() == {"local": 1}
