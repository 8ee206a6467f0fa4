"""Look after Prefect's own books: end runs without a process, free slots that nobody holds, tell late ones.

Nothing of ours depends on it: every fact about a document lies in the clinic's tables, and the next run goes
on by them. But a run that seems to go on for ever holds the only slot of its deployment.

Between the look and the act a run may end by itself. Prefect refuses to make a finished run Crashed, and a
run that has come into another state since the look is left for the next time.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID, uuid5

from prefect import runtime, task
from prefect.client.orchestration import PrefectClient, get_client
from prefect.client.schemas.actions import GlobalConcurrencyLimitUpdate
from prefect.client.schemas.filters import (
    FlowRunFilter,
    FlowRunFilterDeploymentId,
    FlowRunFilterExpectedStartTime,
    FlowRunFilterState,
    FlowRunFilterStateName,
    FlowRunFilterStateType,
    LogFilter,
    LogFilterFlowRunId,
)
from prefect.client.schemas.objects import FlowRun, StateType
from prefect.client.schemas.responses import OrchestrationResult, SetStateStatus
from prefect.client.schemas.sorting import LogSort
from prefect.events.filters import EventFilter, EventNameFilter, EventOccurredFilter, EventResourceFilter
from prefect.states import Crashed

from erepo.clinic import runs
from erepo.clinic.runs import Sighting
from tasks.boundary import guarded
from tasks.events import emit
from tasks.retrying import PATIENT

#: Event about a run that has not begun in time.
LATE_EVENT = "erepo.run.late"
_LATE_EVENTS = UUID("5d0c4d4c-8a57-4b11-9a0d-3a3c6f5d9b10")
_BEAT = "prefect.flow-run.heartbeat"
_MOST = 200
#: Prefect has one text for all readers.
_GONE = (
    "Proces tego uruchomienia już nie działa. Nic nie zginęło, następne uruchomienie będzie kontynuować. / "
    "The process of this run is gone. Nothing is lost, the next run goes on."
)


@dataclass(frozen=True)
class Told:
    """A run as the page tells it: its name says what and when, never whose."""

    name: str
    state: str
    since: datetime


@dataclass(frozen=True)
class Watched:
    """What one look brought.

    Attributes:
        ended: dead runs that are Crashed now.
        doubtful: silent ones that were left alone, because no heartbeat of any run arrives.
        late: runs that should have begun over an hour ago.
        freed: deployments whose slots no run held.
        alive: how many runs go on.
    """

    ended: tuple[Told, ...] = ()
    doubtful: tuple[Told, ...] = ()
    late: tuple[Told, ...] = ()
    freed: tuple[str, ...] = ()
    alive: int = 0


@task(name="watch-runs", **PATIENT)
@guarded
async def watch() -> Watched:
    """Compare what Prefect believes with what is, and put right what is known to be wrong."""
    async with get_client() as client:
        at = datetime.now(UTC)
        found = [one for one in await _open_runs(client) if one.id != runtime.flow_run.id]
        # Runs that people begin by hand belong to those people, and hold no slot.
        found = [one for one in found if one.deployment_id is not None]
        beats = await _beat_since(client, at - runs.HEARD, None)
        ended, doubtful = [], []
        for run, sighting in await _sightings(client, found):
            if runs.is_dead(sighting, at, runs.SILENT, beats_arrive=beats):
                if await _crash(client, run):
                    ended.append(_told(run))
            elif runs.is_dead(sighting, at, runs.SILENT, beats_arrive=True):
                doubtful.append(_told(run))
        late = await _late(client, at)
        return Watched(
            tuple(ended),
            tuple(doubtful),
            tuple(_told(run) for run in late),
            tuple(await _free_slots(client, at)),
            len(found) - len(ended) - len(doubtful),
        )


async def _open_runs(client: PrefectClient, deployment: UUID | None = None) -> list[FlowRun]:
    types = FlowRunFilterStateType(any_=[StateType(one) for one in runs.OPEN])
    only = FlowRunFilterDeploymentId(any_=[deployment]) if deployment else None
    wanted = FlowRunFilter(state=FlowRunFilterState(type=types), deployment_id=only)
    return await client.read_flow_runs(flow_run_filter=wanted, limit=_MOST)


async def _sightings(client: PrefectClient, found: list[FlowRun]) -> list[tuple[FlowRun, Sighting]]:
    here = runs.with_process_here([str(run.id) for run in found])
    seen = []
    for run in found:
        assert run.state is not None
        assert run.state_type is not None
        sign = await _last_sign(client, run.id)
        seen.append((run, Sighting(run.state_type.value, run.state.timestamp, str(run.id) in here, sign)))
    return seen


async def _last_sign(client: PrefectClient, run: UUID) -> datetime | None:
    """Return a recent sign of life; one older than `SILENT` would tell nothing."""
    of_run = LogFilter(flow_run_id=LogFilterFlowRunId(any_=[run]))
    lines = await client.read_logs(of_run, limit=1, sort=LogSort.TIMESTAMP_DESC)
    now = datetime.now(UTC)
    beat = now if await _beat_since(client, now - runs.SILENT, run) else None
    return max(filter(None, (beat, *(line.timestamp for line in lines))), default=None)


async def _beat_since(client: PrefectClient, since: datetime, run: UUID | None) -> bool:
    """Tell whether a heartbeat of a run has come, or that of any run."""
    resource = EventResourceFilter(id=[f"prefect.flow-run.{run}"]) if run else None
    wanted = EventFilter(
        event=EventNameFilter(name=[_BEAT]),
        occurred=EventOccurredFilter(since=since),
        **({"resource": resource} if resource else {}),
    )
    return bool((await client.read_events(wanted, limit=1)).events)


async def _crash(client: PrefectClient, run: FlowRun) -> bool:
    again = await client.read_flow_run(run.id)
    if again.state is None or run.state is None or again.state.id != run.state.id:
        return False
    answer: OrchestrationResult[object] = await client.set_flow_run_state(run.id, Crashed(message=_GONE))
    return answer.status == SetStateStatus.ACCEPT


async def _late(client: PrefectClient, at: datetime) -> list[FlowRun]:
    """Return runs that wait since over an hour for a worker; each is told once as an event."""
    wanted = FlowRunFilter(
        state=FlowRunFilterState(name=FlowRunFilterStateName(any_=["Late"])),
        expected_start_time=FlowRunFilterExpectedStartTime(before_=at - runs.LATE),
    )
    found = await client.read_flow_runs(flow_run_filter=wanted, limit=_MOST)
    for run in found:
        facts = {"run": str(run.id), "name": run.name}
        await emit(LATE_EVENT, f"erepo.run.{run.id}", facts, uuid5(_LATE_EVENTS, str(run.id)))
    return found


async def _free_slots(client: PrefectClient, at: datetime) -> list[str]:
    """Free the slots of deployments which are full though no run holds any; return the deployments.

    While all slots are taken no run can take one meanwhile, so nobody's slot is freed.
    """
    freed = []
    for deployment in await client.read_deployments(limit=_MOST):
        limit = deployment.global_concurrency_limit
        if limit is None or limit.active_slots < limit.limit or not _old(limit.updated, at):
            continue
        if await _open_runs(client, deployment.id):
            continue
        await client.update_global_concurrency_limit(limit.name, GlobalConcurrencyLimitUpdate(active_slots=0))
        freed.append(deployment.name)
    return freed


def _old(moment: datetime | None, at: datetime) -> bool:
    return moment is not None and at - moment >= runs.SILENT


def _told(run: FlowRun) -> Told:
    assert run.state is not None
    since = run.expected_start_time if run.state.is_scheduled() else run.state.timestamp
    return Told(run.name, run.state.name or run.state.type.value, since or run.state.timestamp)
