"""Archiving: settle what is open, plan, send a batch of some hundred documents per task."""

import asyncio
from contextvars import ContextVar
from dataclasses import asdict

from prefect import task
from prefect.cache_policies import NO_CACHE

from erepo.clinic.archiving import BatchResult, Plan, Problem, Reconciliation, plan, reconcile, send_batch
from erepo.clinic.archiving.errors import ArchivingStopped
from erepo.clinic.tables import now
from erepo.errors import ErepoError, PermanentError
from erepo.texts import Text
from tasks.boundary import guarded
from tasks.clinic import current
from tasks.retrying import PATIENT


class ArchivingRefused(PermanentError):
    """The service or our own set-up refuses all sending; trying again changes nothing."""

    code = "archiving.refused"
    cause = Text("Archiving was refused: {cause_en}", "Odmowa archiwizacji: {cause_pl}")
    cure = Text("{cure_en}", "{cure_pl}")


#: Results of all attempts of this run, in order: a retried batch reports only what its last attempt did.
attempts: ContextVar[list[BatchResult]] = ContextVar("attempts")


@task(name="reconcile", **PATIENT)
@guarded
async def settle_open_submissions() -> Reconciliation:
    """Ask the registry about every submission whose outcome an earlier run did not learn."""
    clinic = current()
    found = await reconcile(clinic.connection, clinic.database)
    if found.problem is not None:
        raise stopped(found.problem)
    return found


@task(name="plan", cache_policy=NO_CACHE)
@guarded
async def plan_batches(limit: int = 0) -> Plan:
    """Queue what is due; the batches of unfinished runs come first."""
    clinic = current()
    return await asyncio.to_thread(plan, clinic.database, clinic.settings, now=now(), limit=limit or None)


@task(name="send", task_run_name="send-{batch}", **PATIENT)
@guarded
async def send(batch: str) -> BatchResult:
    """Send one batch; what cannot be sent now stays queued and is tried again with growing delays."""
    clinic = current()
    result = await send_batch(clinic.connection, clinic.database, batch)
    attempts.get().append(result)
    if result.problem is not None:
        raise stopped(result.problem, batch)
    return result


def stopped(problem: Problem, batch: str = "-") -> ErepoError:
    """Return the error that ends a step: one that is tried again only if the problem may pass."""
    kind = ArchivingStopped if problem.retryable else ArchivingRefused
    return kind(batch=batch, **asdict(problem))
