"""Any life of an archive: documents come, are archived, purged, migrated, deleted, repaired; programs end.

The reference model is a few lines: the set of accepted documents with their octets. After every step it is
held against the clinic's database, its content store and the repository: a model of one, and the eArchiwum.

I1  each accepted document lies, byte-equal, in the clinic's store or in the repository
I2  the repository has no document twice
I3  nothing is removed there that is not durable, equal and committed here (looked at when it is removed)
I4  each document moves only as the second table of states says
I5  after any crash a few runs with a good line leave nothing under way
I6  a blocked document is never sent
"""

import asyncio
import os
import tempfile
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from erepo.cda.kinds import KINDS, Kind
from erepo.clinic.archiving import leases, reconcile, send_batch
from erepo.clinic.archiving import work as working
from erepo.clinic.content import ContentStore
from erepo.clinic.deleting import delete_documents, finish_deletions
from erepo.clinic.intake import Intake
from erepo.clinic.kinds import set_rule
from erepo.clinic.migrating import Selection, migrate, unblock
from erepo.clinic.migrating import leases as migration_leases
from erepo.clinic.migrating import reconcile as reconcile_migrations
from erepo.clinic.migrating import working as migrating
from erepo.clinic.permissions import Permission, grant
from erepo.clinic.purging import purge
from erepo.clinic.repository import Cloud
from erepo.clinic.tables import document, now
from erepo.clinic.tables_migrating import deletion
from erepo.clinic.verifying import verify
from erepo.clinic.verifying.plan import read_plan
from erepo.clinic.verifying.repairing import repair_all
from erepo.errors import ErepoError
from tests.support.boundaries import Boundaries, Line, crashed
from tests.support.chains import version
from tests.support.clinic_side import samples
from tests.support.life import (
    ArchiveWorld,
    Guard,
    ModelWorld,
    World,
    illegal_moves,
    is_whole,
    left_open,
    twice,
)

SOAK = bool(os.environ.get("EREPO_SOAK"))
#: Runs after which nothing may be under way any more (the K of I5).
PASSES = 3
LOGIN = "archiwum"
ALL = Selection(everything=True)
#: Boundaries at which one run after the other ends: in the work, in its repair, in the repair of that.
CRASHES = st.lists(st.integers(1, 40), max_size=3)
LOST = st.integers(0, 12)

Work = Callable[[Cloud], Awaitable[object]]


def there_is(*states: str) -> Callable[[Any], bool]:
    """Let a rule apply only where documents are in one of these states: it would do nothing otherwise."""
    return lambda life: hasattr(life, "desk") and bool(set(states) & set(life.desk.states()))


class Life(RuleBasedStateMachine):
    """The clinic's real code, database and files beside a repository."""

    world_of: Callable[[Path], World] = ModelWorld

    @initialize(archived=st.booleans())
    def begin(self, archived: bool) -> None:
        """Open a clinic with a few documents."""
        self.patch = pytest.MonkeyPatch()
        self.patch.setattr(working, "PAUSE", 0.0)
        self.patch.setattr(migrating, "PAUSE", 0.0)
        # The lease of a process that has ended is free at once; here all of them have our own number.
        self.patch.setattr(leases, "is_dead", bool)
        assert migration_leases.is_free is leases.is_free
        self.folder = tempfile.TemporaryDirectory()
        self.world = type(self).world_of(Path(self.folder.name))
        self.desk = self.world.desk
        self.store = ContentStore.at(self.desk.settings)
        with self.desk.database.begin() as connection:
            for permission in (Permission.MIGRATE, Permission.DELETE):
                grant(connection, LOGIN, permission, actor="test")
        self.boundaries = Boundaries()
        self.boundaries.__enter__()
        self.accepted: set[str] = set()
        self.broken: list[str] = []
        self.versions: list[int] = []
        self.seed = 0
        self.take_in(count=4, crash=0)
        if archived:
            self.run(_archiving(self.desk), [], 0)

    def teardown(self) -> None:
        """Let a few good runs end everything, then close."""
        if not hasattr(self, "desk"):
            return
        try:
            self.switch(on=True)
            for _ in range(PASSES):
                self.run(_everything(self.desk), [], 0)
            assert left_open(self.desk) == []
            self.all_is_well()
        finally:
            self.boundaries.__exit__(None, None, None)
            self.patch.undo()
            self.desk.close()
            self.folder.cleanup()

    @rule(count=st.integers(1, 4), crash=st.integers(0, 12))
    def take_in(self, count: int, crash: int) -> None:
        """New documents come; the program may end meanwhile, and the same ones come again."""
        self.seed += 1
        self.bring(samples(self.seed, count, patients=2, size=6000), crash)

    @rule(chain=st.integers(0, 2), crash=st.integers(0, 12))
    def take_in_a_version(self, chain: int, crash: int) -> None:
        """A document comes, or the next version of one."""
        if chain >= len(self.versions):
            chain = len(self.versions)
            self.versions.append(0)
        self.versions[chain] += 1
        name = f"V{chain}v"
        self.bring([version(self.versions[chain], name=name, series=name)], crash)

    @precondition(there_is("local", "queued", "sending"))
    @rule(crashes=CRASHES, lose=LOST)
    def archive(self, crashes: list[int], lose: int) -> None:
        """A run settles what is open and sends what is due; it may end anywhere, an answer may be lost."""
        self.run(_archiving(self.desk), crashes, lose)

    @precondition(there_is("archived"))
    @rule(crashes=CRASHES, lose=LOST)
    def purge(self, crashes: list[int], lose: int) -> None:
        """A month passes, and local copies leave."""
        with self.desk.database.begin() as connection:
            archived = document.c.state == "archived"
            connection.execute(
                document.update().where(archived).values(archived_at=now() - timedelta(days=31))
            )
        self.run(lambda cloud: purge(cloud, self.desk.database), crashes, lose)

    @precondition(there_is("archived", "remote", "migrating"))
    @rule(crashes=CRASHES, lose=LOST, few=st.booleans())
    def migrate(self, crashes: list[int], lose: int, few: bool) -> None:
        """Some, or all, come back."""
        ids = self.chosen("archived", "remote")[:2]
        wanted = Selection(ids=ids) if few and ids else ALL
        self.run(lambda cloud: migrate(cloud, self.desk.database, wanted, LOGIN), crashes, lose)

    @precondition(there_is("blocked"))
    @rule(count=st.integers(1, 3))
    def unblock(self, count: int) -> None:
        """A person lets some go again."""
        unblock(self.desk.database, Selection(ids=self.chosen("blocked")[:count]), LOGIN)
        self.let_be_due()

    @precondition(there_is("archived", "remote"))
    @rule(crashes=CRASHES, lose=LOST)
    def delete(self, crashes: list[int], lose: int) -> None:
        """A prescription is deleted on request; afterwards that is brought to its end."""
        ids = self.chosen("archived", "remote")[:1]
        with self.desk.database.begin() as connection:
            one = document.c.public_id.in_(ids)
            connection.execute(document.update().where(one).values(kind=Kind.PRESCRIPTION.value))
        deletes: Work = lambda cloud: delete_documents(cloud, self.desk.database, ids, LOGIN)  # noqa: E731
        self.run(deletes, crashes[:1], lose)
        self.run(lambda cloud: finish_deletions(cloud, self.desk.database), crashes[1:], 0)

    @precondition(there_is("archived"))
    @rule(crashes=CRASHES, lose=LOST)
    def repair(self, crashes: list[int], lose: int) -> None:
        """The repository loses or spoils a document; that is found, and repaired from the copy here."""
        rows = self.desk.rows(document.c.unique_id, document.c.sha256, document.c.state)
        whole = [row for row in rows if row.state == "archived" and is_whole(self.store, row.sha256)]
        if whole:
            self.world.damage(whole[0].unique_id, whole[0].sha256)
        self.run(_repairing(self.desk), crashes, lose)

    @rule(on=st.booleans())
    def switch(self, on: bool) -> None:
        """All kinds are switched off, or on again."""
        with self.desk.database.begin() as connection:
            for kind in KINDS:
                set_rule(connection, kind, auto_archive=on)
        self.let_be_due()

    @rule()
    def arrive_late(self) -> None:
        """Requests of which nobody heard any more arrive now."""
        if isinstance(self.world, ModelWorld):
            self.world.cloud.deliver_late()

    @invariant()
    def all_is_well(self) -> None:
        """I1, I2, I3, I4 and I6."""
        if not hasattr(self, "desk"):
            return
        assert self.broken == []
        assert illegal_moves(self.desk) == []
        entries = asyncio.run(self._entries())
        assert not twice(entries)
        known, octets = {unique_id for unique_id, _, _ in entries}, self.world.octets()
        rows = self.desk.rows(document.c.id, document.c.unique_id, document.c.sha256, document.c.state)
        assert self.accepted <= {row.sha256 for row in rows}
        doomed = {id_ for (id_,) in self.desk.rows(deletion.c.document_id)}
        for row in rows:
            there = row.unique_id in known and row.sha256 in octets
            ordered = row.state == "deleted" or row.id in doomed
            assert ordered or there or is_whole(self.store, row.sha256), row.state

    async def _entries(self) -> list[tuple[str, str, str]]:
        async with self.world.opened() as cloud:
            return await self.world.entries(cloud)

    def bring(self, contents: list[bytes], crash: int) -> None:
        """Take contents in; the program may end meanwhile, and the same ones come again."""
        folder = Path(self.folder.name) / f"in{self.seed}-{len(self.versions)}-{sum(self.versions)}"
        folder.mkdir()
        for number, octets in enumerate(contents):
            (folder / f"{number}.xml").write_bytes(octets)
        for moment in (crash, 0):
            self.boundaries.revive()
            self.boundaries.crash_at(moment)
            try:
                taken = Intake.at(self.desk.database, self.desk.settings).take_folder([folder])
            except BaseException as error:
                if not crashed(error):
                    raise
        assert not taken.refused, taken
        self.accepted |= {row[0] for row in self.desk.rows(document.c.sha256)}
        self.let_be_due()

    def let_be_due(self) -> None:
        """Let time pass until everything of kinds that are archived is due."""
        with self.desk.database.begin() as connection:
            due = document.c.due_at.is_not(None)
            connection.execute(document.update().where(due).values(due_at=now()))

    def chosen(self, *states: str) -> list[str]:
        """Return opaque ids of documents in some states."""
        wanted = sa.select(document.c.public_id).where(document.c.state.in_(states)).order_by(document.c.id)
        with self.desk.database.read() as connection:
            return list(connection.execute(wanted).scalars())

    def run(self, work: Work, crashes: list[int], lose: int) -> None:
        """Do some work, as often as it is to end somewhere; only a crash or a typed error may show."""
        for crash in crashes or [0]:
            self.boundaries.revive()
            self.boundaries.crash_at(crash)
            self.boundaries.lose(lose)
            try:
                asyncio.run(self._work(work))
            except BaseException as error:
                if not crashed(error) and not (lose and isinstance(error, ErepoError)):
                    raise
            finally:
                self.boundaries.revive()

    async def _work(self, work: Work) -> None:
        async with self.world.opened() as cloud:
            guard: Any = Guard(cloud, self.desk.database, self.store, self.broken)
            await work(Line(guard, self.boundaries))  # type: ignore[arg-type] - the port, as far as it is used


def _archiving(desk: Any) -> Work:
    async def work(cloud: Cloud) -> None:
        await reconcile(cloud, desk.database)
        for batch in desk.plan().batches:
            await send_batch(cloud, desk.database, batch)

    return work


def _repairing(desk: Any) -> Work:
    async def work(cloud: Cloud) -> None:
        await verify(cloud, desk.database, read_back=True)
        with desk.database.read() as connection:
            ids = [one.id for one in read_plan(connection)]
        await repair_all(cloud, desk.database, ids)

    return work


def _everything(desk: Any) -> Work:
    """One good pass of all that the deployments do by themselves."""

    async def work(cloud: Cloud) -> None:
        await reconcile_migrations(cloud, desk.database)
        await finish_deletions(cloud, desk.database)
        await _archiving(desk)(cloud)
        await purge(cloud, desk.database)

    return work


class ArchiveLife(Life):
    """The same life with the eArchiwum."""

    world_of = ArchiveWorld


_MUCH = settings(
    max_examples=3000 if SOAK else 15,
    stateful_step_count=40 if SOAK else 12,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
)
Life.TestCase.settings = _MUCH
ArchiveLife.TestCase.settings = settings(_MUCH, max_examples=1500 if SOAK else 8)
_LONG = pytest.mark.timeout(36_000 if SOAK else 300)
TestLife = pytest.mark.kill(_LONG(Life.TestCase))
TestArchiveLife = pytest.mark.kill(_LONG(ArchiveLife.TestCase))
