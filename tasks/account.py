"""The account: asked, kept, and whoever has to know told."""

import asyncio
from datetime import timedelta

from prefect import task
from prefect.cache_policies import NO_CACHE
from prefect.events import Event, Resource
from prefect.events.clients import get_events_client

from blocks import CloudAccount
from blocks.loading import load
from erepo.clinic.p1 import registration
from erepo.clinic.rest.speaking import account_client
from erepo.clinic.usage import Report, ask, report
from erepo.clinic.usage.alarms import EVENT, Alarm, mark_event, mark_notified
from erepo.clinic.usage.words import warning
from erepo.texts import Text, language
from tasks.boundary import guarded
from tasks.clinic import current
from tasks.notifying import find_notifier
from tasks.retrying import PATIENT

#: What the page of a run shows.
SHOWN = timedelta(days=90)
_SUBJECT = Text("erepo: the account is nearly full", "erepo: limit konta jest prawie wyczerpany")


@task(name="ask-account", **PATIENT)
@guarded
async def ask_account() -> None:
    """Ask the service for the account's state and keep it."""
    clinic = current()

    def work() -> None:
        with account_client(clinic.connection) as client:
            ask(client, clinic.database)

    await asyncio.to_thread(work)


@task(name="read-report", cache_policy=NO_CACHE)
@guarded
async def read_report() -> Report:
    """Read what is known of the account from the clinic's own tables."""
    clinic = current()
    return await asyncio.to_thread(report, clinic.database, clinic.connection.account, SHOWN)


@task(name="announce", **PATIENT)
@guarded
async def announce(found: Report, notifier: str) -> None:
    """Tell Prefect (an event) and people (a notification) of each crossing, once.

    Written down after telling: after a crash somebody is told twice rather than never. The event bears the
    crossing's own id, so that Prefect itself knows it again.
    """
    database, block = current().database, await find_notifier(notifier)
    for alarm in found.alarms:
        if alarm.event_at is None:
            await _emit(alarm, found)
            with database.begin() as connection:
                mark_event(connection, alarm)
        if alarm.notified_at is None and block is not None:
            speak = language()
            await block.notify(warning(found.check, alarm.resource, speak), _SUBJECT.fill(speak))
            with database.begin() as connection:
                mark_notified(connection, alarm)


async def _emit(alarm: Alarm, found: Report) -> None:
    check = found.check
    full = next(one for one in found.forecasts if one.resource == alarm.resource)
    event = Event(
        id=alarm.event_id,
        occurred=alarm.raised_at,
        event=EVENT,
        resource=Resource.model_validate({"prefect.resource.id": f"erepo.account.{alarm.account}"}),
        payload={
            "account": alarm.account,
            "resource": alarm.resource,
            "percent": alarm.percent,
            "used": check.used(alarm.resource),
            "limit": check.limit(alarm.resource),
            "full_at": full.full_at.isoformat() if full.full_at else None,
        },
    )
    # Sent and confirmed here: what waits in Prefect's own queue is lost with the process.
    async with get_events_client(checkpoint_every=1) as client:
        await client.emit(event)


@task(name="refresh-account-block", **PATIENT)
@guarded
async def refresh_account_block(name: str) -> None:
    """Bring validity, limits and the id in P1 in the block CloudAccount into line with our own tables."""
    clinic = current()
    block = await load(CloudAccount, name)
    found = await asyncio.to_thread(report, clinic.database, block.account)
    known = await asyncio.to_thread(registration, clinic.database, block.account)
    until = found.check.valid_until
    changed = block.model_copy(
        update={
            "valid_until": until.isoformat() if until else "",
            "limit_bytes": found.check.limit_bytes or 0,
            "limit_documents": found.check.limit_documents or 0,
            "p1_repository_unique_id": known.repository_unique_id if known else "",
        }
    )
    if changed.model_dump() != block.model_dump():
        await changed.asave(name, overwrite=True)
