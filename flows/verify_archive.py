"""Read back tonight's share of the archive, so that every document is checked within a set number of days.

Requires the blocks that onboard-clinic writes, and the passphrase of the keys in the worker's surroundings;
where the eArchiwum is in use, the block ClinicDatabase alone.
"""

from typing import Annotated

from prefect import flow
from pydantic import Field

from erepo.clinic.verifying.errors import ArchiveDiffers
from flows.naming import run_name
from flows.verifying_page import report_night
from tasks.boundary import guarded
from tasks.clinic import opened_repository
from tasks.finishing import finish_orders
from tasks.verifying import announce_differences, open_repairs, verify_share


@flow(name="verify-archive", flow_run_name=run_name("verify"))
@guarded
async def verify_archive(
    connection: Annotated[
        str, Field(title="Połączenie / Connection", pattern="^[a-z0-9-]+$", max_length=60)
    ] = "clinic",
    notify: Annotated[
        str, Field(title="Blok powiadomień / Notification block", pattern="^[a-z0-9-]*$", max_length=100)
    ] = "erepo-alarms",
) -> None:
    """Compare a share of the archive with the registry, fetch it and hash it; the longest unchecked first.

    Differences become events `erepo.archive.difference`, a notification, and rows of the repair plan. The run
    ends Failed while the plan is not empty: nothing that is missing or damaged stays unnoticed.

    Args:
        connection: Name of the clinic's blocks.
        notify: Name of a notification block of any type; nobody is notified while there is none.
    """
    async with opened_repository(connection):
        problem: Exception | None = None
        night = None
        try:
            night = await verify_share()
        except Exception as error:  # noqa: BLE001 — what was found before is told first
            problem = error
        await finish_orders()
        found = await open_repairs()
        await report_night(night, found, problem)
        await announce_differences(notify)
    if problem is not None:
        raise problem
    if found:
        raise ArchiveDiffers(open=len(found), lost=sum(1 for one in found if one.action == "no-copy"))
