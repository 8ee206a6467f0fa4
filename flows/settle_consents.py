"""Finish what is open with consents: half-sent ones, unconfirmed revocations, times that are over.

Requires the blocks that onboard-clinic writes, and the passphrase of the keys in the worker's surroundings.
"""

from typing import Annotated

from prefect import flow
from pydantic import Field

from erepo.clinic.sharing.errors import raise_for
from flows.naming import run_name
from flows.sharing_page import report_settled
from tasks.boundary import guarded
from tasks.clinic import opened_repository
from tasks.sharing import anything_open, settle_open


@flow(name="settle-consents", flow_run_name=run_name("settle-consents"))
@guarded
async def settle_consents(
    connection: Annotated[
        str, Field(title="Połączenie / Connection", pattern="^[a-z0-9-]+$", max_length=60)
    ] = "clinic",
) -> None:
    """Bring consents and revocations to their end that something has interrupted; revocations first.

    Where nothing is open, nobody is asked for anything. Ends Failed while something cannot be finished.

    Args:
        connection: Name of the clinic's blocks.
    """
    if not await anything_open(connection):
        return
    async with opened_repository(connection):
        done = await settle_open()
    await report_settled(done)
    if done.problem is not None:
        raise_for(done.problem)
