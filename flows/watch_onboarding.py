"""Look after the accounts whose certificates are awaited: their mailbox, their suspended runs, the office.

A run of onboard-clinic that waits has no process. This flow looks into its mailbox, wakes it when something
came, and reminds the office. Once more or less changes nothing: all it knows stands in the ledger.
"""

from typing import Annotated

from prefect import flow
from pydantic import Field

from flows.naming import run_name
from tasks.boundary import guarded
from tasks.waiting import waiting_accounts, watch_account


@flow(name="watch-onboarding", flow_run_name=run_name("watch-onboarding"))
@guarded
async def watch_onboarding(
    remind_days: Annotated[
        float, Field(title="Przypomnij biuru po (dni) / Remind the office after, days", gt=0, le=90)
    ] = 3,
) -> None:
    """Look for certificates that are awaited, wake the runs that wait for them, and remind the office.

    Args:
        remind_days: Write to the office again after so many days without an answer, and again after as many.
    """
    for account in await waiting_accounts():
        await watch_account(account, remind_days)
