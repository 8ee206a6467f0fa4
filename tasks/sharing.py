"""Consents: send one with its documents, revoke one, finish what is open. Ids and counts only."""

import asyncio
from collections.abc import Mapping, Sequence
from uuid import UUID, uuid5

from prefect import get_run_logger, runtime, task
from prefect.cache_policies import NO_CACHE

from erepo.clinic.sharing import (
    Channel,
    ConsentState,
    Recipient,
    Revocation,
    Settled,
    Shared,
    Wanted,
    deliver,
    draft,
    is_due,
    order_revocation,
    settle,
    share,
)
from erepo.clinic.sharing.errors import raise_for
from tasks.boundary import guarded
from tasks.clinic import depositing, opened_database
from tasks.events import emit
from tasks.retrying import PATIENT


@task(name="draft-for-patient", cache_policy=NO_CACHE)
@guarded
async def draft_for_patient(
    connection: str, documents: Sequence[str], validity: tuple[str, str], matter: str, login: str
) -> str:
    """Write a consent for the documents' own patient down, once for each run; return its id."""
    wanted = Wanted(documents, Recipient.patient(), *validity, matter)
    name = str(runtime.flow_run.id)
    async with opened_database(connection) as database:
        return await asyncio.to_thread(draft, database, wanted, login, name=name)


@task(name="share", task_run_name="share-{consent}", **PATIENT)
@guarded
async def send_consent(consent: str, login: str) -> Shared:
    """Archive what is missing, then give the consent; what may pass is tried again with growing delays."""
    clinic = depositing()
    done = await share(Channel.of(clinic.connection, clinic.database), consent, login)
    if done.problem is not None:
        raise_for(done.problem)
    await announce({consent: done.state})
    return done


@task(name="order-revocation", cache_policy=NO_CACHE)
@guarded
async def intend_revocation(connection: str, consent: str, login: str) -> ConsentState:
    """Write down that somebody revokes it, before anybody is asked for anything."""
    async with opened_database(connection) as database:
        return await asyncio.to_thread(order_revocation, database, consent, login)


@task(name="revoke", task_run_name="revoke-{consent}", **PATIENT)
@guarded
async def deliver_revocation(consent: str) -> Revocation:
    """Have the service end it; tried again with growing delays, and then by settle-consents."""
    clinic = depositing()
    done = await deliver(Channel.of(clinic.connection, clinic.database), consent)
    if done.problem is not None:
        raise_for(done.problem)
    await announce({consent: done.state})
    return done


@task(name="anything-open", cache_policy=NO_CACHE)
@guarded
async def anything_open(connection: str) -> bool:
    """Tell whether there is anything to do, without asking anybody else."""
    async with opened_database(connection) as database:
        return await asyncio.to_thread(is_due, database)


@task(name="settle-consents", cache_policy=NO_CACHE)
@guarded
async def settle_open() -> Settled:
    """Finish what is open; what cannot be finished now is left to the next run, and said."""
    clinic = depositing()
    done = await settle(Channel.of(clinic.connection, clinic.database))
    if done.problem is not None:
        get_run_logger().warning("%d left open: %s", done.open, done.problem.code)
    await announce(done.consents)
    return done


async def announce(consents: Mapping[str, str]) -> None:
    """Tell Prefect's automations which consents came into which state; told again, it is the same event."""
    for consent, state in consents.items():
        facts = {"consent": consent, "state": str(state)}
        await emit(f"erepo.consent.{state}", f"erepo.consent.{consent}", facts, uuid5(UUID(consent), state))
