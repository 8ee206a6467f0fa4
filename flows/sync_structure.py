"""Tell the service about the provider's structure, when it has changed (manual 1.1.4).

Requires the blocks that onboard-clinic writes, and a complete structure in the clinic's database.
"""

from typing import Annotated

from prefect import flow
from prefect.client.schemas.objects import State
from pydantic import Field

from flows.naming import run_name
from flows.reporting import report_structure
from tasks.boundary import guarded
from tasks.clinic import not_needed, opened
from tasks.structure import send_structure


@flow(name="sync-structure", flow_run_name=run_name("sync-structure"))
@guarded
async def sync_structure(
    connection: Annotated[
        str, Field(title="Połączenie / Connection", pattern="^[a-z0-9-]+$", max_length=60)
    ] = "clinic",
    always: Annotated[bool, Field(title="Wyślij w każdym przypadku / Send it in any case")] = False,
) -> State[None] | None:
    """Send provider, units and cells with their resort codes, if they have changed since last time.

    Args:
        connection: Name of the clinic's blocks.
        always: Send them also if nothing has changed, say, after the service came back from a backup.
    """
    if (end := await not_needed(connection)) is not None:
        return end
    async with opened(connection):
        await report_structure(await send_structure(always=always))
    return None
