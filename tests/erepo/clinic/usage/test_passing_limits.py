"""S2: one run of archiving passes 89, 90, 91 and 100 % of an account, against the real service."""

import asyncio
import dataclasses
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from erepo.clinic.archiving import BatchResult, send_batch, summary
from erepo.clinic.archiving import work as working
from erepo.clinic.archiving.reasons import REASONS
from erepo.clinic.connection import CloudConnection
from erepo.clinic.tables import audit_event, document
from erepo.clinic.usage import ask, report
from erepo.clinic.usage.alarms import open_alarms
from erepo.cloud.storage.database import Database
from erepo.cloud.storage.tables import tenant
from erepo.xds.vocabulary import Xds
from tests.support.account_clinic import AccountClinic, AccountWorld, account_clinic
from tests.support.chains import version

#: Documents that an account has room for, and those that there are; each of the same size.
ROOM, DOCUMENTS = 100, 104
CONTENTS = [version(1, name=f"N{number:03}", series=f"N{number:03}") for number in range(DOCUMENTS)]
SIZE = len(CONTENTS[0])
LIMITS = {"bytes": ROOM * SIZE, "documents": ROOM}


@pytest.fixture(params=list(LIMITS))
def resource(request: pytest.FixtureRequest) -> str:
    """What there is no more room for."""
    return str(request.param)


@pytest.fixture
def site(
    resource: str, tmp_path: Path, account_service: AccountWorld, monkeypatch: pytest.MonkeyPatch
) -> Iterator[AccountClinic]:
    """A clinic whose account has a limit of one of the two."""
    monkeypatch.setattr(working, "PAUSE", 0.001)
    with account_clinic(tmp_path, account_service, **{f"limit_{resource}": LIMITS[resource]}) as site:
        site.clinic.take_in(CONTENTS, tmp_path / "in")
        yield site


def told(site: AccountClinic, event: str) -> int:
    """Count the events of a name in the history."""
    with site.clinic.database.read() as connection:
        named = sa.select(sa.func.count()).where(audit_event.c.event == event)
        return connection.execute(named).scalar_one()


async def look(site: AccountClinic) -> set[str]:
    """Do what check-account does; return what it warns of."""

    def work() -> set[str]:
        with site.client() as client:
            ask(client, site.clinic.database)
        with site.clinic.database.read() as connection:
            return {one.resource for one in open_alarms(connection, site.account)}

    return await asyncio.to_thread(work)


class Watched:
    """An opened connection; after some deposits the account is looked at, as the hourly check may."""

    def __init__(self, connection: CloudConnection, site: AccountClinic, moments: set[int]) -> None:
        self._connection, self._site, self._moments = connection, site, moments
        self.stored, self.refused = 0, 0
        self.warned: dict[int, set[str]] = {}

    def __getattr__(self, name: str) -> Any:
        """Return the connection's own."""
        return getattr(self._connection, name)

    async def provide(self, submission: Any) -> None:
        """Deposit one document, then perhaps look."""
        try:
            await self._connection.provide(submission)
        except BaseException:
            self.refused += 1
            raise
        self.stored += 1
        if self.stored in self._moments:
            self.warned[self.stored] = await look(self._site)


async def run(site: AccountClinic, moments: set[int]) -> tuple[Watched, list[BatchResult]]:
    """Archive what is due, one document after the other, in one run."""
    clinic = site.clinic
    planned = clinic.plan(submission_documents=1)
    async with dataclasses.replace(
        clinic.connection(), settings=clinic.settings.model_copy(update={"in_flight": 1})
    ) as connection:
        watched = Watched(connection, site, moments)
        return watched, [await send_batch(watched, clinic.database, batch) for batch in planned.batches]


async def test_one_run_passes_every_line(site: AccountClinic, resource: str) -> None:
    """Warned once at 90 %; refused at 100 %, nothing lost or rejected; the rest goes on with more room."""
    watched, results = await run(site, {89, 90, 91, 100})
    assert watched.warned == {89: set(), 90: {resource}, 91: {resource}, 100: {resource}}
    assert told(site, "account_nearly_full") == 1
    total = summary(results)
    assert (total.archived, total.rejected, total.retry_later) == (ROOM, [], DOCUMENTS - ROOM)
    assert total.problem is not None
    assert total.problem.cause_en == REASONS[Xds.REPOSITORY_OUT_OF_RESOURCES.value].cause.en
    assert watched.refused
    assert site.clinic.states() == {"archived": ROOM, "queued": DOCUMENTS - ROOM}
    found = report(site.clinic.database)
    assert (found.check.share(resource), found.forecasts[["bytes", "documents"].index(resource)].verdict) == (
        1.0,
        "full",
    )

    # Full it stays until somebody gives more room: nothing is stored, and nothing lost.
    watched, results = await run(site, set())
    assert (watched.stored, summary(results).rejected) == (0, [])
    assert site.clinic.states() == {"archived": ROOM, "queued": DOCUMENTS - ROOM}
    raise_limit(site, resource)
    watched, results = await run(site, set())
    assert (watched.stored, summary(results).complete) == (DOCUMENTS - ROOM, True)
    assert site.clinic.states() == {"archived": DOCUMENTS}
    assert set((await site.clinic.entries()).values()) == {1}
    assert await look(site) == set()
    assert (told(site, "account_nearly_full"), told(site, "account_has_room")) == (1, 1)
    with site.clinic.database.read() as connection:
        assert connection.execute(sa.select(sa.func.count(document.c.reason_code))).scalar_one() == 0


def raise_limit(site: AccountClinic, resource: str) -> None:
    """Give twice the room, as the operator does."""
    database = Database(site.served.world.cloud.settings.cloud_url)
    with database.everyone("a test decides", write=True) as connection:
        mine = tenant.c.account == site.account
        limit = {f"limit_{resource}": 2 * LIMITS[resource]}
        connection.execute(sa.update(tenant).where(mine).values(**limit))
    database.close()
