"""check-account, sync-structure, register-p1 and revoke-p1 in a real Prefect server."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import pytest_asyncio
from prefect.blocks.notifications import CustomWebhookNotificationBlock
from prefect.client.orchestration import get_client
from prefect.settings import PREFECT_API_URL
from typer.testing import CliRunner

from blocks import CloudAccount, P1Certificates, TenantCertificates
from blocks.loading import load
from erepo.cli import account_p1
from erepo.cli.root import app
from erepo.cli.trigger import Prefect
from erepo.clinic.account import adopt_credentials, load_connection
from erepo.clinic.onboarding.activation import active_account
from erepo.clinic.p1.errors import P1CertificatesPresent, P1IdMissing
from erepo.clinic.usage.alarms import EVENT
from erepo.clinic.usage.history import Check, keep
from flows.check_account import check_account
from flows.register_p1 import register_p1
from flows.revoke_p1 import revoke_p1
from flows.sync_structure import sync_structure
from tasks import account, p1, publishing
from tests.flows.test_import_documents import newest
from tests.support.cloud import RunningCloud
from tests.support.flow_clinic import PREFECT, ClinicUnderTest
from tests.support.p1_files import TLS_PASSWORD, WSS_PASSWORD, P1Files, make_p1_files
from tests.support.prefect import written
from tests.support.service_double import REPOSITORY, ServiceDouble, running_double
from tests.support.webhook import Webhook, running_webhook

pytestmark = PREFECT


@pytest.fixture
def double(tmp_path: Path) -> Iterator[ServiceDouble]:
    """What stands for the account's REST services."""
    with running_double(tmp_path / "credentials") as one:
        yield one


@pytest.fixture
def webhook() -> Iterator[Webhook]:
    """Somebody who takes notifications."""
    with running_webhook() as one:
        yield one


@pytest_asyncio.fixture(loop_scope="session")
async def served(
    clinic: ClinicUnderTest, double: ServiceDouble, prefect_database: Path, monkeypatch: pytest.MonkeyPatch
) -> ClinicUnderTest:
    """A clinic whose account the double serves, with its blocks."""
    number = adopt_credentials(clinic.database, clinic.settings, double.credentials.folder)
    keys = load_connection(clinic.database, clinic.settings)
    certificates = TenantCertificates.of(number, keys.tls, keys.wss, clinic.settings.passphrase)
    facts = active_account(clinic.database, number)
    await publishing.save_blocks("clinic", clinic.settings, facts, certificates)
    for one in (account.announce, p1.register):
        monkeypatch.setattr(one, "retry_delay_seconds", [0] * one.retries)
        monkeypatch.setattr(one, "retry_jitter_factor", None)
    return clinic


async def keep_p1(clinic: ClinicUnderTest, files: P1Files, name: str = "p1") -> None:
    """Save a P1Certificates block."""
    block = P1Certificates.of("000000927722", files.tls_bundle, files.wss_bundle, clinic.settings.passphrase)
    await block.asave(name, overwrite=True)


async def events(number: str) -> list[dict[str, object]]:
    """Return the payloads of our event about an account."""
    async with get_client() as client:
        for _ in range(100):
            body = {
                "filter": {
                    "event": {"name": [EVENT]},
                    "resource": {"id": [f"erepo.account.{number}"]},
                    "occurred": {"since": "2020-01-01T00:00:00Z"},
                }
            }
            found = (await client.request("POST", "/events/filter", json=body)).json()["events"]
            if found:
                return [one["payload"] for one in found]
            await asyncio.sleep(0.1)
    return []


async def test_an_account_of_the_real_service_is_checked(
    connected: ClinicUnderTest, cloud: RunningCloud
) -> None:
    """Usage and limits of the running service are kept, shown on the page, and written into the block."""
    await check_account()
    text = await newest("account-summary")
    assert f"Account {cloud.tenant.account}" in text
    assert "data:image/svg+xml;base64," in text
    assert (await load(CloudAccount, "clinic")).limit_documents > 0


async def test_nearly_full_is_told_once(
    served: ClinicUnderTest, double: ServiceDouble, webhook: Webhook
) -> None:
    """At 90 %: one event with the forecast, one notification; not again the next hour."""
    told = {"text": "{{subject}} {{body}}"}
    block = CustomWebhookNotificationBlock(name="alarms", url=webhook.url, json_data=told)
    await block.asave("erepo-alarms", overwrite=True)
    moment = datetime.now(UTC)
    with served.database.begin() as connection:
        for days in range(10, 0, -1):
            at = moment - timedelta(days=days)
            keep(connection, Check(double.account, at, None, 920 - 10 * days, 1000, 1, 100))
    double.state = {"usedBytes": 920}
    webhook.refuse = True
    with pytest.raises(Exception, match="erepo-alarms"):
        await check_account()
    webhook.refuse = False
    for _ in range(2):
        await check_account()
    (payload,) = await events(double.account)
    assert (payload["resource"], payload["percent"], payload["used"]) == ("bytes", 92, 920)
    assert str(payload["full_at"])[:10] == str((moment + timedelta(days=8)).date())
    assert len(webhook.bodies) == 1
    assert "nearly full" in webhook.bodies[0]
    assert "full on about" in await newest("account-summary")


async def test_nobody_to_notify_is_no_failure(served: ClinicUnderTest, double: ServiceDouble) -> None:
    """Without such a block the event alone is sent."""
    double.state = {"usedDocuments": 95}
    await check_account(notify="nobody-has-this")
    assert await events(double.account)


async def test_the_structure_is_sent_when_it_has_changed(
    served: ClinicUnderTest, double: ServiceDouble
) -> None:
    """The first run sends, the second does not; the page says which."""
    await sync_structure()
    assert "Sent to the service" in await newest("structure-summary")
    await sync_structure()
    assert "Nothing has changed" in await newest("structure-summary")
    assert double.calls == ["PUT /structure"]


async def test_p1_is_registered_and_revoked_from_a_block(
    served: ClinicUnderTest, double: ServiceDouble
) -> None:
    """The id reaches the account's block; others wait for a revocation; 2.1 is cured by starting over."""
    await keep_p1(served, make_p1_files())
    double.faults = [(504, "p1.timeout")]
    await register_p1("p1")
    assert (await load(CloudAccount, "clinic")).p1_repository_unique_id == REPOSITORY
    told = await newest("registration-summary")
    assert f"| id of the repository | {REPOSITORY} |" in told
    assert f"| WSS: serial number | {double.p1['wss']['serial']} |" in told
    await keep_p1(served, make_p1_files(), "other")
    with pytest.raises(P1CertificatesPresent):
        await register_p1("other")
    await revoke_p1()
    assert not (await load(CloudAccount, "clinic")).p1_repository_unique_id
    double.faults = [(502, "p1.repository-id-missing")]
    with pytest.raises(P1IdMissing):
        await register_p1("other")
    await register_p1("other", start_over=True)
    assert (await load(CloudAccount, "clinic")).p1_repository_unique_id == REPOSITORY


async def test_nothing_secret_of_p1_lies_in_prefect(
    served: ClinicUnderTest, double: ServiceDouble, prefect_database: Path, tmp_path: Path
) -> None:
    """Neither passwords nor keys, nor the subject that may name a person, whatever went wrong on the way."""
    await keep_p1(served, make_p1_files(common_name="Jan Testowy PESEL 44051401359"))
    double.faults = [(502, "p1.repository-id-missing")]
    with pytest.raises(P1IdMissing):
        await register_p1("p1")
    await register_p1("p1")
    sent = [body["tls_password"] for body in double.seen] + [body["wss_pkcs12"] for body in double.seen]
    secrets = [
        TLS_PASSWORD.decode(),
        WSS_PASSWORD.decode(),
        "PRIVATE KEY",
        "Jan Testowy",
        "44051401359",
        *sent,
    ]
    everything = "\n".join(text for _, text in written(prefect_database, prefect_database.parent / "storage"))
    assert [one for one in secrets if one in everything] == []


async def test_the_command_keeps_certificates_for_the_deployment(
    served: ClinicUnderTest, double: ServiceDouble, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`--keep-only` makes the block that register-p1 opens; `revoke` empties the id again."""
    server = PREFECT_API_URL.value().removesuffix("/api")
    monkeypatch.setattr(account_p1, "open_prefect", lambda _: Prefect(server))
    options = make_p1_files().write(tmp_path)

    def command(*arguments: str) -> str:
        result = CliRunner().invoke(app, ["account", "p1", *arguments])
        assert result.exit_code == 0, result.output
        return result.output

    for _ in range(2):
        assert "block kept" in await asyncio.to_thread(
            command, "register", *options, "--keep-only", "--block", "kept"
        )
    assert double.calls == []
    assert (await load(P1Certificates, "kept")).provider == "000000100300"
    await register_p1("kept")
    assert (await load(CloudAccount, "clinic")).p1_repository_unique_id == REPOSITORY
    await asyncio.to_thread(command, "revoke")
    assert not (await load(CloudAccount, "clinic")).p1_repository_unique_id
    await asyncio.to_thread(command, "register", *options)
    assert (await load(CloudAccount, "clinic")).p1_repository_unique_id == REPOSITORY
