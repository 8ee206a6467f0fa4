"""C3 on the line: the k-th reading from, or writing to, the real service's connection is a reset."""

import itertools
import os
import random
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import pytest

from erepo.clinic.archiving import reconcile, send_batch
from erepo.clinic.archiving import work as archiving
from erepo.clinic.content import ContentStore
from erepo.clinic.migrating import Selection, migrate
from erepo.clinic.migrating import working as migrating
from erepo.clinic.permissions import Permission, grant
from erepo.clinic.tables import document
from tests.erepo.clinic.test_kth_failure import is_known
from tests.support.clinic_side import Clinic, new_clinic, samples
from tests.support.cloud import running_cloud
from tests.support.failing import Failing, sockets
from tests.support.life import is_whole

#: Has a long form.
pytestmark = pytest.mark.soak
SOAK = bool(os.environ.get("EREPO_SOAK"))
LOGIN = "archiwum"
DOCUMENTS = 4
Work = Callable[[Clinic], Awaitable[None]]


@pytest.fixture
def clinic(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Clinic]:
    """A clinic with an account at a service of its own; no pauses."""
    for module in (archiving, migrating):
        monkeypatch.setattr(module, "PAUSE", 0.0)
    with (
        running_cloud(tmp_path / "cloud") as cloud,
        new_clinic(tmp_path / "clinic", cloud.tenant, in_flight=2) as clinic,
    ):
        with clinic.database.begin() as connection:
            grant(connection, LOGIN, Permission.MIGRATE, actor="test")
        yield clinic


async def archive(clinic: Clinic) -> None:
    """Archive what is due."""
    async with clinic.connection() as connection:
        await reconcile(connection, clinic.database)
        for batch in clinic.plan(submission_documents=2).batches:
            await send_batch(connection, clinic.database, batch)


async def bring_back(clinic: Clinic) -> None:
    """Migrate everything."""
    async with clinic.connection() as connection:
        await migrate(connection, clinic.database, Selection(everything=True), LOGIN)


@pytest.mark.parametrize("work", [archive, bring_back])
async def test_the_kth_operation_on_the_line_fails(clinic: Clinic, work: Work, tmp_path: Path) -> None:
    """Reset once, or from then on: nothing is lost or stored twice, and a good run ends it."""
    seed, number = random.SystemRandom().randrange(10**6), 0
    print(f"seed {seed}")  # shown where the test fails
    chance = random.Random(seed)
    for turn in itertools.count(1):
        number += chance.randint(1, 1 if SOAK else 5)
        clinic.take_in(samples(seed + turn, DOCUMENTS, patients=2, size=6000), tmp_path / f"in{turn}")
        if work is bring_back:
            await archive(clinic)
        with Failing(sockets, number, forever=bool(turn % 2)) as failing:
            try:
                await work(clinic)
            except Exception as error:
                if not is_known(error):
                    raise
        entries = await clinic.entries()
        assert set(entries.values()) <= {0, 1}
        store = ContentStore.at(clinic.settings)
        with clinic.database.read() as connection:
            for row in connection.execute(document.select()):
                assert entries[row.unique_id] or is_whole(store, row.sha256)
        await archive(clinic)
        if work is bring_back:
            await bring_back(clinic)
        assert clinic.states() == {"archived" if work is archive else "blocked": DOCUMENTS * turn}
        if not failing.hit:
            break
    assert turn > 2
