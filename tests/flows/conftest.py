"""A clinic of its own per test, with the real service behind it and a Prefect server beside it."""

import gc
from collections.abc import Iterator
from pathlib import Path

import pytest
import pytest_asyncio
from pydantic import SecretStr

from blocks import ClinicDatabase, CloudAccount, TenantCertificates
from erepo.cli.demo_clinic import prepare
from erepo.clinic.account import adopt_credentials, load_connection
from erepo.clinic.database import open_clinic
from erepo.clinic.onboarding.activation import active_account
from erepo.settings import Settings
from tasks import archiving, onboarding, publishing, purging
from tests.support.cloud import RunningCloud, running_cloud
from tests.support.flow_clinic import ClinicUnderTest
from tests.support.prefect import prefect_server


@pytest.fixture(autouse=True)
def prefects_leftovers() -> Iterator[None]:
    """Collect Prefect's forgotten connections here, where they are excused, not in somebody else's test."""
    yield
    gc.collect()


@pytest.fixture(scope="session")
def prefect_database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Run one Prefect server for all flow tests; never by itself, for it costs ten seconds."""
    with prefect_server(tmp_path_factory.mktemp("prefect")) as database:
        yield database


@pytest.fixture
def cloud(tmp_path: Path) -> Iterator[RunningCloud]:
    """Run a service with one active account."""
    with running_cloud(tmp_path / "service") as one:
        yield one


@pytest.fixture
def clinic(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ClinicUnderTest]:
    """Give an empty clinic that the settings of this process lead to."""
    monkeypatch.setenv("EREPO_HOME", str(tmp_path / "clinic"))
    monkeypatch.setenv("EREPO_KEY_PASSPHRASE", "a passphrase of the tests")
    monkeypatch.setenv("EREPO_LANGUAGE", "en")
    settings = Settings()
    database = open_clinic(settings)
    prepare(database)
    yield ClinicUnderTest(settings, database)
    database.close()


@pytest_asyncio.fixture(loop_scope="session")
async def connected(clinic: ClinicUnderTest, cloud: RunningCloud, prefect_database: Path) -> ClinicUnderTest:
    """Give a clinic whose account is active and whose blocks are written."""
    account = adopt_credentials(clinic.database, clinic.settings, cloud.tenant.folder)
    keys = load_connection(clinic.database, clinic.settings)
    certificates = TenantCertificates.of(account, keys.tls, keys.wss, clinic.settings.passphrase)
    await publishing.save_blocks(
        "clinic", clinic.settings, active_account(clinic.database, account), certificates
    )
    return clinic


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let tasks try again at once."""
    for one in (
        archiving.send,
        archiving.settle_open_submissions,
        purging.purge,
        onboarding.mail_requests,
        onboarding.activate,
    ):
        monkeypatch.setattr(one, "retry_delay_seconds", [0] * one.retries)
        monkeypatch.setattr(one, "retry_jitter_factor", None)


@pytest_asyncio.fixture(loop_scope="session")
async def database_only(clinic: ClinicUnderTest, prefect_database: Path) -> ClinicUnderTest:
    """Give a clinic that has its database's block and no account."""
    block = ClinicDatabase(url=SecretStr(clinic.settings.clinic_url))
    await block.asave("clinic", overwrite=True)
    assert CloudAccount.get_block_type_slug() == "erepo-cloud-account"
    return clinic
