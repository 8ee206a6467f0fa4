"""Names of runs: what and when, never whose."""

from collections.abc import Callable
from datetime import UTC, datetime

from prefect import runtime


def run_name(what: str) -> Callable[[], str]:
    """Return a namer giving `what-2026-11-23-021500` by the time a run was scheduled for (UTC)."""

    def name() -> str:
        scheduled = runtime.flow_run.scheduled_start_time or datetime.now(UTC)
        return f"{what}-{scheduled:%Y-%m-%d-%H%M%S}"

    return name
