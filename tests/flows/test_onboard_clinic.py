"""The flow onboard-clinic: real mail to the real office, real certificates, the real service."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import sqlalchemy as sa

from blocks import ClinicDatabase, CloudAccount, MailServer, TenantCertificates
from blocks.errors import BlockMissing
from blocks.loading import load
from erepo.clinic.administrator import login_file
from erepo.clinic.mail.errors import MailUnavailable
from erepo.clinic.onboarding.errors import CertificatesAwaited, OtherRepositoryActive
from erepo.clinic.tables import onboarding
from erepo.pki.tls import client_context
from flows.onboard_clinic import onboard_clinic
from tests.support.cloud import RunningCloud, free_port
from tests.support.flow_clinic import PREFECT, ClinicUnderTest
from tests.support.office import CLINIC, RunningOffice, running_office
from tests.support.panel import Person

pytestmark = PREFECT

ACCOUNT = "0000000000002006"


@pytest.fixture
def office(tmp_path: Path, cloud: RunningCloud) -> Iterator[RunningOffice]:
    """Run an office that the service trusts, and order an account."""
    with running_office(tmp_path, service_ca=cloud.ca.read_bytes()) as one:
        # The way `erepo up` does it: whom to trust is settled before the service starts.
        cloud.stop()
        cloud.home.add_trust(one.authority_pem)
        cloud.start()
        cloud.order(ACCOUNT)
        yield one


@pytest.fixture
def form(office: RunningOffice, cloud: RunningCloud, request: pytest.FixtureRequest) -> dict[str, Any]:
    """Fill the form in, with a connection of this test's own."""
    name = request.node.name.replace("_", "-")[:50]
    return {
        "account": ACCOUNT,
        "sender": CLINIC,
        "smtp_host": "127.0.0.1",
        "smtp_port": office.port,
        "reply_folder": str(office.mailbox().folder),
        "service": cloud.url,
        "connection": name,
    }


def ledger(clinic: ClinicUnderTest) -> sa.Row[Any]:
    """Return how far the account has come."""
    with clinic.database.read() as connection:
        return connection.execute(sa.select(onboarding)).one()


async def test_the_whole_way(
    clinic: ClinicUnderTest, cloud: RunningCloud, form: dict[str, Any], prefect_database: object
) -> None:
    """From a number to an active account, its four blocks, and a login that opens its panel."""
    await onboard_clinic(**form)
    name = form["connection"]
    account = await load(CloudAccount, name)
    certificates = await load(TenantCertificates, account.certificates)
    bundle = certificates.tls(clinic.settings.passphrase)
    assert account.account == ACCOUNT
    assert bundle.subject_account == ACCOUNT
    assert (await load(ClinicDatabase, name)).url.get_secret_value() == clinic.settings.clinic_url
    assert (await load(MailServer, name)).sender == CLINIC
    assert ledger(clinic).state == "active"
    login, _, password = login_file(clinic.settings, ACCOUNT).read_text().strip().partition(":")
    async with httpx.AsyncClient(
        verify=client_context(bundle, cloud.ca.read_bytes()), trust_env=False, timeout=60
    ) as http:
        entered = await Person(http, f"{cloud.url}/services/{ACCOUNT}/app").log_in(login, password)
    assert entered.status_code == 303


async def test_where_another_repository_is_in_use_nothing_is_written(
    connected: ClinicUnderTest, form: dict[str, Any], prefect_database: object
) -> None:
    """Refused with the command that switches, before the mail server's block is written."""
    with pytest.raises(OtherRepositoryActive, match="erepo repositories use"):
        await onboard_clinic(**form)
    with pytest.raises(BlockMissing):
        await load(MailServer, form["connection"])


async def test_a_second_run_repeats_nothing(
    clinic: ClinicUnderTest, form: dict[str, Any], office: RunningOffice, prefect_database: object
) -> None:
    """One mail, one pair of keys, however often it is started."""
    await onboard_clinic(**form)
    before = ledger(clinic)
    await onboard_clinic(**form)
    after = ledger(clinic)
    assert office.answers() == 1
    assert (after.tls_key_pem, after.mailed_at) == (before.tls_key_pem, before.mailed_at)


async def test_it_goes_on_where_the_mail_server_stopped_it(
    clinic: ClinicUnderTest,
    form: dict[str, Any],
    office: RunningOffice,
    impatient: None,
    prefect_database: object,
) -> None:
    """Keys made before the failure are the ones that are certified after it."""
    with pytest.raises(MailUnavailable):
        await onboard_clinic(**{**form, "smtp_port": free_port()})
    keys = ledger(clinic).tls_key_pem
    await onboard_clinic(**form)
    assert ledger(clinic).tls_key_pem == keys
    assert ledger(clinic).state == "active"


async def test_waiting_has_an_end_and_can_go_on(
    clinic: ClinicUnderTest, form: dict[str, Any], tmp_path: Path, prefect_database: object
) -> None:
    """A silent office ends the run with words; the next run finds the answer without a new mail."""
    empty = tmp_path / "empty"
    (empty / "new").mkdir(parents=True)
    with pytest.raises(CertificatesAwaited):
        await onboard_clinic(**{**form, "reply_folder": str(empty), "wait_minutes": 0})
    mailed = ledger(clinic).mailed_at
    await onboard_clinic(**form)
    assert ledger(clinic).mailed_at == mailed
