"""After activation: the first login of the account's panel."""

import asyncio

from prefect import get_run_logger, task

from erepo.clinic.administrator import create_administrator as make
from erepo.clinic.administrator import is_there_already
from erepo.clinic.database import open_clinic
from erepo.clinic.rest.errors import ServiceRefusal
from erepo.settings import Settings
from erepo.texts import language
from tasks.boundary import guarded
from tasks.retrying import PATIENT


@task(name="create-administrator", **PATIENT)
@guarded
async def create_administrator(account: str) -> None:
    """Make the administrator of the account's panel, once; login and password lie in a file of the clinic.

    Another administrator, of an account that came here with its keys, stays; the log says so.
    """
    settings = Settings()

    def work() -> None:
        database = open_clinic(settings)
        try:
            make(database, settings, account)
        finally:
            database.close()

    try:
        await asyncio.to_thread(work)
    except ServiceRefusal as refusal:
        if not is_there_already(refusal):
            raise
        get_run_logger().warning("%s", " ".join(refusal.explain(language())))
