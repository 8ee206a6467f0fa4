"""Archiving: settle what is open, plan, send a batch of some hundred documents per task."""

import asyncio
from contextvars import ContextVar

from prefect import task
from prefect.cache_policies import NO_CACHE

from erepo.clinic.archiving import (
    EVERYTHING,
    BatchResult,
    Choice,
    Plan,
    Reconciliation,
    check_permitted,
    plan,
    reconcile,
    send_batch,
)
from erepo.clinic.archiving.errors import BatchTaken, LeaseLost
from erepo.clinic.outlook import Outlook, look_ahead
from erepo.clinic.tables import now
from erepo.settings import Settings
from tasks.boundary import guarded
from tasks.clinic import depositing, opened_database
from tasks.retrying import PATIENT

#: Results of all attempts of this run, in order; `summary` counts a batch that was retried once.
attempts: ContextVar[list[BatchResult]] = ContextVar("attempts")


@task(name="permit", cache_policy=NO_CACHE)
@guarded
async def permit() -> None:
    """Begin nothing inside a maintenance window or without a valid licence."""
    clinic = depositing()
    await asyncio.to_thread(check_permitted, clinic.database, clinic.settings)


@task(name="reconcile", **PATIENT)
@guarded
async def settle_open_submissions() -> Reconciliation:
    """Ask the registry about every submission whose outcome an earlier run did not learn."""
    clinic = depositing()
    found = await reconcile(clinic.connection, clinic.database)
    attempts.get().append(found.as_result())
    if found.problem is not None:
        raise found.problem.error()
    return found


@task(name="plan", cache_policy=NO_CACHE)
@guarded
async def plan_batches(choice: Choice = EVERYTHING) -> Plan:
    """Queue what is due and chosen; the batches of unfinished runs come first."""
    clinic = depositing()
    return await asyncio.to_thread(plan, clinic.database, clinic.settings, now=now(), choice=choice)


@task(name="look", cache_policy=NO_CACHE)
@guarded
async def look(connection: str, choice: Choice) -> Outlook:
    """Tell what a run would do now, and why the rest stays; changes nothing and asks nobody."""
    async with opened_database(connection) as database:
        return await asyncio.to_thread(look_ahead, database, Settings(), choice)


@task(name="send", task_run_name="send-{batch}", **PATIENT)
@guarded
async def send(batch: str) -> BatchResult:
    """Send one batch; what cannot be sent now stays queued and is tried again with growing delays."""
    clinic = depositing()
    try:
        result = await send_batch(clinic.connection, clinic.database, batch)
    except (BatchTaken, LeaseLost):
        return BatchResult(batch)  # another archiver brings it to an end
    attempts.get().append(result)
    result.raise_for_problem()
    return result
