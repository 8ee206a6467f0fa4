"""Write what onboarding found out into Prefect's blocks, where other runs and people find it."""

import asyncio

from prefect import task
from pydantic import SecretStr

from blocks import ClinicDatabase, CloudAccount, TenantCertificates
from erepo.clinic.database import open_clinic
from erepo.clinic.onboarding import Bundles, bundles
from erepo.clinic.onboarding.activation import Account, active_account
from erepo.clinic.p1 import registration
from erepo.settings import Settings
from tasks.boundary import guarded
from tasks.retrying import PATIENT


@task(name="write-blocks", **PATIENT)
@guarded
async def write_blocks(account: str, name: str) -> None:
    """Save the blocks of an active account under one name."""
    settings = Settings()
    facts, opened, repository = await asyncio.to_thread(_read, settings, account)
    certificates = TenantCertificates.of(account, opened.tls, opened.wss, settings.passphrase)
    await save_blocks(name, settings, facts, certificates, repository)


def _read(settings: Settings, account: str) -> tuple[Account, Bundles, str]:
    database = open_clinic(settings)
    try:
        known = registration(database, account)
        repository = known.repository_unique_id if known else ""
        return (
            active_account(database, account),
            bundles(database, account, settings.passphrase),
            repository,
        )
    finally:
        database.close()


async def save_blocks(
    name: str,
    settings: Settings,
    facts: Account,
    certificates: TenantCertificates,
    repository: str = "",
) -> None:
    """Save the blocks of an account.

    The certificates are a block of their own per generation and are saved first: so the account's block,
    which names the generation in use, never points to nothing, and old generations stay until somebody
    removes them.

    Args:
        name: to save them under.
        settings: of this installation.
        facts: of the account.
        certificates: the generation in use.
        repository: id that P1 gave the repository; empty: not registered there.
    """
    await certificates.asave(certificates.generation, overwrite=True)
    await ClinicDatabase(url=SecretStr(settings.clinic_url)).asave(name, overwrite=True)
    block = CloudAccount(
        account=facts.account,
        certificates=certificates.generation,
        service_url=facts.service_url,
        registry_url=facts.registry_url,
        repository_url=facts.repository_url,
        repository_unique_id=facts.repository_unique_id,
        home_community_id=facts.home_community_id,
        source_id=facts.source_id,
        service_authority=facts.trust_pem,
        service_signer=facts.service_signer,
        valid_until=facts.valid_until.isoformat() if facts.valid_until else "",
        limit_bytes=facts.limit_bytes or 0,
        limit_documents=facts.limit_documents or 0,
        p1_repository_unique_id=repository,
    )
    await block.asave(name, overwrite=True)
