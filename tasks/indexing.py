"""Indexing in P1: what is due, how it stands, and whoever has to know told."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta

from prefect import get_run_logger, task
from prefect.cache_policies import NO_CACHE

from erepo.clinic.content import ContentStore
from erepo.clinic.indexing import (
    Choice,
    Report,
    RunResult,
    acting_as,
    ask,
    default_login,
    look,
    mark_told,
    report,
    run,
    untold,
)
from erepo.clinic.indexing.alarms import EVENT
from erepo.clinic.rest.speaking import account_client
from erepo.clinic.tables import now
from erepo.errors import ErepoError
from tasks.boundary import guarded
from tasks.clinic import Clinic, current
from tasks.events import emit


def _warn(clinic: Clinic) -> timedelta:
    return timedelta(hours=clinic.settings.indexing.warn_hours)


@task(name="order-indexes", cache_policy=NO_CACHE)
@guarded
async def order_indexes(ids: Sequence[str], login: str) -> None:
    """Put documents on the list that a person wants indexed, or indexed again."""
    clinic = current()

    def work() -> None:
        with clinic.database.begin() as connection:
            ask(connection, ContentStore.at(clinic.settings), ids, login or default_login(connection))

    await asyncio.to_thread(work)


@task(name="index-due", cache_policy=NO_CACHE)
@guarded
async def index_due(choice: Choice, login: str) -> RunResult:
    """Withdraw and index what is due; what stopped it early is in the result, for the page comes first.

    Not tried again by Prefect: an outage has a pause of its own, and the schedule returns soon.
    """
    clinic = current()

    def work() -> RunResult:
        with clinic.database.read() as connection:
            cloud = acting_as(connection, clinic.connection, login)
            actor = login or default_login(connection)
        with account_client(cloud) as client:
            return run(client, clinic.database, clinic.settings, cloud.account, choice, actor=actor)

    result = await asyncio.to_thread(work)
    if result.problem is not None:
        get_run_logger().warning("ended early: %s", result.problem.code)
    return result


@task(name="look-at-indexes", cache_policy=NO_CACHE)
@guarded
async def look_at_indexes(choice: Choice) -> int:
    """Count what a run would take now; nothing is sent. Where the account cannot index: none."""
    clinic = current()
    account = clinic.connection.account
    try:
        return len(await asyncio.to_thread(look, clinic.database, clinic.settings, account, choice, now()))
    except ErepoError as error:
        get_run_logger().warning("nothing can be indexed: %s", error.code)
        return 0


@task(name="read-index-report", cache_policy=NO_CACHE)
@guarded
async def read_index_report() -> Report:
    """Read how indexing stands from the clinic's own tables."""
    clinic = current()

    def work() -> Report:
        with clinic.database.read() as connection:
            return report(connection, clinic.connection.account, now(), _warn(clinic))

    return await asyncio.to_thread(work)


@task(name="announce-deadlines", cache_policy=NO_CACHE)
@guarded
async def announce_deadlines() -> int:
    """Tell Prefect, by one event for the account, which deadlines come near or have passed; return how many.

    Written down after telling: after a crash people are told twice rather than never. The event bears a
    number made from the documents, so that Prefect itself knows it again.
    """
    clinic, at = current(), now()
    with clinic.database.read() as connection:
        found = untold(connection, at, _warn(clinic))
    if found is None:
        return 0
    account = clinic.connection.account
    facts = {
        "account": account,
        "near": len(found.near),
        "late": len(found.late),
        "first_deadline": found.first.isoformat() if found.first else "",
    }
    await emit(EVENT, f"erepo.account.{account}", facts, found.number)
    with clinic.database.begin() as connection:
        mark_told(connection, found, at)
    return len(found.near) + len(found.late)
