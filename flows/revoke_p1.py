"""Take the registration in the national domain P1 back (manual 1.3): needed before certificates are replaced.

Requires the blocks that onboard-clinic writes. The block P1Certificates is left as it is.
"""

from typing import Annotated

from prefect import flow
from pydantic import Field

from flows.naming import run_name
from tasks.boundary import guarded
from tasks.clinic import opened
from tasks.p1 import revoke, write_repository_id


@flow(name="revoke-p1", flow_run_name=run_name("revoke-p1"))
@guarded
async def revoke_p1(
    connection: Annotated[
        str, Field(title="Połączenie / Connection", pattern="^[a-z0-9-]+$", max_length=60)
    ] = "clinic",
) -> None:
    """Have the service forget the P1 certificates, and stop using the repository id. May be repeated.

    Args:
        connection: Name of the clinic's blocks.
    """
    async with opened(connection):
        await revoke()
        await write_repository_id(connection)
