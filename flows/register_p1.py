"""Register the repository in the national domain P1 (manual 1.3; its case 2.1 is cured by `start_over`).

Requires the blocks that onboard-clinic writes, and a block P1Certificates: `erepo account p1 register
--keep-only` makes it of two .p12 files. Passwords never are parameters.
"""

from typing import Annotated

from prefect import flow
from pydantic import Field

from flows.naming import run_name
from flows.reporting import report_registration
from tasks.boundary import guarded
from tasks.clinic import opened
from tasks.p1 import register, write_repository_id

Name = Annotated[str, Field(title="Połączenie / Connection", pattern="^[a-z0-9-]+$", max_length=60)]


@flow(name="register-p1", flow_run_name=run_name("register-p1"))
@guarded
async def register_p1(
    certificates: Annotated[
        str,
        Field(
            title="Blok z certyfikatami P1 / Block with the P1 certificates",
            pattern="^[a-z0-9-]+$",
            max_length=100,
        ),
    ] = "clinic",
    start_over: Annotated[bool, Field(title="Najpierw odwołaj certyfikaty / Revoke first")] = False,
    new_repository: Annotated[
        bool, Field(title="Utwórz w P1 nowe repozytorium / Have P1 make a new repository")
    ] = False,
    connection: Name = "clinic",
) -> None:
    """Hand the P1 certificates to the service and keep the repository id that P1 gives.

    May be started again at any time: what is unfinished is finished.

    Args:
        certificates: Name of the P1Certificates block.
        start_over: Revoke first: where P1 gave no id, or to replace certificates.
        new_repository: Have P1 make a new repository where it has one of ours.
        connection: Name of the clinic's blocks.
    """
    async with opened(connection):
        try:
            found = await register(certificates, start_over=start_over, new_repository=new_repository)
        finally:
            # Also where only the revocation of a fresh start was done: the block must not name the old id.
            await write_repository_id(connection)
        await report_registration(found)
