"""E: P1 fails in every way that its sandbox knows, and clinic, service and P1 are killed: each index once.

60 documents here, 1,000 under EREPO_SOAK. Of some, corrections arrive in the middle; others leave.
"""

import asyncio
import os
import random
import sqlite3
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from erepo.clinic import p1
from erepo.clinic.indexing import ask_refused
from erepo.clinic.p1.files import Pair
from erepo.clinic.tables import document, now
from erepo.clinic.tables_indexing import document_index
from erepo.errors import ErepoError
from erepo.sandbox.p1.faults import SERVICES, Fault
from tests.support.account_clinic import AccountWorld
from tests.support.chains import POOL, version
from tests.support.clinic_side import PASSPHRASE
from tests.support.cloud import RunningCloud, running_cloud
from tests.support.forking import Child, Forks
from tests.support.index_clinic import LOGIN, IndexSite, index_site
from tests.support.p1 import RunningP1, running_p1
from tests.support.p1_files import TLS_PASSWORD, WSS_PASSWORD

SOAK = bool(os.environ.get("EREPO_SOAK"))
DOCUMENTS = 1000 if SOAK else 60
#: Documents that are corrected, and that leave, while it goes on.
CORRECTED = LEAVING = DOCUMENTS // 10
ASKED = ("token", "iti-18", "iti-42", "iti-57")
ABROAD = ("szar-repository", "szar-access")
#: A repository without an id needs a person, and another repository (manual 2.1): another matter.
FAULTS = [
    (service, kind)
    for service in (*ASKED, *ABROAD)
    for kind in SERVICES[service]
    if kind not in ("no-id", "wrong-id")
]
#: Faults that are set at once.
AT_ONCE = 2 if SOAK else 4
#: Seconds for which P1 keeps a request waiting, longer than the service waits.
SLOW, PATIENT = 2.5, 2
#: Of so many kills of the clinic, one takes the service along, and one P1.
SERVICE, NATION = 6, 7
#: Longest time, in seconds, that the clinic works before it is killed; grows where nothing gets done.
LONGEST = 2.5 if SOAK else 0.8
#: Documents that one run takes at most.
LIMIT = 150 if SOAK else 12
#: Kills of the clinic that there have to be.
KILLS = 20 if SOAK else 12
#: Runs after which everything has to be at its end, once nothing fails any more.
ROUNDS = 12
EVENT = (
    f'<componentOf><encompassingEncounter><id root="{POOL.rpartition(".")[0]}.15.1" extension="E7"/>'
    "</encompassingEncounter></componentOf></ClinicalDocument>"
).encode()


@dataclass
class Trial:
    """A clinic whose documents go into P1's index, against all odds."""

    site: IndexSite
    cloud: RunningCloud
    p1: RunningP1
    forks: Forks
    chance: random.Random
    pair: Pair
    kills: Counter[str] = field(default_factory=Counter)
    ends: Counter[str] = field(default_factory=Counter)
    faults: list[tuple[str, str]] = field(default_factory=list)
    struck: Counter[tuple[str, str]] = field(default_factory=Counter)
    left: list[str] = field(default_factory=list)
    longest: float = LONGEST

    def start(self, limit: int | None = None) -> Child:
        """Start the clinic's indexing in a process of its own."""
        home = str(self.site.site.clinic.settings.home)
        settings = {"home": home, "key_passphrase": PASSPHRASE}
        return self.forks.start({"job": "index", "settings": settings, "limit": limit})

    def archive(self, *contents: bytes) -> None:
        """Take documents in and archive them; P1 knows their events."""
        self.site.take_in(*contents)
        asyncio.run(self._send())
        self.site.report_events()

    async def _send(self) -> None:
        await self.site.site.clinic.send_all()

    def versions(self, number: int) -> list[bytes]:
        """Return a version of each document that is corrected."""
        name = f"T{self.site.site.account[-6:]}"
        made = [version(number, name=f"{name}N{one}V", series=f"{name}N{one}") for one in range(CORRECTED)]
        return [one.replace(b"</ClinicalDocument>", EVENT) for one in made]

    def switch(self) -> None:
        """Have P1 go wrong in the next ways; every way comes once before any comes twice."""
        store = self.p1.home.store
        store.clear_faults()
        for _ in range(AT_ONCE):
            if not self.faults:
                self.faults = self.chance.sample(FAULTS, len(FAULTS))
            service, kind = self.faults.pop()
            store.set_fault(Fault(service, kind, self.chance.randint(1, 3), SLOW))
            self.struck[service, kind] += 1
            if service in ABROAD:
                self.register_again()

    def register_again(self) -> None:
        """Have the service register the repository in P1 once more, as a worried administrator does."""
        with self.site.site.client() as client:
            try:
                p1.register(client, self.site.database, self.site.site.account, self.pair)
            except ErepoError as error:
                self.ends[f"registering: {error.code}"] += 1

    def round(self) -> None:
        """Let the clinic work for a while and kill it; sometimes the service, and P1, too."""
        self.switch()
        self.go_on()
        before = self.site.counts()
        child = self.start(LIMIT)
        time.sleep(self.chance.uniform(0, self.longest))
        if service := self.chance.randrange(SERVICE) == 0:
            self.cloud.kill()
        if nation := self.chance.randrange(NATION) == 0:
            self.p1.kill()
        if not (service or nation) or self.chance.randrange(2):
            child.kill()
        # Where it is left alive, it meets a service or a P1 that is gone.
        if end := child.wait():
            self.ends[end] += 1
        else:
            self.kills["clinic"] += 1
            if self.site.counts() == before:
                self.longest = min(self.longest * 1.2, 4 * LONGEST)
        if nation:
            self.p1.start()
            self.kills["P1"] += 1
        if service:
            self.cloud.start()
            self.kills["service"] += 1
            # Its requests have died with it.
            self.at_service("UPDATE p1_index SET held_until = asked_at")

    def go_on(self) -> None:
        """What agreed times and a person do between two runs."""
        self.site.past_pauses()
        with self.site.database.begin() as connection:
            ask_refused(connection, LOGIN)

    def leave(self, count: int) -> None:
        """Have documents leave the repository, wherever their indexes are at that moment."""
        alone = sa.select(document_index.c.document_id).where(
            document_index.c.unique_id.not_like(f"%^T{self.site.site.account[-6:]}%")
        )
        ids = self.site.rows(document.c.public_id, document.c.id, order=document.c.id)
        with self.site.database.read() as connection:
            known = set(connection.execute(alone).scalars())
        there = [one.public_id for one in ids if one.id in known and one.public_id not in self.left]
        gone = self.chance.sample(there, count)
        self.site.change(gone, state="deleted")
        self.left += gone

    def at_service(self, statement: str) -> list[tuple[Any, ...]]:
        """Do a statement straight in the service's database."""
        file = self.cloud.settings.cloud_home / "cloud.db"
        with closing(sqlite3.connect(file, timeout=30)) as connection, connection:
            return connection.execute(statement).fetchall()

    def is_far(self) -> bool:
        """Tell whether most of the documents are in the index."""
        return self.site.counts().get("indexed", 0) >= DOCUMENTS * 0.7

    def is_at_rest(self) -> bool:
        """Tell whether nothing is left to do: whoever is killed now is killed in nothing."""
        return set(self.site.counts()) <= {"indexed", "replaced", "withdrawn", "left"}

    def is_half(self) -> bool:
        """Tell whether half of the documents that will be corrected are in the index."""
        wanted = sa.select(sa.func.count()).where(
            document_index.c.unique_id.like(f"%^T{self.site.site.account[-6:]}%"),
            document_index.c.state == "indexed",
        )
        with self.site.database.read() as connection:
            return int(connection.execute(wanted).scalar_one()) >= CORRECTED // 2

    def finish(self) -> int:
        """Let everything come to its end now that nothing fails; return the number of runs it took."""
        self.p1.home.store.clear_faults()
        self.register_again()
        for count in range(1, ROUNDS + 1):
            # Time passes: nothing that was sent is on its way any more, and the dead hold nothing.
            self.at_service(
                "UPDATE p1_index SET held_until = asked_at, sent_at = datetime(sent_at, '-1 hour')"
            )
            self.go_on()
            assert self.start().wait() == "done"
            if self.is_at_rest():
                return count
        pytest.fail(f"not at its end: {self.site.counts()}")

    def check(self) -> None:
        """P1 has each document once; clinic, service and P1 agree on every single one."""
        served = {
            row[0]: row[1:] for row in self.at_service("SELECT unique_id, state, entry_uuid FROM p1_index")
        }
        rows = self.site.rows(document_index.c.unique_id, document_index.c.state, document_index.c.entry_uuid)
        assert len(rows) == DOCUMENTS + CORRECTED
        wrong = []
        for row in rows:
            entries = self.site.entries(row.unique_id)
            statuses = [one.status.rpartition(":")[2] for one in entries]
            state, uuid = served.get(row.unique_id, ("none", None))
            told = (row.state, state, tuple(statuses))
            if row.state == "indexed":
                good = told == ("indexed", "indexed", ("Approved",))
                good = good and row.entry_uuid == uuid == entries[0].entry_uuid
            else:
                good = state != "indexed" and "Approved" not in statuses and len(statuses) <= 1
            if not good:
                wrong.append(told)
        assert wrong == []
        assert self.site.events("indexed") <= len(rows)


@contextmanager
def world(folder: Path) -> Iterator[AccountWorld]:
    """Run P1, and a service that waits for it not long, until the block ends."""
    with running_p1(folder / "p1") as nation:
        settings = {**nation.settings, "EREPO_HTTP__READ": str(PATIENT)}
        with running_cloud(folder / "service", environment=settings) as cloud:
            yield AccountWorld(cloud, nation, iter(range(8001, 9000)))


@pytest.fixture
def trial(tmp_path: Path) -> Iterator[Trial]:
    """A clinic with documents that are due; those that will be corrected among them."""
    seed = int(os.environ.get("EREPO_SEED") or random.SystemRandom().randrange(10**6))
    print(f"seed {seed}")  # shown where the test fails
    with world(tmp_path) as services, index_site(tmp_path / "clinic", services) as site, Forks() as forks:
        files = site.site.served.files()
        pair = p1.read_pair(files.tls, TLS_PASSWORD, files.wss, WSS_PASSWORD)
        with site.site.client() as client:
            p1.register(client, site.database, site.site.account, pair, start_over=True, force_new=True)
        one = Trial(site, services.cloud, services.p1, forks, random.Random(seed), pair)
        asyncio.run(_alone(site))
        one.archive(*one.versions(1))
        yield one


async def _alone(site: IndexSite) -> None:
    await site.archive(DOCUMENTS - CORRECTED)


@pytest.mark.kill
@pytest.mark.timeout(3600)
def test_whatever_p1_does_and_whoever_is_killed_each_document_is_indexed_once(trial: Trial) -> None:
    """Faults of every kind and kills of all three; afterwards one index each, RPLC and withdrawals right."""
    began, rounds, corrected = now(), 0, False
    fewest = len(FAULTS) // AT_ONCE + 1
    while (
        not corrected
        or rounds < fewest
        or not trial.is_far()
        or (trial.kills["clinic"] < KILLS and not trial.is_at_rest())
    ):
        assert rounds < 40 * fewest, trial.site.counts()
        trial.round()
        rounds += 1
        if not corrected and trial.is_half():
            trial.p1.home.store.clear_faults()
            trial.archive(*trial.versions(2))
            corrected = True
        if len(trial.left) < LEAVING and rounds % 3 == 0:
            trial.leave(max(1, LEAVING // 8))
    last = trial.finish()
    trial.check()
    assert set(trial.struck) == set(FAULTS)
    assert trial.kills["clinic"]
    counts, took = trial.site.counts(), now() - began
    print(f"{counts} after {rounds} rounds and {last} quiet ones, {took / timedelta(seconds=1):.0f} s:")
    print(f"kills {dict(trial.kills)}; ends {dict(trial.ends)}; {trial.struck.total()} faults")
    assert counts["replaced"] >= 1
    assert counts["replaced"] + counts.get("left", 0) + counts.get("withdrawn", 0) >= CORRECTED + len(
        trial.left
    )
