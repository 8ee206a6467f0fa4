"""Bring Prefect's schedules into line with the clinic's own table of maintenance windows.

Level-triggered: each run compares what should be with what is, so it does not matter which run was lost.

    W  window   the row: from here on nothing that deposits begins inside it, whatever Prefect does
    R  note     each active schedule is written down as ours to resume, before it is paused
    P  pause    the schedule is paused
    S  return   a run of the same deployment is scheduled for the next time anything changes

A kill between R and P: the next run pauses. Between P and S: the next run schedules; if none comes, what is
paused stays so until somebody starts the deployment, or ends the window by hand. After the end: each noted
schedule is resumed, then its note removed; twice does no harm. A schedule that is gone by then (the
deployment was registered anew) is only forgotten.
"""

import asyncio
from contextlib import suppress
from datetime import datetime, timedelta
from uuid import UUID

from prefect import runtime, task
from prefect.cache_policies import NO_CACHE
from prefect.client.orchestration import PrefectClient, get_client
from prefect.client.schemas.filters import DeploymentFilter, DeploymentFilterTags
from prefect.exceptions import ObjectNotFound
from prefect.states import Scheduled

from erepo.clinic import maintenance
from erepo.clinic.database import Database
from erepo.clinic.maintenance import PausedSchedule
from erepo.clinic.maintenance.errors import WindowWrong
from erepo.clinic.tables import now
from erepo.clinic.times import WARSAW
from erepo.texts import Text
from tasks.boundary import guarded
from tasks.clinic import opened_database
from tasks.retrying import PATIENT

#: Tag of every deployment that deposits documents.
TAG = "deposits"
DEPLOYMENT = "maintenance-window/on-demand"
#: A run that comes this early saw another clock than Prefect's: it must come once more.
_EARLY = timedelta(minutes=2)
_NO_END = Text("it has no end", "nie podano jej końca")
_NOT_STARTED = Text(
    "a time was given, but not what to do: choose start", "podano czas, lecz nie wybrano start"
)
_NO_TIME = Text("there is no such time", "nie ma takiego czasu")


@task(name="set-window", cache_policy=NO_CACHE)
@guarded
async def set_window(connection: str, action: str, begin: str, until: str) -> None:
    """Write the window down, or end it.

    Raises:
        WindowWrong: the times make no sense.
    """
    async with opened_database(connection) as database:
        await asyncio.to_thread(database.upgrade)
        if action != "start" and (begin or until):
            raise WindowWrong(problem_en=_NOT_STARTED.en, problem_pl=_NOT_STARTED.pl)
        if action == "end":
            await asyncio.to_thread(maintenance.end_windows, database)
        elif action == "start":
            if not until:
                raise WindowWrong(problem_en=_NO_END.en, problem_pl=_NO_END.pl)
            begins = _moment(begin) if begin else now()
            await asyncio.to_thread(maintenance.open_window, database, begins, _moment(until))


@task(name="pause-or-resume", **PATIENT)
@guarded
async def pause_or_resume(connection: str) -> None:
    """Pause what deposits while a window is open; resume what we had paused once none is."""
    async with opened_database(connection) as database, get_client() as client:
        moment = now()
        windows = await asyncio.to_thread(maintenance.coming_windows, database, moment)
        if any(one.is_open(moment) for one in windows):
            await _pause(client, database)
        else:
            await _resume(client, database)


async def _pause(client: PrefectClient, database: Database) -> None:
    tagged = DeploymentFilter(tags=DeploymentFilterTags(all_=[TAG]))
    for deployment in await client.read_deployments(deployment_filter=tagged, limit=200):
        for schedule in deployment.schedules:
            if schedule.active:
                flow = await client.read_flow(deployment.flow_id)
                name = f"{flow.name}/{deployment.name}"
                one = PausedSchedule(str(schedule.id), str(deployment.id), name)
                await asyncio.to_thread(maintenance.remember_paused, database, one)
                await client.update_deployment_schedule(deployment.id, schedule.id, active=False)


async def _resume(client: PrefectClient, database: Database) -> None:
    for one in await asyncio.to_thread(maintenance.paused_schedules, database):
        # Gone: the deployment was registered anew meanwhile, and its successor is as its file says.
        with suppress(ObjectNotFound):
            await client.update_deployment_schedule(UUID(one.deployment), UUID(one.schedule), active=True)
        await asyncio.to_thread(maintenance.forget_paused, database, one.schedule)


@task(name="come-back", **PATIENT)
@guarded
async def come_back(connection: str) -> None:
    """Schedule a run for the next time anything changes; it waits in Prefect's database, not in a process."""
    async with opened_database(connection) as database:
        moment = now()
        windows = await asyncio.to_thread(maintenance.coming_windows, database, moment)
    changes = [at for one in windows for at in (one.starts_at, one.ends_at) if at > moment]
    if changes:
        at = min(changes)
        again = f"-{runtime.flow_run.id}" if at - moment < _EARLY else ""
        async with get_client() as client:
            await _schedule(client, connection, at, f"maintenance-{connection}-{at.isoformat()}{again}")


async def _schedule(client: PrefectClient, connection: str, at: datetime, key: str) -> None:
    """Schedule one run; where one of the same key has ended already (cancelled by hand, say), a new one."""
    deployment = (await client.read_deployment_by_name(DEPLOYMENT)).id
    parameters = {"action": "apply", "connection": connection}
    for _ in range(5):
        run = await client.create_flow_run_from_deployment(
            deployment,
            parameters=parameters,
            state=Scheduled(scheduled_time=at),
            idempotency_key=key,
        )
        if run.state is None or not run.state.is_final():
            return
        key = f"{key}-{run.id}"


def _moment(text: str) -> datetime:
    try:
        return datetime.strptime(text, "%Y-%m-%d %H:%M").replace(tzinfo=WARSAW)
    except ValueError:
        raise WindowWrong(problem_en=_NO_TIME.en, problem_pl=_NO_TIME.pl) from None
