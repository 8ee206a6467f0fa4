"""How tasks that talk to others try again."""

from typing import Any

from prefect.cache_policies import NO_CACHE
from prefect.tasks import exponential_backoff

from tasks.boundary import only_retryable

#: Seconds before each new attempt.
DELAYS = exponential_backoff(backoff_factor=2)(4)

#: Options of `@task`: 2, 4, 8 and 16 seconds, each up to half longer, so that clinics do not all return at
#: once after an outage; only for errors that say of themselves that trying again can help.
PATIENT: dict[str, Any] = {
    "retries": len(DELAYS),
    "retry_delay_seconds": DELAYS,
    "retry_jitter_factor": 0.5,
    "retry_condition_fn": only_retryable,
    "cache_policy": NO_CACHE,
}
