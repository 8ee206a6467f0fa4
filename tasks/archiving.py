"""Archiving: settle what is open, plan, send a batch of some hundred documents per task."""

import asyncio
from contextvars import ContextVar
from typing import Any

from prefect import task
from prefect.cache_policies import NO_CACHE
from prefect.tasks import exponential_backoff

from erepo.clinic.archiving import BatchResult, Plan, Reconciliation, plan, reconcile, send_batch
from erepo.clinic.archiving.errors import ArchivingStopped
from erepo.clinic.tables import now
from tasks.boundary import guarded, only_retryable
from tasks.clinic import current

#: Results of all attempts of this run, in order: a retried batch reports only what its last attempt did.
attempts: ContextVar[list[BatchResult]] = ContextVar("attempts")

#: Seconds before each new attempt; each up to half longer, so that clinics do not all return at once after an
#: outage.
DELAYS = exponential_backoff(backoff_factor=2)(4)

_PATIENT: dict[str, Any] = {
    "retries": len(DELAYS),
    "retry_delay_seconds": DELAYS,
    "retry_jitter_factor": 0.5,
    "retry_condition_fn": only_retryable,
    "cache_policy": NO_CACHE,
}


@task(name="reconcile", **_PATIENT)
@guarded
async def settle_open_submissions() -> Reconciliation:
    """Ask the registry about every submission whose outcome an earlier run did not learn."""
    clinic = current()
    found = await reconcile(clinic.connection, clinic.database)
    if found.problem is not None and found.problem.retryable:
        raise ArchivingStopped(batch="-", **vars(found.problem))
    return found


@task(name="plan", cache_policy=NO_CACHE)
@guarded
async def plan_batches(limit: int = 0) -> Plan:
    """Queue what is due; the batches of unfinished runs come first."""
    clinic = current()
    return await asyncio.to_thread(plan, clinic.database, clinic.settings, now=now(), limit=limit or None)


@task(name="send", task_run_name="send-{batch}", **_PATIENT)
@guarded
async def send(batch: str) -> BatchResult:
    """Send one batch; what cannot be sent now stays queued and is tried again with growing delays."""
    clinic = current()
    result = await send_batch(clinic.connection, clinic.database, batch)
    attempts.get().append(result)
    if result.problem is not None:
        result.raise_for_problem()
    return result
