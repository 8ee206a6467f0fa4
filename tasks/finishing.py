"""Finishing: deletions and destructions that a person has ordered and something has interrupted."""

from prefect import get_run_logger, task
from prefect.cache_policies import NO_CACHE

from erepo.clinic.finishing import Finished, finish_interrupted
from tasks.boundary import guarded
from tasks.clinic import depositing


@task(name="finish-orders", cache_policy=NO_CACHE)
@guarded
async def finish_orders() -> Finished:
    """Finish what was interrupted; what cannot be finished now is left to the next run, and said."""
    clinic = depositing()
    done = await finish_interrupted(clinic.connection, clinic.database)
    if done.problem is not None:
        get_run_logger().warning("%d left open: %s", done.open, done.problem.code)
    return done
