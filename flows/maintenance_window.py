"""Pause everything that deposits while the service is worked on, and let it go on by itself (manual 2.7).

Requires the block ClinicDatabase. What deposits bears the tag `deposits` in `deployments/prefect.yaml`. The
clinic's own table says when; this flow brings Prefect into line with it, so it may run again at any moment.
"""

from typing import Annotated, Literal

from prefect import flow
from pydantic import Field

from flows.naming import run_name
from tasks.boundary import guarded
from tasks.maintenance import come_back, pause_or_resume, set_window

#: As people in Poland write it; a date picker would need an `Optional`, which Prefect's form cannot show.
TIME = r"^([0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2})?$"


@flow(name="maintenance-window", flow_run_name=run_name("maintenance"))
@guarded
async def maintenance_window(
    action: Annotated[Literal["start", "end", "apply"], Field(title="Czynność / What to do")] = "apply",
    until: Annotated[str, Field(title="Koniec przerwy / End of the pause", pattern=TIME)] = "",
    begin: Annotated[str, Field(title="Początek przerwy / Beginning of the pause", pattern=TIME)] = "",
    connection: Annotated[
        str, Field(title="Połączenie / Connection", pattern="^[a-z0-9-]+$", max_length=60)
    ] = "clinic",
) -> None:
    """Start or end a pause of everything that deposits, or bring the schedules into line with it.

    Batches in hand are finished, none is begun inside the pause. Schedules that people had paused stay so.

    Args:
        action: start, end, or apply what the clinic's table says.
        until: End of the pause, for start, as 2026-11-30 06:00, Polish time.
        begin: Beginning of the pause, for start, written the same way; empty is now.
        connection: Name of the clinic's blocks.
    """
    await set_window(connection, action, begin, until)
    await pause_or_resume(connection)
    await come_back(connection)
