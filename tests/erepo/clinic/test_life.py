"""Any life of an archive: documents come, are archived, lines break, programs end, again and again.

The reference model is a few lines: the set of accepted documents with their octets. After every step it is
held against the clinic's database, its content store and the repository:

I1  each accepted document lies, byte-equal, in the clinic's store or in the repository
I2  the repository has no document twice
I4  each document is in a state that the moves of the table lead to
I5  after any crash a few runs with a good line leave nothing under way
"""

import asyncio
import hashlib
import os
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from erepo.clinic.archiving import leases, reconcile, send_batch
from erepo.clinic.archiving import work as working
from erepo.clinic.content import ContentStore
from erepo.clinic.intake import Intake
from erepo.clinic.tables import document
from tests.support.archive_desk import Desk
from tests.support.boundaries import Boundaries, Line, crashed
from tests.support.clinic_side import samples

SOAK = bool(os.environ.get("EREPO_SOAK"))
#: Runs after which nothing may be under way any more.
PASSES = 3
UNDER_WAY = {"queued", "sending", "migrating"}


class Life(RuleBasedStateMachine):
    """The clinic's real code, database and files beside a model of the repository."""

    @initialize()
    def begin(self) -> None:
        """Open an empty clinic."""
        self.patch = pytest.MonkeyPatch()
        self.patch.setattr(working, "PAUSE", 0.0)
        # The lease of a process that has ended is free at once; here all of them have our own number.
        self.patch.setattr(leases, "is_dead", bool)
        self.folder = tempfile.TemporaryDirectory()
        self.desk = Desk(Path(self.folder.name), in_flight=2, batch_documents=4)
        self.boundaries = Boundaries()
        self.boundaries.__enter__()
        self.cloud = Line(self.desk.cloud, self.boundaries)
        self.accepted: dict[str, bytes] = {}
        self.seed = 0

    def teardown(self) -> None:
        """Let a few good runs end everything, then close."""
        if not hasattr(self, "desk"):
            return
        try:
            for _ in range(PASSES):
                self.run(0, 0)
            assert not UNDER_WAY & set(self.desk.states())
            self.nothing_is_lost()
        finally:
            self.boundaries.__exit__(None, None, None)
            self.patch.undo()
            self.desk.close()
            self.folder.cleanup()

    @rule(count=st.integers(1, 4), crash=st.integers(0, 12))
    def take_in(self, count: int, crash: int) -> None:
        """New documents come; the program may end meanwhile, and the same ones come again."""
        self.seed += 1
        folder = Path(self.folder.name) / f"in{self.seed}"
        folder.mkdir()
        for number, octets in enumerate(samples(self.seed, count, patients=2, size=6000)):
            (folder / f"{number}.xml").write_bytes(octets)
        for moment in (crash, 0):
            self.boundaries.revive()
            self.boundaries.crash_at(moment)
            try:
                Intake.at(self.desk.database, self.desk.settings).take_folder([folder])
            except BaseException as error:
                if not crashed(error):
                    raise
        for path in folder.iterdir():
            octets = path.read_bytes()
            self.accepted[hashlib.sha256(octets).hexdigest()] = octets

    @rule(crash=st.integers(0, 40), lose=st.integers(0, 12))
    def archive(self, crash: int, lose: int) -> None:
        """A run settles what is open and sends what is due; it may end anywhere, an answer may be lost."""
        self.run(crash, lose)

    @rule()
    def arrive_late(self) -> None:
        """Requests of which nobody heard any more arrive now."""
        self.desk.cloud.deliver_late()

    @invariant()
    def nothing_is_lost(self) -> None:
        """I1 and I2."""
        if not hasattr(self, "desk"):
            return
        store = ContentStore.at(self.desk.settings)
        there = {hashlib.sha256(octets).hexdigest() for octets in self.desk.cloud.octets.values()}
        for sha256, octets in self.accepted.items():
            here = store.has(sha256, len(octets)) and store.path(sha256).read_bytes() == octets
            assert here or sha256 in there
        rows = {row.sha256 for row in self.desk.rows(document.c.sha256)}
        assert set(self.accepted) <= rows
        copies = self.desk.cloud.copies()
        assert len(copies) == len(set(copies))

    def run(self, crash: int, lose: int) -> None:
        """Run archiving as the deployment does."""
        self.boundaries.revive()
        self.boundaries.crash_at(crash)
        self.boundaries.lose(lose)
        try:
            asyncio.run(self._archive())
        except BaseException as error:
            if not crashed(error):
                raise
        finally:
            self.boundaries.revive()

    async def _archive(self) -> None:
        await reconcile(self.cloud, self.desk.database)
        for batch in self.desk.plan().batches:
            await send_batch(self.cloud, self.desk.database, batch)


Life.TestCase.settings = settings(
    max_examples=3000 if SOAK else 20,
    stateful_step_count=40 if SOAK else 12,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
)
TestLife = pytest.mark.kill(Life.TestCase)
