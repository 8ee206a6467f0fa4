"""watch-runs in a real Prefect server: the dead are ended and their slots freed, the living stay."""

import asyncio
import subprocess
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest
from prefect.client.orchestration import get_client
from prefect.client.schemas.actions import GlobalConcurrencyLimitUpdate
from prefect.client.schemas.filters import ArtifactFilter, ArtifactFilterKey
from prefect.client.schemas.sorting import ArtifactSort
from prefect.states import Pending, Scheduled

from erepo.clinic import runs
from flows.watch_runs import watch_runs
from tasks import watching
from tasks.watching import watch
from tests.support.endless import endless
from tests.support.flow_clinic import PREFECT
from tests.support.suspending import begin_run, read

pytestmark = PREFECT


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let silence count at once, and slots be old at once."""
    monkeypatch.setattr(runs, "SILENT", timedelta(0))


@pytest.fixture
def processes() -> Iterator[list[subprocess.Popen[bytes]]]:
    """Collect processes of runs, and end what is left of them."""
    begun: list[subprocess.Popen[bytes]] = []
    yield begun
    for process in begun:
        process.kill()
        process.wait(60)


async def ordered(name: str, *, limit: int = 1) -> UUID:
    """Return a run of a deployment of its own, pending, with its slot taken."""
    async with get_client() as client:
        deployment = await client.create_deployment(
            await client.create_flow(endless), name, concurrency_limit=limit
        )
        run = await client.create_flow_run_from_deployment(deployment)
        await client.set_flow_run_state(run.id, Pending())
        return run.id


async def running(name: str, processes: list[subprocess.Popen[bytes]]) -> UUID:
    """Return a run whose process works on it and has been heard."""
    run = await ordered(name)
    processes.append(await asyncio.to_thread(begin_run, "tests.support.endless", "endless", run))
    for _ in range(2400):
        if (await read(run)).state_name == "Running" and await heard(run):
            return run
        await asyncio.sleep(0.1)
    raise AssertionError("the run did not begin")


async def heard(run: UUID) -> bool:
    """Tell whether a heartbeat of a run lies in Prefect."""
    async with get_client() as client:
        found = await read(run)
        assert found.created is not None
        return await watching._beat_since(client, found.created, run)


async def slots(run: UUID) -> int:
    """Return how many slots of a run's deployment are taken."""
    deployment = (await read(run)).deployment_id
    assert deployment is not None
    async with get_client() as client:
        limit = (await client.read_deployment(deployment)).global_concurrency_limit
        assert limit is not None
        return limit.active_slots


async def test_the_dead_are_ended_and_the_living_stay(
    prefect_database: Path, impatient: None, processes: list[subprocess.Popen[bytes]]
) -> None:
    """Kill -9 of a flow without a worker: Crashed, slot free, told on the page; a living one works on."""
    dead, alive = await running("to-be-killed", processes), await running("to-stay", processes)
    processes[0].kill()
    await asyncio.to_thread(processes[0].wait, 60)
    assert (await read(dead)).state_name == "Running"
    await watch_runs()
    assert ((await read(dead)).state_name, await slots(dead)) == ("Crashed", 0)
    assert ((await read(alive)).state_name, await slots(alive)) == ("Running", 1)
    assert processes[1].poll() is None
    async with get_client() as client:
        (page,) = await client.read_artifacts(
            artifact_filter=ArtifactFilter(key=ArtifactFilterKey(any_=["runs-summary"])),
            sort=ArtifactSort.CREATED_DESC,
            limit=1,
        )
    assert (await read(dead)).name in str(page.data)
    assert (await read(alive)).name not in str(page.data)


async def test_a_living_run_of_another_machine_stays(
    prefect_database: Path, processes: list[subprocess.Popen[bytes]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where its process cannot be seen, its heartbeats speak for it; without any, nobody is ended."""
    monkeypatch.setattr(runs, "with_process_here", lambda _: frozenset())
    alive = await running("elsewhere", processes)
    found = await watch.fn()
    assert (await read(alive)).state_name == "Running"
    monkeypatch.setattr(runs, "SILENT", timedelta(0))
    monkeypatch.setattr(runs, "HEARD", timedelta(0))  # as if none arrived
    found = await watch.fn()
    assert (await read(alive)).name in {one.name for one in found.doubtful}
    assert (await read(alive)).state_name == "Running"


async def test_a_run_whose_worker_died_before_it_began(prefect_database: Path, impatient: None) -> None:
    """It is pending for ever and holds the slot; a young one is left to its worker."""
    run = await ordered("never-began")
    assert await slots(run) == 1
    await watch_runs()
    assert ((await read(run)).state_name, await slots(run)) == ("Crashed", 0)


async def test_young_runs_and_waiting_ones_are_left_alone(prefect_database: Path) -> None:
    """What came into its state just now has time, and what waits needs no process."""
    run = await ordered("young")
    await watch_runs()
    assert (await read(run)).state_name == "Pending"


async def test_a_slot_that_no_run_holds_is_freed(prefect_database: Path, impatient: None) -> None:
    """The run is gone, its slot still taken: freed, so that the next run can begin."""
    run = await ordered("leaked")
    async with get_client() as client:
        deployment = await client.read_deployment((await read(run)).deployment_id)  # type: ignore[arg-type]
        assert deployment.global_concurrency_limit is not None
        await client.delete_flow_run(run)
        name = deployment.global_concurrency_limit.name
        await client.update_global_concurrency_limit(name, GlobalConcurrencyLimitUpdate(active_slots=1))
        assert "leaked" in (await watch.fn()).freed
        assert (await client.read_global_concurrency_limit_by_name(name)).active_slots == 0


async def test_a_run_that_finished_meanwhile_is_never_crashed(
    prefect_database: Path, impatient: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the look and the act it came into another state: left alone."""
    run = await ordered("quick")
    before = await read(run)
    async with get_client() as client:
        await client.set_flow_run_state(run, Pending(name="Submitting"))
        assert await watching._crash(client, before) is False
    assert (await read(run)).state_name == "Submitting"


async def test_late_runs_are_told_once(prefect_database: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On each page, and as one event."""
    monkeypatch.setattr(runs, "LATE", timedelta(0))
    async with get_client() as client:
        deployment = await client.create_deployment(await client.create_flow(endless), "late")
        run = await client.create_flow_run_from_deployment(deployment)
        await client.set_flow_run_state(run.id, Scheduled(name="Late"), force=True)
    for _ in range(2):
        assert run.name in {one.name for one in (await watch.fn()).late}
