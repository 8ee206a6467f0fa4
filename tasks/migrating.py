"""Migration: settle what is half-done, plan, bring some hundred documents back per task."""

import asyncio
from contextvars import ContextVar

from prefect import get_run_logger, task
from prefect.cache_policies import NO_CACHE

from erepo.clinic.migrating import (
    BatchResult,
    Plan,
    Preview,
    Selection,
    check_permitted,
    look,
    migrate_batch,
    plan,
    reconcile,
)
from erepo.clinic.migrating.errors import MigrationLost, MigrationTaken
from tasks.boundary import guarded
from tasks.clinic import depositing
from tasks.retrying import PATIENT

#: Results of all attempts of this run, in order; `summary` counts a batch that was retried once.
attempts: ContextVar[list[BatchResult]] = ContextVar("migration_attempts")


@task(name="look", cache_policy=NO_CACHE)
@guarded
async def look_at(selection: Selection, login: str) -> Preview:
    """Count what would be brought back; only for who may migrate."""
    return await asyncio.to_thread(look, depositing().database, selection, login)


@task(name="settle-migrations", **PATIENT)
@guarded
async def settle_open_migrations(login: str) -> None:
    """Bring to an end what runs that did not end left half-done."""
    clinic = depositing()
    await asyncio.to_thread(check_permitted, clinic.database, login)
    for result in await reconcile(clinic.connection, clinic.database):
        attempts.get().append(result)
        result.raise_for_problem()


@task(name="plan-migration", cache_policy=NO_CACHE)
@guarded
async def plan_migration(selection: Selection, login: str) -> Plan:
    """Write down what is to be brought back, in batches."""
    clinic = depositing()
    return await asyncio.to_thread(plan, clinic.database, clinic.settings, selection, login)


@task(name="migrate", task_run_name="migrate-{batch}", **PATIENT)
@guarded
async def bring(batch: str) -> BatchResult:
    """Bring one batch back; one line in the log for each document."""
    clinic, log = depositing(), get_run_logger()
    try:
        result = await migrate_batch(
            clinic.connection,
            clinic.database,
            batch,
            # One line of the log for a group: a line costs Prefect more than a document costs us.
            progress=lambda messages, _: log.info(
                "\n".join(f"{one.document} {one.code}" for one in messages)
            ),
        )
    except (MigrationTaken, MigrationLost):
        return BatchResult(batch)  # another one brings it to an end
    attempts.get().append(result)
    result.raise_for_problem()
    return result
