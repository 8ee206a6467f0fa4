"""Archiving over a line that goes wrong in every way of the list (N1 to N12): nothing lost, nothing twice."""

import itertools
import random
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from erepo.clinic.archiving import summary
from erepo.clinic.archiving import work as working
from erepo.clinic.pipeline import PATIENCE
from erepo.clinic.tables import account
from erepo.clinic.verifying import verify
from tests.support.clinic_side import Clinic, new_clinic, samples
from tests.support.cloud import RunningCloud, running_cloud
from tests.support.fault_proxy import SLOW, Fault, FaultProxy, at_some, times_of

ACCOUNTS = itertools.count(4001)
DOCUMENTS = 6
#: Runs after which everything must be there: one for each fault, and more where the machine is slow.
RUNS = 60


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningCloud]:
    """One service for the module; each test has an account of its own."""
    with running_cloud(tmp_path_factory.mktemp("cloud")) as cloud:
        yield cloud


@pytest.fixture
def clinic(
    cloud: RunningCloud, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> Iterator[Clinic]:
    """A clinic with documents of six patients, due; no pauses between attempts."""
    monkeypatch.setattr(working, "PAUSE", 0.0)
    tenant = cloud.add_tenant(f"{next(ACCOUNTS):016d}")
    with new_clinic(tmp_path / "clinic", tenant, in_flight=3, http=times_of(request)) as clinic:
        clinic.take_in(samples(int(tenant.account), DOCUMENTS, patients=DOCUMENTS), tmp_path / "in")
        yield clinic


async def assert_all_archived_once(clinic: Clinic) -> None:
    """Every document is archived, has one entry, and comes back with the same bytes."""
    assert clinic.states() == {"archived": DOCUMENTS}
    assert set((await clinic.entries()).values()) == {1}
    async with clinic.connection() as connection:
        report = await verify(connection, clinic.database, read_back=True)
    assert report.complete, report


async def deliver(clinic: Clinic, proxy: FaultProxy) -> int:
    """Run until everything is archived; return how many runs it took."""
    for run in range(1, RUNS):
        if summary(await clinic.send_all(proxy.port, submission_documents=1)).complete:
            return run
        assert "rejected" not in clinic.states()
    pytest.fail(f"not delivered: {clinic.states()}")


@pytest.mark.parametrize("fault", [fault for fault in Fault if fault is not Fault.NONE])
async def test_a_fault_at_some_exchanges(clinic: Clinic, cloud: RunningCloud, fault: Fault) -> None:
    """Whatever the fault, each document ends up archived, once, byte-equal, and none is given up."""
    chance, most = random.Random(clinic.tenant.account), 3 if fault in SLOW else 12
    async with FaultProxy(cloud, clinic.tenant, at_some(fault, chance, most)) as proxy:
        await deliver(clinic, proxy)
        assert proxy.met
    await assert_all_archived_once(clinic)


async def test_all_answers_lost_to_deposits_alone(clinic: Clinic, cloud: RunningCloud) -> None:
    """N2: the service has everything and no answer ever says so; asking finds it without sending twice."""
    sent: list[bytes] = []

    def decide(path: bytes) -> Fault:
        if not path.endswith(b"/repository"):
            return Fault.NONE
        sent.append(path)
        return Fault.ANSWER_LOST

    async with FaultProxy(cloud, clinic.tenant, decide) as proxy:
        await deliver(clinic, proxy)
    assert len(sent) == DOCUMENTS
    await assert_all_archived_once(clinic)


async def test_a_long_outage_ends_without_a_storm(clinic: Clinic, cloud: RunningCloud) -> None:
    """N12: each run during an outage gives up after a few tries; then all drains, a few at a time."""
    down, tries = True, 0

    def decide(_path: bytes) -> Fault:
        nonlocal tries
        tries += down
        return Fault.UNAVAILABLE if down else Fault.NONE

    async with FaultProxy(cloud, clinic.tenant, decide) as proxy:
        for _ in range(8):
            assert not summary(await clinic.send_all(proxy.port, submission_documents=1)).complete
            assert clinic.states() == {"queued": DOCUMENTS}
        assert tries <= 8 * (PATIENCE + clinic.settings.in_flight) * 2
        down, proxy.most = False, 0
        await deliver(clinic, proxy)
        assert proxy.most <= clinic.settings.in_flight + 2
    await assert_all_archived_once(clinic)


async def test_a_name_that_points_elsewhere_gets_nothing(
    clinic: Clinic, cloud: RunningCloud, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """N9: where the name leads to a stranger no document leaves; when it leads back, all is delivered."""
    resolve, port = socket.getaddrinfo, cloud.settings.cloud_port
    _move_to(clinic, "localhost")
    with running_cloud(tmp_path / "stranger") as stranger:
        led_to = stranger.settings.cloud_port

        def flip(host: Any, service: Any, *more: Any, **options: Any) -> Any:
            return resolve(host, led_to if service == port else service, *more, **options)

        monkeypatch.setattr(socket, "getaddrinfo", flip)
        total = summary(await clinic.send_all(submission_documents=1))
        assert total.archived == 0
        assert total.problem is not None
        assert clinic.states() == {"queued": DOCUMENTS}
        # A stranger has another authority: the handshake ends before a request is written.
        assert total.problem.code == "http.secure-channel"
        led_to = port
        assert summary(await clinic.send_all(submission_documents=1)).complete
    await assert_all_archived_once(clinic)


def _move_to(clinic: Clinic, host: str) -> None:
    columns = ("registry_url", "repository_url", "service_url")
    moved = {name: sa.func.replace(account.c[name], "127.0.0.1", host) for name in columns}
    with clinic.database.begin() as connection:
        connection.execute(account.update().values(moved))
