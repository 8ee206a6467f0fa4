"""check-account, sync-structure, register-p1 and revoke-p1 in a real Prefect server."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

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
from erepo.clinic.abroad import Purpose, Why
from erepo.clinic.abroad.emergencies import EVENT as EMERGENCY
from erepo.clinic.abroad.emergencies import note_emergency, untold
from erepo.clinic.account import adopt_credentials, load_connection
from erepo.clinic.onboarding.activation import active_account
from erepo.clinic.p1.errors import P1CertificatesPresent, P1IdMissing, P1RepositoryExists
from erepo.clinic.rest import AccountClient, P1State
from erepo.clinic.usage.alarms import EVENT
from erepo.clinic.usage.history import Check, keep
from erepo.cloud.audit.events import Action
from erepo.identifiers.hl7 import CX
from erepo.identifiers.oids import PESEL
from flows.check_account import check_account
from flows.register_p1 import register_p1
from flows.revoke_p1 import revoke_p1
from flows.sync_structure import sync_structure
from tasks import account, p1, publishing
from tests.flows.test_import_documents import newest
from tests.support.account_clinic import AccountWorld, ServedAccount, account_world
from tests.support.cloud import RunningCloud
from tests.support.flow_clinic import PREFECT, ClinicUnderTest
from tests.support.p1_files import TLS_PASSWORD, WSS_PASSWORD, P1Files
from tests.support.prefect import written
from tests.support.webhook import Webhook, running_webhook

pytestmark = PREFECT


@pytest.fixture(scope="module")
def account_service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AccountWorld]:
    """Run one service with P1 behind it."""
    with account_world(tmp_path_factory.mktemp("account")) as world:
        yield world


@pytest.fixture
def served(account_service: AccountWorld) -> ServedAccount:
    """Give an account and a provider of the test's own."""
    return account_service.served(limit_bytes=1000, limit_documents=2)


@pytest.fixture
def webhook() -> Iterator[Webhook]:
    """Somebody who takes notifications."""
    with running_webhook() as one:
        yield one


@pytest_asyncio.fixture(loop_scope="session")
async def ready(
    clinic: ClinicUnderTest, served: ServedAccount, prefect_database: Path, monkeypatch: pytest.MonkeyPatch
) -> ClinicUnderTest:
    """A clinic with this account and its blocks; tasks try again at once."""
    number = adopt_credentials(clinic.database, clinic.settings, served.credentials.folder)
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


async def events(number: str, name: str = EVENT, kind: str = "account") -> list[dict[str, object]]:
    """Return the payloads of one of our events about an account, or about something of another kind."""
    async with get_client() as client:
        for _ in range(1200):
            body = {
                "filter": {
                    "event": {"name": [name]},
                    "resource": {"id": [f"erepo.{kind}.{number}"]},
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
    ready: ClinicUnderTest, served: ServedAccount, webhook: Webhook
) -> None:
    """At 90 %: one event with the forecast, one notification; not again the next hour."""
    told = {"text": "{{subject}} {{body}}"}
    block = CustomWebhookNotificationBlock(name="alarms", url=webhook.url, json_data=told)
    await block.asave("erepo-alarms", overwrite=True)
    moment = datetime.now(UTC)
    with ready.database.begin() as connection:
        for days in range(10, 0, -1):
            at = moment - timedelta(days=days)
            keep(connection, Check(served.number, at, None, 920 - 10 * days, 1000, 1, 2))
    await served.fill(920)
    webhook.refuse = True
    with pytest.raises(Exception, match="erepo-alarms"):
        await check_account()
    webhook.refuse = False
    for _ in range(2):
        await check_account()
    # Others make automations that would find it.
    await CustomWebhookNotificationBlock.adelete("erepo-alarms")
    (payload,) = await events(served.number)
    assert (payload["resource"], payload["percent"], payload["used"]) == ("bytes", 92, 920)
    assert str(payload["full_at"])[:10] == str((moment + timedelta(days=8)).date())
    assert len(webhook.bodies) == 1
    assert "nearly full" in webhook.bodies[0]
    assert "full on about" in await newest("account-summary")


async def test_nobody_to_notify_is_no_failure(ready: ClinicUnderTest, served: ServedAccount) -> None:
    """Without such a block the event alone is sent."""
    await served.fill(50, 50)
    await check_account(notify="nobody-has-this")
    (payload,) = await events(served.number)
    assert (payload["resource"], payload["percent"]) == ("documents", 100)


async def test_the_structure_is_sent_when_it_has_changed(
    ready: ClinicUnderTest, served: ServedAccount
) -> None:
    """The first run sends, the second does not; the page says which."""
    await sync_structure()
    assert "Sent to the service" in await newest("structure-summary")
    await sync_structure()
    assert "Nothing has changed" in await newest("structure-summary")
    assert served.heard() == [("structure", Action.UPDATE)]


async def test_p1_is_registered_and_revoked_from_a_block(
    ready: ClinicUnderTest, served: ServedAccount
) -> None:
    """The id reaches the block and leaves it; others wait for a revocation; 2.1 is cured by starting over."""
    wrong = served.world.p1.wrong
    await keep_p1(ready, served.files())
    wrong("szar-repository", "busy")
    await register_p1("p1")
    (given,) = served.repositories
    assert await repository_id() == given
    told = await newest("registration-summary")
    assert f"| id of the repository | {given} |" in told
    assert "| WSS: serial number |" in told
    await keep_p1(ready, served.files("Nowy certyfikat"), "other")
    with pytest.raises(P1CertificatesPresent):
        await register_p1("other")
    await revoke_p1()
    assert not await repository_id()
    with pytest.raises(P1RepositoryExists):
        await register_p1("other")
    await register_p1("other", new_repository=True)
    second = served.repositories[1]
    assert await repository_id() == second
    wrong("szar-repository", "no-id")
    with pytest.raises(P1IdMissing):
        await register_p1("other", start_over=True, new_repository=True)
    assert not await repository_id()
    await register_p1("other", start_over=True)
    assert await repository_id() == second


async def repository_id() -> str:
    """The id that the account's block tells."""
    return (await load(CloudAccount, "clinic")).p1_repository_unique_id


async def test_nothing_secret_of_p1_lies_in_prefect(
    ready: ClinicUnderTest,
    served: ServedAccount,
    prefect_database: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Neither passwords nor keys, nor the subject that may name a person, whatever went wrong on the way."""
    sent: list[str] = []
    send = AccountClient.register_p1

    def sending(client: AccountClient, body: dict[str, Any]) -> P1State:
        sent.extend(body[name] for name in ("tls_password", "wss_password", "wss_pkcs12"))
        return send(client, body)

    monkeypatch.setattr(AccountClient, "register_p1", sending)
    await keep_p1(ready, served.files("Jan Testowy PESEL 44051401359"))
    served.world.p1.wrong("szar-repository", "no-id")
    with pytest.raises(P1IdMissing):
        await register_p1("p1")
    await register_p1("p1")
    assert len(sent) == 6
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
    ready: ClinicUnderTest, served: ServedAccount, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`--keep-only` makes the block that register-p1 opens; `revoke` empties the id again."""
    server = PREFECT_API_URL.value().removesuffix("/api")
    monkeypatch.setattr(account_p1, "open_prefect", lambda _: Prefect(server))
    options = served.files().write(tmp_path)

    def command(*arguments: str, code: int = 0) -> str:
        result = CliRunner().invoke(app, ["account", "p1", *arguments])
        assert result.exit_code == code, result.output
        return result.output

    for _ in range(2):
        assert "block kept" in await asyncio.to_thread(
            command, "register", *options, "--keep-only", "--block", "kept"
        )
    assert served.heard() == []
    assert (await load(P1Certificates, "kept")).provider == "000000100300"
    await register_p1("kept")
    (given,) = served.repositories
    assert await repository_id() == given
    await asyncio.to_thread(command, "revoke")
    assert not await repository_id()
    await asyncio.to_thread(command, "register", *options)
    assert await repository_id() == given
    served.world.p1.wrong("szar-repository", "busy")
    await asyncio.to_thread(command, "register", *options, "--start-over", code=1)
    assert not await repository_id()


async def test_an_emergency_is_told_once_and_names_no_patient(
    connected: ClinicUnderTest, webhook: Webhook
) -> None:
    """Access because a life was in danger: one event, one notification; neither number nor reason in them."""
    told = {"text": "{{subject}} {{body}}"}
    block = CustomWebhookNotificationBlock(name="alarms", url=webhook.url, json_data=told)
    await block.asave("erepo-alarms", overwrite=True)
    reason = "nieprzytomna 44051401359 po wypadku"
    why = Why("archiwum", CX("44051401359", PESEL), Purpose.EMERGENCY, reason)
    with connected.database.begin() as connection:
        note_emergency(connection, why, "0" * 32)
        (one,) = untold(connection)
    for _ in range(2):
        await check_account()
    await CustomWebhookNotificationBlock.adelete("erepo-alarms")
    (payload,) = await events(str(one.id), EMERGENCY, "emergency")
    assert payload["login"] == "archiwum"
    assert len(webhook.bodies) == 1
    assert "44051401359" not in webhook.bodies[0]
    assert "44051401359" not in str(payload)
    assert "wypadku" not in webhook.bodies[0]
