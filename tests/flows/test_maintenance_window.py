"""maintenance-window in a real Prefect server: schedules pause, resume by themselves, and only ours do."""

import asyncio
from datetime import datetime, timedelta
from typing import Any

import pytest
import pytest_asyncio
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterIdempotencyKey

from deployments.register import build, catalogue, register
from erepo.clinic.archiving import check_permitted
from erepo.clinic.maintenance import coming_windows, end_windows, open_window, paused_schedules
from erepo.clinic.maintenance.errors import MaintenanceNow, WindowWrong
from erepo.clinic.tables import now
from erepo.clinic.times import WARSAW
from flows.archive_documents import archive_documents
from flows.import_documents import import_documents
from flows.maintenance_window import maintenance_window
from tasks import maintenance
from tests.support.flow_clinic import PREFECT, ClinicUnderTest

pytestmark = PREFECT

ARCHIVING, IMPORT = "archive-documents/scheduled", "import-documents/scheduled"


@pytest_asyncio.fixture(loop_scope="session")
async def deployed(database_only: ClinicUnderTest) -> ClinicUnderTest:
    """A clinic with all deployments, their schedules active."""
    await register(await asyncio.to_thread(lambda: [build(entry) for entry in catalogue()]))
    for name in (ARCHIVING, IMPORT):
        await set_active(name, active=True)
    return database_only


async def set_active(name: str, *, active: bool) -> None:
    """Pause or resume a schedule as people do."""
    async with get_client() as client:
        found = await client.read_deployment_by_name(name)
        await client.update_deployment_schedule(found.id, found.schedules[0].id, active=active)


async def is_active(name: str) -> bool:
    """Tell whether a deployment's schedule is active."""
    async with get_client() as client:
        return bool((await client.read_deployment_by_name(name)).schedules[0].active)


async def planned(at: datetime) -> list[Any]:
    """Return the runs that are to come back at a time."""
    key = f"maintenance-clinic-{at.isoformat()}"
    async with get_client() as client:
        wanted = FlowRunFilter(idempotency_key=FlowRunFilterIdempotencyKey(any_=[key]))
        return list(await client.read_flow_runs(flow_run_filter=wanted))


def clock(hours: float) -> str:
    """Return a time as people write it."""
    return (datetime.now(WARSAW) + timedelta(hours=hours)).strftime("%Y-%m-%d %H:%M")


async def test_a_pause_from_its_beginning_to_its_end(deployed: ClinicUnderTest) -> None:
    """What deposits is paused, what only takes in is not; a run is planned for the end, and resumes."""
    for _ in range(2):  # starting it twice changes nothing
        await maintenance_window("start", until=clock(2))
    assert [await is_active(ARCHIVING), await is_active(IMPORT)] == [False, True]
    (window,) = coming_windows(deployed.database)
    (run,) = await planned(window.ends_at)
    assert run.parameters == {"action": "apply", "connection": "clinic"}
    assert abs(run.expected_start_time - window.ends_at) < timedelta(seconds=1)
    await maintenance_window("apply")  # as somebody may at any time
    assert not await is_active(ARCHIVING)
    # The moment has come: what the planned run does.
    end_windows(deployed.database)
    await maintenance_window(**run.parameters)
    assert await is_active(ARCHIVING)
    assert paused_schedules(deployed.database) == []


async def test_what_people_had_paused_stays_paused(deployed: ClinicUnderTest) -> None:
    """Only schedules that were active are ours to resume."""
    await set_active(ARCHIVING, active=False)
    await maintenance_window("start", until=clock(2))
    await maintenance_window("end")
    assert not await is_active(ARCHIVING)


async def test_a_pause_that_comes_later(deployed: ClinicUnderTest) -> None:
    """Until its beginning everything goes on; then, and at its end, a run comes."""
    await maintenance_window("start", begin=clock(3), until=clock(5))
    assert await is_active(ARCHIVING)
    (window,) = coming_windows(deployed.database)
    assert len(await planned(window.starts_at)) == 1
    end_windows(deployed.database, everything=True)


async def test_a_planned_run_that_somebody_deleted_is_planned_again(deployed: ClinicUnderTest) -> None:
    """The key of a cancelled run does not keep the next one away."""
    until = now() + timedelta(hours=4)
    open_window(deployed.database, now(), until)
    await maintenance_window("apply")
    (run,) = await planned(until)
    async with get_client() as client:
        state = {"state": {"type": "CANCELLED", "name": "Cancelled"}, "force": True}
        await client.request("POST", f"/flow_runs/{run.id}/set_state", json=state)
        await maintenance_window("apply")
        found = await client.read_flow_runs(
            flow_run_filter=FlowRunFilter(
                idempotency_key=FlowRunFilterIdempotencyKey(any_=[f"{run.idempotency_key}-{run.id}"])
            )
        )
    assert len(found) == 1
    await maintenance_window("end")


async def test_killed_between_note_and_pause(
    deployed: ClinicUnderTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The schedule is noted and still active: the next run pauses it, and the end resumes it."""
    remember = maintenance.maintenance.remember_paused

    def crash(*arguments: Any) -> None:
        remember(*arguments)
        raise MemoryError

    with monkeypatch.context() as patched:
        patched.setattr(maintenance.maintenance, "remember_paused", crash)
        with pytest.raises(Exception, match="MemoryError"):
            await maintenance_window("start", until=clock(2))
    assert await is_active(ARCHIVING)
    with pytest.raises(MaintenanceNow):  # the clinic's own table holds already
        check_permitted(deployed.database, deployed.settings)
    await maintenance_window("apply")
    assert not await is_active(ARCHIVING)
    await maintenance_window("end")
    assert await is_active(ARCHIVING)


async def test_archiving_ends_between_two_batches(
    connected: ClinicUnderTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A pause that begins meanwhile lets the batch in hand end; the rest goes after it."""
    monkeypatch.setenv("EREPO_BATCH_DOCUMENTS", "4")
    connected.drop(13)
    await import_documents(quiet_seconds=0)
    from flows import archive_documents as module  # noqa: PLC0415 — the module has the flow's own name

    send = module.send

    async def then_pause(batch: str) -> Any:
        result = await send(batch)
        open_window(connected.database, now(), now() + timedelta(hours=1))
        return result

    with monkeypatch.context() as patched:
        patched.setattr(module, "send", then_pause)
        with pytest.raises(MaintenanceNow):
            await archive_documents()
    assert 0 < connected.states()["archived"] < 13
    end_windows(connected.database)
    await archive_documents()
    assert connected.states() == {"archived": 13}


async def test_times_that_make_no_sense_are_refused(deployed: ClinicUnderTest) -> None:
    """No end, no such time, over already: a clear refusal, and nothing is paused."""
    for until in ("", "2026-02-31 10:00", "2020-01-01 10:00"):
        with pytest.raises(WindowWrong):
            await maintenance_window("start", until=until)
    with pytest.raises(WindowWrong, match="choose start"):  # the form's first choice, with a time filled in
        await maintenance_window("apply", until=clock(2))
    assert await is_active(ARCHIVING)
