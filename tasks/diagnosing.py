"""Diagnosis: every check in one task, for they share what they look at."""

import asyncio

import httpx
from prefect import task
from prefect.cache_policies import NO_CACHE
from prefect.settings import PREFECT_API_AUTH_STRING, PREFECT_API_URL

from blocks import MailServer
from blocks.errors import BlockMissing
from blocks.loading import load
from erepo.clinic.diagnosis import Diagnosis, Ground, PrefectPlace, diagnose
from erepo.clinic.diagnosis.errors import MailNotConfigured
from erepo.clinic.diagnosis.machine_errors import CheckBroken
from erepo.clinic.mail import Mailer
from erepo.errors import ErepoError
from erepo.settings import Settings
from tasks.boundary import guarded


@task(name="diagnose", cache_policy=NO_CACHE)
@guarded
async def run_diagnosis(connection: str, test_mail: str) -> Diagnosis:
    """Run every check on the worker's machine, with the mail server of the block."""
    found = await _mail_server(connection)

    def mailer() -> Mailer:
        if isinstance(found, ErepoError):
            raise found
        return found

    ground = Ground(Settings(), _prefect(), mailer, test_mail)
    return await asyncio.to_thread(diagnose, ground)


async def _mail_server(connection: str) -> Mailer | ErepoError:
    try:
        return (await load(MailServer, connection)).mailer()
    except BlockMissing:
        return MailNotConfigured(what=f"{MailServer.get_block_type_slug()}/{connection}")
    except Exception as error:  # noqa: BLE001 — a block that cannot be read is one finding, not the end of all
        return CheckBroken(kind=type(error).__name__)


def _prefect() -> PrefectPlace | None:
    address, login = PREFECT_API_URL.value(), PREFECT_API_AUTH_STRING.value()
    if not address:
        return None
    # Prefect types it as a SecretStr, and hands it out as a plain text.
    return PrefectPlace(str(httpx.URL(address)), str(login or ""))
