"""Registration in the national domain; keys are opened here and never leave as an argument or a result."""

import asyncio

from prefect import task
from prefect.cache_policies import NO_CACHE

from blocks import CloudAccount, P1Certificates
from blocks.loading import load
from erepo.clinic import p1
from erepo.clinic.rest.speaking import account_client
from tasks.boundary import guarded
from tasks.clinic import current
from tasks.retrying import PATIENT


@task(name="register-p1", **PATIENT)
@guarded
async def register(certificates: str, *, start_over: bool, new_repository: bool) -> p1.Registration:
    """Hand both certificates of a block to the service; it registers the repository and tells the id."""
    clinic, block = current(), await load(P1Certificates, certificates)
    passphrase = clinic.settings.passphrase

    def work() -> p1.Registration:
        pair = p1.Pair(block.tls(passphrase), block.wss(passphrase))
        p1.check_authority(pair, clinic.settings)
        with account_client(clinic.connection) as client:
            return p1.register(
                client,
                clinic.database,
                clinic.connection.account,
                pair,
                start_over=start_over,
                force_new=new_repository,
            )

    return await asyncio.to_thread(work)


@task(name="revoke-p1", **PATIENT)
@guarded
async def revoke() -> None:
    """Have the service forget the certificates."""
    clinic = current()

    def work() -> None:
        with account_client(clinic.connection) as client:
            p1.revoke(client, clinic.database, clinic.connection.account)

    await asyncio.to_thread(work)


@task(name="write-repository-id", cache_policy=NO_CACHE)
@guarded
async def write_repository_id(name: str) -> None:
    """Put the id that our own table holds into the block CloudAccount."""
    clinic = current()
    block = await load(CloudAccount, name)
    known = await asyncio.to_thread(p1.registration, clinic.database, block.account)
    wanted = known.repository_unique_id if known else ""
    if block.p1_repository_unique_id != wanted:
        changed = block.model_copy(update={"p1_repository_unique_id": wanted})
        await changed.asave(name, overwrite=True)
