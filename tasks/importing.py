"""Taking documents in from the drop folder."""

import asyncio

from prefect import task
from prefect.cache_policies import NO_CACHE

from erepo.clinic.database import Database
from erepo.clinic.intake import Intake, Summary, finished_files
from erepo.clinic.occupancy import CLOUD, active_kind
from erepo.clinic.patients_own import Collected, Collector, collect
from erepo.clinic.rest.speaking import account_client
from erepo.settings import Settings
from tasks.boundary import guarded, only_retryable
from tasks.clinic import current, opened, opened_database
from tasks.retrying import PATIENT


@task(
    name="take-in",
    retries=2,
    retry_delay_seconds=[2, 8],
    retry_jitter_factor=0.5,
    retry_condition_fn=only_retryable,
    cache_policy=NO_CACHE,
)
@guarded
async def take_in(connection: str, quiet_seconds: int, delete_taken: bool) -> Summary:
    """Take in every finished file of the drop folder; a refused one stays where it is."""
    settings = Settings()
    async with opened_database(connection) as database:
        return await asyncio.to_thread(_take_in, database, settings, quiet_seconds, delete_taken)


def _take_in(database: Database, settings: Settings, quiet_seconds: int, delete_taken: bool) -> Summary:
    database.upgrade()
    files = finished_files(settings.inbox, quiet_seconds)
    return Intake.at(database, settings).take_folder(files, delete_source=delete_taken)


@task(name="collect-patients-own", **PATIENT)
@guarded
async def collect_own(connection: str) -> Collected | None:
    """Collect what patients gave through the service; None where the cloud is not in use."""
    async with opened_database(connection) as database:
        with database.read() as reading:
            if active_kind(reading) != CLOUD:
                return None
    async with opened(connection):
        return await asyncio.to_thread(_collect)


def _collect() -> Collected:
    clinic = current()
    with account_client(clinic.connection) as client:
        return collect(Collector(client, clinic.connection.account, clinic.database, clinic.settings))
