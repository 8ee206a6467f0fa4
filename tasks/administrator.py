"""After activation: the first login of the account's panel."""

import asyncio

from prefect import task

from erepo.clinic.administrator import create_administrator as make
from erepo.clinic.database import open_clinic
from erepo.settings import Settings
from tasks.boundary import guarded
from tasks.retrying import PATIENT


@task(name="create-administrator", **PATIENT)
@guarded
async def create_administrator(account: str) -> None:
    """Make the administrator of the account's panel, once; login and password lie in a file of the clinic."""
    settings = Settings()

    def work() -> None:
        database = open_clinic(settings)
        try:
            make(database, settings, account)
        finally:
            database.close()

    await asyncio.to_thread(work)
