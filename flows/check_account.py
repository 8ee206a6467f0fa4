"""Ask how the account stands, keep it, and warn before it is full (manual 1.1.2).

Requires the blocks that onboard-clinic writes. A notification block named like the parameter `notify`, of
whatever type, is used if somebody has saved one.
"""

from typing import Annotated

from prefect import flow
from prefect.client.schemas.objects import State
from pydantic import Field

from flows.account_page import report_account
from flows.naming import run_name
from tasks.account import announce, ask_account, read_report, refresh_account_block
from tasks.boundary import guarded
from tasks.clinic import not_needed, opened
from tasks.emergencies import tell_emergencies


@flow(name="check-account", flow_run_name=run_name("check-account"))
@guarded
async def check_account(
    connection: Annotated[
        str, Field(title="Połączenie / Connection", pattern="^[a-z0-9-]+$", max_length=60)
    ] = "clinic",
    notify: Annotated[
        str, Field(title="Blok powiadomień / Notification block", pattern="^[a-z0-9-]*$", max_length=100)
    ] = "erepo-alarms",
) -> State[None] | None:
    """Ask for validity and use of the account, keep the answer, and tell when it will be full.

    From 90 % of a limit on, once a crossing: an event `erepo.account.nearly-full`, and a notification. Also
    of each access to another provider's documents because a life was in danger: `erepo.emergency-access`.

    Args:
        connection: Name of the clinic's blocks.
        notify: Name of a notification block of any type; nobody is notified while there is none.
    """
    if (end := await not_needed(connection)) is not None:
        return end
    async with opened(connection):
        # First: a service that is down now must not keep anybody from hearing of it.
        await tell_emergencies(notify)
        await ask_account()
        found = await read_report()
        await report_account(found)
        await refresh_account_block(connection)
        await announce(found, notify)
    return None
