"""kill -9 at random moments of the real deployment: nothing lost, nothing twice.

The whole stack runs: service, office, Prefect server, worker with its flow processes. While the deployment
`archive-documents/scheduled` works through 500 documents, the worker (with the flow it runs), the service,
or both are killed again and again and started again; then the archive is compared with what was taken in.
"""

import os
import random
import sqlite3
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from erepo.cda.samples import write_samples
from erepo.cli.demo_clinic import ACCOUNT, prepare
from erepo.cli.killing import Killer, Target
from erepo.cli.stack import Stack, order_account, running
from erepo.cli.surroundings import Surroundings
from erepo.cli.trigger import Prefect, Run
from erepo.clinic.account import load_connection
from erepo.clinic.database import Database, open_clinic
from erepo.clinic.intake import Intake
from erepo.clinic.status import read_status
from erepo.clinic.verifying import verify
from erepo.settings import Settings
from tests.support.ports import free_port_base

DOCUMENTS = 500
KILLS = 400 if os.environ.get("EREPO_SOAK") else 20
DEPLOYMENT = "archive-documents/scheduled"
TARGETS = list(Target)


@dataclass
class Installation:
    """A running stack with one onboarded clinic."""

    stack: Stack
    prefect: Prefect
    database: Database
    settings: Settings
    chance: random.Random
    killer: Killer
    run: Run | None = None
    #: Documents the service held at each kill, to show that kills fell into the work and not beside it.
    moments: list[int] = field(default_factory=list)

    @property
    def around(self) -> Surroundings:
        """Addresses and files of the stack."""
        return self.stack.around

    def registered(self) -> int:
        """Count the documents the service holds, straight from its database."""
        file = self.settings.cloud_home / "cloud.db"
        with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True, timeout=30)) as connection:
            return int(connection.execute("SELECT count(*) FROM document").fetchone()[0])

    def keep_running(self) -> None:
        """Have a run of the deployment under way."""
        if self.run is None or self.prefect.read(self.run.id).final:
            self.run = self.prefect.start(DEPLOYMENT)

    def kill_at_some_moment(self, target: Target) -> None:
        """Let the run get somewhere, then kill, and start again what was killed."""
        self.keep_running()
        goal = min(self.registered() + self.chance.randint(1, 2 * DOCUMENTS // KILLS), DOCUMENTS)
        # Some kills fall before the first document moves: into start, reconciling and planning.
        patience = self.chance.uniform(0, 6) if self.chance.random() < 0.3 else 120
        end = time.monotonic() + patience
        while time.monotonic() < end and self.registered() < goal and not self.is_over():
            # Not long, so that the kill falls into what was waited for.
            until = min(time.monotonic() + 1, end)
            while time.monotonic() < until and self.registered() < goal:
                time.sleep(0.002)
        self.killer.kill(target)
        self.moments.append(self.registered())
        self.killer.restart(target)

    def is_over(self) -> bool:
        """Tell whether the run has ended: it waits for nothing, and nobody for it."""
        assert self.run is not None
        return self.prefect.read(self.run.id).final

    def finish(self) -> None:
        """Run until the deployment has nothing left to do."""
        for _ in range(5):
            self.keep_running()
            assert self.run is not None
            if self.prefect.wait(self.run.id, 600).state == "COMPLETED" and not self.open_documents():
                return
        pytest.fail(f"not finished after five runs: {self.states()}")

    def states(self) -> dict[str, int]:
        """Count the clinic's documents by state."""
        with self.database.read() as connection:
            report = read_status(connection)
        return {str(state): count for state, (count, _) in report.by_state().items()}

    def open_documents(self) -> int:
        """Count the documents that are still to be archived."""
        return sum(count for state, count in self.states().items() if state in ("queued", "sending", "local"))


@pytest.fixture
def installation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Installation]:
    """Start everything, onboard a clinic and take 500 documents in."""
    for name in [
        name for name in os.environ if name.startswith(("EREPO_", "PREFECT_")) and name != "EREPO_SOAK"
    ]:
        monkeypatch.delenv(name)
    # Slowly and in small batches, so that kills find every stage of the work.
    monkeypatch.setenv("EREPO_IN_FLIGHT", "2")
    monkeypatch.setenv("EREPO_BATCH_DOCUMENTS", "50")
    seed = random.SystemRandom().randrange(10**6)
    print(f"seed {seed}")  # shown where the test fails
    settings = Settings(_env_file=None, home=tmp_path / "var", port_base=free_port_base())
    around = Surroundings(settings)
    with running(around, print) as stack, Prefect(around.prefect_url, around.prefect_login()) as prefect:
        order_account(around, ACCOUNT)
        database = open_clinic(settings)
        try:
            prepare(database)
            where = {"smtp_host": settings.host, "smtp_port": settings.office_port}
            prefect.run("onboard-clinic/on-demand", {"account": ACCOUNT, **where}, limit=600)
            folder = tmp_path / "documents"
            write_samples(folder, seed=seed, count=DOCUMENTS, size=15_000, patients=350)
            assert Intake.at(database, settings).take_folder(sorted(folder.iterdir())).taken == DOCUMENTS
            chance, killer = random.Random(seed), Killer(stack, prefect)
            yield Installation(stack, prefect, database, settings, chance, killer)
        finally:
            database.close()


@pytest.mark.kill
@pytest.mark.prefect
@pytest.mark.xdist_group("prefect")  # one such stack at a time is enough for a machine
@pytest.mark.timeout(3600)
async def test_kills_lose_nothing_and_store_nothing_twice(installation: Installation) -> None:
    """After random kill -9 of worker, service or both, all 500 documents are archived once, byte-equal."""
    for number in range(KILLS):
        installation.kill_at_some_moment(TARGETS[number % len(TARGETS)])
    installation.finish()

    assert installation.killer.kills.total() == KILLS
    assert sum(0 < count < DOCUMENTS for count in installation.moments) >= KILLS // 4, installation.moments
    assert installation.states() == {"archived": DOCUMENTS}
    assert installation.registered() == DOCUMENTS
    async with load_connection(installation.database, installation.settings) as connection:
        report = await verify(connection, installation.database, read_back=True)
    assert (report.checked, report.equal) == (DOCUMENTS, DOCUMENTS)
    assert entries_per_document(installation.settings) == Counter({1: DOCUMENTS})


def entries_per_document(settings: Settings) -> Counter[int]:
    """Count how many documents have how many entries in the registry, of any status."""
    question = "SELECT count(*) FROM registry_object WHERE document_id IS NOT NULL GROUP BY document_id"
    with closing(sqlite3.connect(settings.cloud_home / "cloud.db", timeout=30)) as connection:
        return Counter(count for (count,) in connection.execute(question))
