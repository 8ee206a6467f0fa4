"""C3, S1, S3: the k-th change of a file, or the k-th statement, fails, for k = 1, 2, … until none does.

Intake, archiving, purging and migration, with the model of a repository and with the eArchiwum. In the short
form the kinds of failure take turns and not every k is tried; EREPO_SOAK tries every one.
"""

import contextlib
import errno
import itertools
import os
import random
from collections.abc import Awaitable, Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from erepo.clinic.archiving import leases, reconcile, send_batch
from erepo.clinic.archiving import work as archiving
from erepo.clinic.content import ContentStore
from erepo.clinic.intake import Intake
from erepo.clinic.migrating import Selection, migrate
from erepo.clinic.migrating import working as migrating
from erepo.clinic.permissions import Permission, grant
from erepo.clinic.purging import purge
from erepo.clinic.repository import Cloud
from erepo.clinic.tables import document, now
from erepo.clinic.verifying import verify
from erepo.errors import ErepoError
from tests.support.clinic_side import samples
from tests.support.failing import Failing, Kind, files, statements
from tests.support.life import ArchiveWorld, ModelWorld, World, illegal_moves, is_whole, left_open

#: Has a long form.
pytestmark = pytest.mark.soak
SOAK = bool(os.environ.get("EREPO_SOAK"))
LOGIN = "archiwum"
DOCUMENTS = 3
FIRST = 3
#: (kind, for ever): a full disk stays full, a bad sector is met once, what went read-only stays so.
FILES: list[tuple[Kind, bool]] = [
    (files(errno.ENOSPC), True),
    (files(errno.EIO), False),
    (files(errno.EROFS), True),
    (files(errno.EDQUOT), False),
]
STATEMENTS: list[tuple[Kind, bool]] = [(statements, False), (statements, True)]
Work = Callable[[Cloud], Awaitable[object]]


class Bench:
    """A clinic and its repository, and the pieces of work on them."""

    def __init__(self, world: World, folder: Path) -> None:
        self.world, self.desk, self.folder = world, world.desk, folder
        self.database = world.desk.database
        self.store = ContentStore.at(world.desk.settings)
        with self.database.begin() as connection:
            grant(connection, LOGIN, Permission.MIGRATE, actor="test")

    async def do(self, work: Work) -> None:
        """Do some work as a process does: open, work, close."""
        async with self.world.opened() as cloud:
            await work(cloud)

    async def intake(self, cloud: Cloud) -> None:
        """Take in what lies in the folder."""
        Intake.at(self.database, self.desk.settings).take_folder([self.folder])

    async def archive(self, cloud: Cloud) -> None:
        """Archive what is due."""
        with self.database.begin() as connection:
            connection.execute(document.update().where(document.c.state == "local").values(due_at=now()))
        await reconcile(cloud, self.database)
        for batch in self.desk.plan().batches:
            await send_batch(cloud, self.database, batch)

    async def purge(self, cloud: Cloud) -> None:
        """Let go what is old enough: everything."""
        with self.database.begin() as connection:
            old = document.update().where(document.c.state == "archived")
            connection.execute(old.values(archived_at=now() - timedelta(days=31)))
        await purge(cloud, self.database)

    async def migrate(self, cloud: Cloud) -> None:
        """Bring everything back."""
        await migrate(cloud, self.database, Selection(everything=True), LOGIN)

    def bring(self, seed: int) -> None:
        """Put new documents into the folder."""
        for number, octets in enumerate(samples(seed, DOCUMENTS, patients=2, size=6000)):
            (self.folder / f"{seed}-{number}.xml").write_bytes(octets)

    async def check_nothing_lost(self) -> None:
        """I1 and I4."""
        octets = self.world.octets()
        for row in self.desk.rows(document.c.sha256, document.c.state):
            assert row.sha256 in octets or is_whole(self.store, row.sha256), row.state
        assert illegal_moves(self.desk) == []


@pytest.fixture(params=[ModelWorld, ArchiveWorld], ids=["model", "earchive"])
def bench(request: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    """A clinic without pauses, whose leases end with their processes."""
    for module in (archiving, migrating):
        monkeypatch.setattr(module, "PAUSE", 0.0)
    monkeypatch.setattr(leases, "is_dead", bool)
    world = request.param(tmp_path / "clinic")
    (tmp_path / "in").mkdir()
    with contextlib.closing(world.desk):
        yield Bench(world, tmp_path / "in")


STEPS = ("intake", "archive", "purge", "migrate")
ENDS = dict(zip(STEPS, ("local", "archived", "remote", "blocked"), strict=True))


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("kinds", [FILES, STATEMENTS], ids=["files", "statements"])
async def test_the_kth_operation_fails(bench: Bench, step: str, kinds: list[tuple[Kind, bool]]) -> None:
    """Whatever fails, nothing is lost or half-visible, the error is a known one, and the next run ends it."""
    seed, number = random.SystemRandom().randrange(10**6), 0
    print(f"seed {seed}")  # shown where the test fails
    chance, stride = random.Random(seed), 1 if SOAK else 2 if kinds is FILES else 9
    for turn in itertools.count():
        # The first are tried one by one: a purge changes few files.
        number += 1 if turn < FIRST else chance.randint(1, stride)
        bench.bring(1 + number)
        for before in STEPS[: STEPS.index(step)]:
            await bench.do(getattr(bench, before))
        kind, forever = kinds[turn % len(kinds)]
        with Failing(kind, number, forever=forever) as failing:
            try:
                await bench.do(getattr(bench, step))
            except BaseException as error:
                if not is_known(error):
                    raise
        await bench.check_nothing_lost()
        for _ in range(2):
            await bench.do(getattr(bench, step))
        await bench.check_nothing_lost()
        assert set(bench.desk.states()) <= {ENDS[step], "blocked", "remote", "archived"}
        assert left_open(bench.desk) == []
        assert len(bench.desk.rows(document.c.id)) == DOCUMENTS * (turn + 1)
        if not failing.hit:
            break
    # The model of a repository has no files, and archiving alone changes none here.
    assert turn > 1 or (step == "archive" and kinds is FILES)
    await bench.do(lambda cloud: _verified(bench, cloud))


async def _verified(bench: Bench, cloud: Cloud) -> None:
    report = await verify(cloud, bench.database, read_back=True)
    assert report.complete, report


def is_known(error: BaseException) -> bool:
    """Tell whether an error says what it is: ours, the disk's or the database's, perhaps several together."""
    if isinstance(error, BaseExceptionGroup):
        return all(is_known(one) for one in error.exceptions)
    return isinstance(error, ErepoError | OSError | sa.exc.OperationalError)
