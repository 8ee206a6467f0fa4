"""Look after Prefect's runs: end the dead, free their slots, tell the late ones (design 6).

Requires nothing. It knows nothing of yesterday: each run judges by the current state alone.
"""

from prefect import flow

from flows.naming import run_name
from flows.reporting_runs import report_watching
from tasks.boundary import guarded
from tasks.watching import watch


@flow(name="watch-runs", flow_run_name=run_name("watch-runs"))
@guarded
async def watch_runs() -> None:
    """End runs whose process is gone, free slots that nobody holds, and tell runs that are late.

    A run whose process is alive is never ended.
    """
    await report_watching(await watch())
