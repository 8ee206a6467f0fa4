"""C2 and C5: processes killed, or put to sleep, at random moments; real service, real sockets, real database.

200 kills here, 3,000 under EREPO_SOAK. A clinic's documents go round: archived, purged, migrated, unblocked.
"""

import itertools
import os
import random
import sqlite3
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from erepo.clinic.archiving.leases import is_free
from erepo.clinic.content import ContentStore
from erepo.clinic.migrating import Selection, unblock
from erepo.clinic.permissions import Permission, grant
from erepo.clinic.tables import batch, document, now
from erepo.clinic.tables_migrating import migration_batch
from erepo.clinic.tables_purging import content_removal
from tests.support.clinic_side import PASSPHRASE, Clinic, new_clinic, samples
from tests.support.cloud import RunningCloud, running_cloud
from tests.support.forking import LOGIN, Child, Forks
from tests.support.life import is_whole

DOCUMENTS = 50
KILLS = 3000 if os.environ.get("EREPO_SOAK") else 200
JOBS = ("archive", "purge", "migrate")
#: Times a process is stopped until it holds a lease at that moment.
TRIES = 300
#: Every so many kills the service dies, too.
SERVICE = 16
#: Longest time, in seconds, that a process works before it is killed; grows where nothing gets done, and
#: shrinks where the work is done before.
LONGEST = 0.4


@dataclass
class Trial:
    """A clinic whose processes are killed.

    Attributes:
        kills: kills that fell into the work, by what was being done.
        moments: of these, what the clinic's database said was under way.
        rounds: how often all documents came home.
    """

    clinic: Clinic
    cloud: RunningCloud
    forks: Forks
    chance: random.Random
    kills: Counter[str] = field(default_factory=Counter)
    moments: Counter[str] = field(default_factory=Counter)
    rounds: int = 0
    longest: dict[str, float] = field(default_factory=lambda: dict.fromkeys(JOBS, LONGEST))

    def start(self, job: str, **more: object) -> Child:
        """Start a process on a piece of work."""
        settings = {
            "home": str(self.clinic.settings.home),
            "key_passphrase": PASSPHRASE,
            "in_flight": 4,
            "batch_documents": 20,
        }
        return self.forks.start({"job": job, "settings": settings, **more})

    def next_job(self) -> str:
        """Say what there is to do; what a person or time does in between is done here."""
        states = self.clinic.states()
        if states["blocked"] == DOCUMENTS:
            self.check_home()
            self.rounds += 1
            unblock(self.clinic.database, Selection(everything=True), LOGIN)
            return "archive"
        if states["local"] + states["queued"] + states["sending"]:
            return "archive"
        if states["blocked"] + states["migrating"]:
            return "migrate"
        if states["archived"] == DOCUMENTS:
            self.check_archived_once()
            self._set(archived_at=now() - timedelta(days=31))
        return "purge" if states["archived"] or self._is_noted() else "migrate"

    def kill_one(self) -> bool:
        """Let a process work for a while and kill it; tell whether it was in time."""
        job = self.next_job()
        before = self.clinic.states()
        child = self.start(job)
        service = self.chance.randrange(SERVICE) == 0
        time.sleep(self.chance.uniform(0, self.longest[job]))
        if service:
            self.cloud.kill()
            time.sleep(self.chance.uniform(0, 0.05))
        child.kill()
        end = child.wait()
        if service:
            self.cloud.start()
        assert end in {"", "done", "ArchivingStopped"}, end
        self.check_nothing_lost()
        states = self.clinic.states()
        self.longest[job] *= 0.8 if end else 1.2 if states == before else 1
        if not end:
            self.kills[f"{job} and service" if service else job] += 1
            between = states["queued"] + states["sending"] + states["migrating"]
            between += states["archived"] * states["remote"]
            self.moments[f"{job}, {'in between' if between else 'at rest'}"] += 1
        return not end

    def check_nothing_lost(self) -> None:
        """I1 after every kill: each document is whole here, or registered and stored there."""
        store, there = ContentStore.at(self.clinic.settings), self.entries()
        with self.clinic.database.read() as connection:
            rows = connection.execute(sa.select(document.c.unique_id, document.c.sha256, document.c.state))
            lost = [row.state for row in rows if not there[row.unique_id] and not is_whole(store, row.sha256)]
        assert lost == []
        assert set(there.values()) <= {1}

    def entries(self) -> Counter[str]:
        """Count entries by document, straight from the service's database."""
        question = "SELECT d.unique_id FROM registry_object o JOIN document d ON d.id = o.document_id"
        file = self.cloud.settings.cloud_home / "cloud.db"
        with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True, timeout=30)) as connection:
            return Counter(name for (name,) in connection.execute(question))

    def check_archived_once(self) -> None:
        """Every document is there once."""
        assert self.entries() == Counter(self.clinic.unique_ids())

    def check_home(self) -> None:
        """Every document is here, whole, and nothing of it there."""
        store = ContentStore.at(self.clinic.settings)
        with self.clinic.database.read() as connection:
            digests = list(connection.execute(sa.select(document.c.sha256)).scalars())
        assert len(digests) == DOCUMENTS
        assert all(is_whole(store, one) for one in digests)
        assert self.entries() == Counter()

    def held(self) -> list[str]:
        """Return the leases that are held at this moment."""
        found: list[str] = []
        with self.clinic.database.read() as connection:
            for table in (batch, migration_batch):
                keys = sa.select(table.c.run_key).where(table.c.run_key.is_not(None))
                found += connection.execute(keys).scalars()
        return found

    def is_writable(self) -> bool:
        """Tell whether nobody holds SQLite's write lock; who sleeps with it keeps everybody else waiting."""
        file = self.clinic.settings.clinic_url.removeprefix("sqlite:///")
        with closing(sqlite3.connect(file, timeout=0.2, isolation_level=None)) as connection:
            try:
                connection.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError:
                return False
            connection.execute("ROLLBACK")
            return True

    def catch(self, job: str) -> tuple[Child, list[str]]:
        """Start a process and stop it in its work; return it with the leases that it holds."""
        child = self.start(job, lease=1)
        for _ in range(TRIES):
            child.stop()
            held = self.held() if self.is_writable() else []
            if held:
                return child, held
            # Not begun yet, or with the database's write lock in its hands: a little further.
            child.go_on()
            time.sleep(self.chance.uniform(0.002, 0.02))
        child.kill()
        pytest.fail("the process was never caught with a lease and without the lock")

    def wait_until_ended(self, held: list[str]) -> None:
        """Wait until leases have ended."""
        while any(not is_free(one) for one in held):
            time.sleep(0.05)

    def _is_noted(self) -> bool:
        with self.clinic.database.read() as connection:
            return connection.execute(sa.select(content_removal.c.document_id)).first() is not None

    def _set(self, **columns: object) -> None:
        with self.clinic.database.begin() as connection:
            connection.execute(document.update().values(**columns))


@pytest.fixture
def trial(tmp_path: Path) -> Iterator[Trial]:
    """A service and a clinic with documents that are due."""
    seed = random.SystemRandom().randrange(10**6)
    print(f"seed {seed}")  # shown where the test fails
    with (
        running_cloud(tmp_path / "cloud") as cloud,
        new_clinic(tmp_path / "clinic", cloud.tenant) as clinic,
        Forks() as forks,
    ):
        clinic.take_in(samples(seed, DOCUMENTS, patients=25, size=6000), tmp_path / "in")
        with clinic.database.begin() as connection:
            grant(connection, LOGIN, Permission.MIGRATE, actor="test")
        yield Trial(clinic, cloud, forks, random.Random(seed))


@pytest.mark.kill
@pytest.mark.timeout(3600)
def test_kill_9_at_random_moments_loses_and_doubles_nothing(trial: Trial) -> None:
    """C2: after every kill nothing is lost or doubled; after all of them everything comes to its end."""
    limit = itertools.count()
    while trial.kills.total() < KILLS:
        trial.kill_one()
        assert next(limit) < 4 * KILLS, trial.kills
    print(f"{KILLS} kills in {trial.rounds} rounds: {dict(trial.kills)}; {dict(trial.moments)}")
    for _ in range(3):
        for job in ("archive", "migrate"):
            assert trial.start(job).wait() == "done"
    trial.check_home()
    assert trial.clinic.states() == {"blocked": DOCUMENTS}
    in_between = sum(count for name, count in trial.moments.items() if name.endswith("in between"))
    assert in_between >= KILLS // 10, trial.moments
    assert {name.split()[0] for name in trial.kills} == set(JOBS)


@pytest.mark.kill
@pytest.mark.parametrize("job", ["archive", "migrate"])
def test_one_that_was_asleep_for_longer_than_its_lease_is_fenced_off(trial: Trial, job: str) -> None:
    """C5: the first is stopped in its work, its lease ends, a second takes over; the first cannot write."""
    if job == "migrate":
        assert trial.start("archive").wait() == "done"
    first, held = trial.catch(job)
    trial.wait_until_ended(held)
    assert trial.start(job, lease=1).wait() == "done"
    first.go_on()
    end = first.wait()
    trial.check_nothing_lost()
    # What the second one could not see because the first one had not begun it yet.
    assert trial.start(job).wait() == "done"
    expected = {"archive": "archived", "migrate": "blocked"}[job]
    assert trial.clinic.states() == {expected: DOCUMENTS}
    assert end in {"LeaseLost", "MigrationLost", "done"}
    (trial.check_archived_once if job == "archive" else trial.check_home)()
