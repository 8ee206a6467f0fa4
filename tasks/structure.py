"""The provider's structure, sent when it has changed."""

import asyncio

from prefect import task

from erepo.clinic import structure_sync
from erepo.clinic.errors import StructureIncomplete
from erepo.clinic.rest.speaking import account_client
from erepo.clinic.structure_sync import Sent
from tasks.boundary import guarded
from tasks.clinic import current
from tasks.retrying import PATIENT


@task(name="send-structure", **PATIENT)
@guarded
async def send_structure(*, always: bool = False) -> Sent:
    """Send the structure unless the service has it already."""
    clinic = current()

    def work() -> Sent:
        with account_client(clinic.connection) as client:
            return structure_sync.send_structure(
                client, clinic.database, clinic.connection.account, always=always
            )

    return await asyncio.to_thread(work)


@task(name="introduce-structure", **PATIENT)
@guarded
async def introduce_structure() -> Sent | None:
    """Send the structure of an account that has just become active.

    Returns:
        What was sent; None while a code or the archiving user is missing: archiving says which, and
        sync-structure sends the structure once it is complete.
    """
    if current().connection.actor is None:
        return None
    try:
        return await send_structure.fn()
    except StructureIncomplete:
        return None
