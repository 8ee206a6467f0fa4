"""Migration over a line that goes wrong in every way of the list (N1 to N12): all comes home, whole."""

import itertools
import random
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from erepo.clinic.archiving import summary
from erepo.clinic.archiving import work as archiving
from erepo.clinic.content import ContentStore
from erepo.clinic.migrating import Selection, Summary, migrate, working
from erepo.clinic.permissions import Permission, grant
from erepo.clinic.tables import account, document, now
from erepo.xds import iti18
from erepo.xds.iti43 import DocumentRequest
from tests.support.clinic_side import Clinic, new_clinic, samples
from tests.support.cloud import RunningCloud, running_cloud
from tests.support.fault_proxy import SLOW, Fault, FaultProxy, at_some, times_of
from tests.support.life import is_whole

ACCOUNTS = itertools.count(7401)
LOGIN = "archiwum"
DOCUMENTS = 6
#: Runs after which everything must be there: one for each fault, and more where the machine is slow.
RUNS = 60


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningCloud]:
    """One service for the module; each test has an account of its own."""
    with running_cloud(tmp_path_factory.mktemp("cloud")) as cloud:
        yield cloud


@pytest.fixture
async def clinic(
    cloud: RunningCloud, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> Any:
    """A clinic whose documents lie in the repository alone; small groups, no pauses between attempts."""
    for module in (archiving, working):
        monkeypatch.setattr(module, "PAUSE", 0.0)
    monkeypatch.setattr(working, "GROUP", 2)
    tenant = cloud.add_tenant(f"{next(ACCOUNTS):016d}")
    with new_clinic(tmp_path / "clinic", tenant, in_flight=3, http=times_of(request)) as clinic:
        clinic.take_in(samples(int(tenant.account), DOCUMENTS, patients=3), tmp_path / "in")
        with clinic.database.begin() as connection:
            grant(connection, LOGIN, Permission.MIGRATE, actor="test")
        assert summary(await clinic.send_all()).complete
        let_go(clinic)
        yield clinic


def let_go(clinic: Clinic) -> None:
    """Make every document remote: its content leaves this place."""
    with clinic.database.begin() as connection:
        connection.execute(document.update().values(state="remote", purged_at=now(), content_path=None))
    store = ContentStore.at(clinic.settings)
    for sha256 in list(store.stored()):
        store.remove(sha256)


async def once(clinic: Clinic, port: int | None = None) -> Summary:
    """Migrate in one run."""
    async with clinic.connection(port) as connection:
        return await migrate(connection, clinic.database, Selection(everything=True), LOGIN)


async def bring_home(clinic: Clinic, proxy: FaultProxy) -> int:
    """Run until everything is home; return how many runs it took. Nothing is ever nowhere."""
    for run in range(1, RUNS):
        if (await once(clinic, proxy.port)).complete and clinic.states() == {"blocked": DOCUMENTS}:
            return run
        await assert_nothing_is_lost(clinic)
    pytest.fail(f"not brought home: {clinic.states()}")


async def there(clinic: Clinic) -> tuple[int, int]:
    """Return how many entries the registry has, and how many documents the repository, over a good line."""
    names = clinic.unique_ids()
    async with clinic.connection() as connection:
        found = await connection.query(iti18.get_documents(names, return_type=iti18.OBJECT_REF))
        requests = [DocumentRequest(connection.repository_unique_id, name) for name in names]
        return len(found.object_refs), len((await connection.retrieve(requests)).documents)


async def assert_nothing_is_lost(clinic: Clinic) -> None:
    """I1: what is not whole here is in the repository."""
    store = ContentStore.at(clinic.settings)
    with clinic.database.read() as connection:
        rows = connection.execute(sa.select(document.c.unique_id, document.c.sha256)).all()
    away = [row.unique_id for row in rows if not is_whole(store, row.sha256)]
    if away:
        async with clinic.connection() as connection:
            requests = [DocumentRequest(connection.repository_unique_id, name) for name in away]
            assert len((await connection.retrieve(requests)).documents) == len(away)


async def assert_home(clinic: Clinic) -> None:
    """Every document is blocked and whole here; neither registry nor repository knows any."""
    assert clinic.states() == {"blocked": DOCUMENTS}
    store = ContentStore.at(clinic.settings)
    with clinic.database.read() as connection:
        assert all(is_whole(store, one) for one in connection.execute(sa.select(document.c.sha256)).scalars())
    assert await there(clinic) == (0, 0)


#: What is delivered many times has a test of its own, for each address.
FAULTS = [fault for fault in Fault if fault not in {Fault.NONE, Fault.MANY_TIMES}]


@pytest.mark.parametrize("fault", FAULTS)
async def test_a_fault_at_some_exchanges(clinic: Clinic, cloud: RunningCloud, fault: Fault) -> None:
    """Whatever the fault, each document comes home once, byte-equal, and nothing of it stays there."""
    chance, most = random.Random(clinic.tenant.account), 3 if fault in SLOW else 12
    async with FaultProxy(cloud, clinic.tenant, at_some(fault, chance, most)) as proxy:
        await bring_home(clinic, proxy)
        assert proxy.met
    await assert_home(clinic)


@pytest.mark.parametrize("address", ["/registry", "/repository"])
async def test_every_message_is_delivered_many_times(
    clinic: Clinic, cloud: RunningCloud, address: str
) -> None:
    """N10: questions and ITI-62, fetches and ITI-86 arrive a hundred times, some answer comes back."""
    chance = random.Random(clinic.tenant.account)
    async with FaultProxy(cloud, clinic.tenant, at_some(Fault.MANY_TIMES, chance, 3, address)) as proxy:
        await bring_home(clinic, proxy)
        assert proxy.met
    await assert_home(clinic)


@pytest.mark.parametrize("address", ["/registry", "/repository"])
async def test_answers_are_lost_for_a_while(clinic: Clinic, cloud: RunningCloud, address: str) -> None:
    """N2: the service has done it and no answer says so; documents stay on their way, then it is found."""
    lost = True
    async with FaultProxy(
        cloud,
        clinic.tenant,
        lambda path: Fault.ANSWER_LOST if lost and path.decode().endswith(address) else Fault.NONE,
    ) as proxy:
        for _ in range(2):
            assert not (await once(clinic, proxy.port)).complete
            await assert_nothing_is_lost(clinic)
        lost = False
        await bring_home(clinic, proxy)
    await assert_home(clinic)


async def test_a_long_outage_begins_nothing_and_ends_without_a_storm(
    clinic: Clinic, cloud: RunningCloud
) -> None:
    """N12: each run during an outage gives up after a try or two and begins nothing; then all comes home."""
    down, tries = True, 0

    def decide(_path: bytes) -> Fault:
        nonlocal tries
        tries += down
        return Fault.UNAVAILABLE if down else Fault.NONE

    async with FaultProxy(cloud, clinic.tenant, decide) as proxy:
        for _ in range(8):
            assert (await once(clinic, proxy.port)).problem is not None
            assert clinic.states() == {"remote": DOCUMENTS}
        assert tries <= 8 * 3
        down, proxy.most = False, 0
        await bring_home(clinic, proxy)
        assert proxy.most <= clinic.settings.in_flight + 2
    await assert_home(clinic)


async def test_a_name_that_points_elsewhere_removes_nothing(
    clinic: Clinic, cloud: RunningCloud, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """N9: where the name leads to a stranger nothing is begun; when it leads back, all comes home."""
    resolve, port = socket.getaddrinfo, cloud.settings.cloud_port
    columns = ("registry_url", "repository_url", "service_url")
    moved = {name: sa.func.replace(account.c[name], "127.0.0.1", "localhost") for name in columns}
    with clinic.database.begin() as connection:
        connection.execute(account.update().values(moved))
    # A stranger has another authority: the handshake ends before a request is written.
    with running_cloud(tmp_path / "stranger") as stranger:
        led_to = stranger.settings.cloud_port

        def flip(host: Any, service: Any, *more: Any, **options: Any) -> Any:
            return resolve(host, led_to if service == port else service, *more, **options)

        monkeypatch.setattr(socket, "getaddrinfo", flip)
        problem = (await once(clinic)).problem
        assert problem is not None
        assert problem.code == "http.secure-channel"
        assert clinic.states() == {"remote": DOCUMENTS}
        led_to = port
        assert (await once(clinic)).complete
    await assert_home(clinic)
