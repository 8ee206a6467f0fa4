"""Blocks and deployments in a real Prefect server."""

import asyncio
import sqlite3
from pathlib import Path

import pytest
from prefect.blocks.abstract import NotificationBlock
from prefect.blocks.core import Block
from prefect.client.orchestration import get_client
from pydantic import SecretStr

from blocks import CloudAccount, MailServer, TenantCertificates
from blocks.errors import BlockMissing, BundleUnreadable
from blocks.loading import load
from deployments import automations
from deployments.register import build, catalogue, register
from tests.support.cloud import RunningCloud
from tests.support.flow_clinic import PREFECT, ClinicUnderTest

pytestmark = PREFECT


async def test_keys_open_with_the_passphrase_only(connected: ClinicUnderTest, cloud: RunningCloud) -> None:
    """The account's block leads to its keys; another passphrase opens nothing and is told so."""
    account = await load(CloudAccount, "clinic")
    certificates = await load(TenantCertificates, account.certificates)
    assert certificates.tls(connected.settings.passphrase).fingerprint == cloud.tenant.tls.fingerprint
    assert certificates.wss(connected.settings.passphrase).fingerprint == cloud.tenant.wss.fingerprint
    with pytest.raises(BundleUnreadable, match="TLS"):
        certificates.tls(b"another")


async def test_the_account_block_holds_no_secret(connected: ClinicUnderTest) -> None:
    """What anybody may read of it is all there is."""
    account = await load(CloudAccount, "clinic")
    assert "PRIVATE" not in account.model_dump_json()
    assert account.repository_url.startswith("https://")


async def test_no_private_key_lies_in_prefect_in_clear(
    connected: ClinicUnderTest, prefect_database: Path
) -> None:
    """Even with the secrets shown, what Prefect has is an encrypted PKCS#12."""
    account = await load(CloudAccount, "clinic")
    certificates = await load(TenantCertificates, account.certificates)
    shown = certificates.tls_pkcs12.get_secret_value()
    assert "PRIVATE KEY" not in shown
    with sqlite3.connect(prefect_database) as connection:
        stored = str(connection.execute("SELECT data FROM block_document").fetchall())
    connection.close()
    assert shown not in stored
    assert connected.settings.passphrase.decode() not in stored


async def test_blocks_are_found_by_their_slug(connected: ClinicUnderTest) -> None:
    """`Block.load` knows our types because the package announces them."""
    assert isinstance(await Block.aload("erepo-cloud-account/clinic"), CloudAccount)


async def test_a_block_that_was_never_written_is_named(prefect_database: object) -> None:
    """The error says which block and how it comes to be."""
    with pytest.raises(BlockMissing, match="never-written"):
        await load(CloudAccount, "never-written")


async def test_a_mail_server_gives_a_mailer(prefect_database: object) -> None:
    """Saved and loaded, the password reaches the mailer and no text."""
    block = MailServer(host="smtp.example", sender="a@example", user="a", password=SecretStr("s3cret"))
    await block.asave("post", overwrite=True)
    loaded = await load(MailServer, "post")
    mailer = loaded.mailer()
    assert (mailer.host, mailer.port, mailer.password) == ("smtp.example", 587, "s3cret")
    assert "s3cret" not in repr(loaded) + repr(mailer)


async def test_registering_twice_changes_nothing_and_keeps_what_people_set(prefect_database: object) -> None:
    """The second time nothing is written, so a schedule paused by hand stays paused."""
    # Where a loop runs, Prefect would hand out coroutines instead of deployments.
    deployments = await asyncio.to_thread(lambda: [build(entry) for entry in catalogue()])
    names = [one.full_name for one in deployments]
    assert await register(deployments) == [*names, "certificates-expire"]
    async with get_client() as client:
        before = await client.read_deployment_by_name("archive-documents/scheduled")
        await client.update_deployment_schedule(before.id, before.schedules[0].id, active=False)
        assert await register(deployments) == []
        after = await client.read_deployment_by_name("archive-documents/scheduled")
    assert after.schedules[0].active is False
    assert after.work_pool_name == "erepo"
    assert after.global_concurrency_limit is not None
    assert after.global_concurrency_limit.limit == 1


class Bell(NotificationBlock):
    """A way to notify that needs nothing outside."""

    _block_type_slug = "test-bell"

    async def notify(self, body: str, subject: str | None = None) -> None:
        """Ring."""


async def test_the_automation_follows_its_definition_and_keeps_what_people_set(
    prefect_database: object,
) -> None:
    """Switched off, it stays off; with a notification block of the agreed name it notifies as well."""
    deployments = await asyncio.to_thread(lambda: [build(entry) for entry in catalogue()])
    await register(deployments)
    async with get_client() as client:
        (made,) = await client.read_automations_by_name("certificates-expire")
        await client.pause_automation(made.id)
        assert await automations.register(client) == []
        await Bell().asave(automations.ALARMS)
        assert await automations.register(client) == ["certificates-expire", "index-deadlines"]
        assert await automations.register(client) == []
        (changed,) = await client.read_automations_by_name("certificates-expire")
        (deadlines,) = await client.read_automations_by_name("index-deadlines")
        await client.delete_automation(deadlines.id)
        await Bell.adelete(automations.ALARMS)
    assert (changed.id, changed.enabled) == (made.id, False)
    assert [action.type for action in made.actions] == ["run-deployment"]
    assert [action.type for action in changed.actions] == ["run-deployment", "send-notification"]
    assert [action.type for action in deadlines.actions] == ["send-notification"]
