"""The flow rotate-certificates: blocks follow the ledger, jobs under way finish, warnings go out once."""

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import ArtifactFilter, ArtifactFilterKey
from prefect.client.schemas.sorting import ArtifactSort
from prefect.settings import PREFECT_HOME
from prefect.utilities.callables import parameter_schema
from prefect.utilities.schema_tools.validation import ValidationError, validate

from blocks import CloudAccount, MailServer, TenantCertificates
from blocks.errors import BlockMissing
from blocks.loading import load
from erepo.clinic import rotation
from erepo.clinic.archiving import send_batch
from erepo.clinic.archiving.planning import plan
from erepo.clinic.onboarding.activation import active_account
from erepo.clinic.rotation import Demand, Stage, alarms
from erepo.clinic.rotation.errors import NothingRequested
from erepo.clinic.tables import now
from flows.archive_documents import archive_documents
from flows.import_documents import import_documents
from flows.rotate_certificates import rotate_certificates
from tasks.clinic import opened
from tasks.publishing import save_blocks
from tests.flows.test_onboard_clinic import office  # noqa: F401 — the fixture
from tests.support.cloud import ACCOUNT
from tests.support.flow_clinic import PREFECT, ClinicUnderTest
from tests.support.office import CLINIC, RunningOffice
from tests.support.prefect import written

pytestmark = PREFECT


@pytest_asyncio.fixture(loop_scope="session")
async def form(
    connected: ClinicUnderTest,
    office: RunningOffice,  # noqa: F811 — the fixture
    request: pytest.FixtureRequest,
) -> dict[str, Any]:
    """Fill the form in, with a connection and blocks of this test's own."""
    name = request.node.name.replace("_", "-")[:50]
    block = MailServer(host="127.0.0.1", port=office.port, sender=CLINIC, tls="none")
    await block.asave(name, overwrite=True)
    await save(connected, name)
    return {"connection": name, "reply_folder": str(office.mailbox().folder)}


async def save(clinic: ClinicUnderTest, name: str) -> None:
    """Write the blocks of what is in use."""
    entry = rotation.active(clinic.database, clinic.settings, ACCOUNT).open(clinic.settings.passphrase)
    block = TenantCertificates.of(ACCOUNT, entry.tls, entry.wss, clinic.settings.passphrase)
    await save_blocks(name, clinic.settings, active_account(clinic.database, ACCOUNT), block)


def stage(clinic: ClinicUnderTest) -> Stage | None:
    """How far the rotation is."""
    found = rotation.under_way(clinic.database, ACCOUNT)
    return found.stage if found else None


async def until_answered(clinic: ClinicUnderTest, form: dict[str, Any], **more: Any) -> None:
    """Run day after day until the office has answered."""
    for _ in range(600):
        await rotate_certificates(**form, **more)
        if stage(clinic) not in (Stage.REQUESTED, Stage.MAILED):
            return
        await asyncio.sleep(0.1)
    raise AssertionError


async def in_use(name: str) -> str:
    """Name the generation that flows use."""
    return (await load(CloudAccount, name)).certificates


async def page() -> str:
    """Return the newest page that a run has left."""
    wanted = ArtifactFilter(key=ArtifactFilterKey(any_=["rotation-summary"]))
    async with get_client() as client:
        found = await client.read_artifacts(artifact_filter=wanted, sort=ArtifactSort.CREATED_DESC, limit=1)
    return str(found[0].data)


async def test_a_form_with_a_private_key_is_not_kept() -> None:
    """Prefect refuses the run before it stores the parameters; certificates pass."""
    schema = parameter_schema(rotate_certificates).model_dump()
    for field in ("tls_certificate", "wss_certificate"):
        validate({field: "-----BEGIN CERTIFICATE-----\nMII"}, schema, raise_on_error=True)
        for kind in ("PRIVATE KEY", "EC PRIVATE KEY", "ENCRYPTED PRIVATE KEY"):
            with pytest.raises(ValidationError):
                validate({field: f"-----BEGIN {kind}-----\nMII"}, schema, raise_on_error=True)


async def test_the_daily_run(
    connected: ClinicUnderTest, form: dict[str, Any], prefect_database: Path
) -> None:
    """Nothing while nothing is due; then request, change-over, and after the overlap the end of the old."""
    clinic, name = connected, form["connection"]
    await rotate_certificates(**form)
    old = await in_use(name)
    assert f"`{old}`" in await page()
    assert stage(clinic) is None
    with pytest.raises(NothingRequested):
        await rotate_certificates(**form, tls_certificate="pasted")
    await until_answered(clinic, form, because="forced", overlap_days=0)
    assert stage(clinic) is None
    new = await in_use(name)
    assert new != old
    await load(TenantCertificates, new)
    with pytest.raises(BlockMissing):
        await load(TenantCertificates, old)
    clinic.drop(2)
    await import_documents(name, quiet_seconds=0)
    await archive_documents(name)
    assert clinic.states() == {"archived": 2}
    secrets = ("PRIVATE KEY", clinic.settings.passphrase.decode())
    texts = list(written(prefect_database, PREFECT_HOME.value()))
    assert [where for where, text in texts for secret in secrets if secret in text] == []


async def test_a_running_job_finishes_with_what_it_began(
    connected: ClinicUnderTest, form: dict[str, Any]
) -> None:
    """Opened before the change-over, sent after it, with the old keys; the next job has the new ones."""
    clinic, name = connected, form["connection"]
    clinic.drop(4)
    await import_documents(name, quiet_seconds=0)
    async with opened(name) as job:
        before = await in_use(name)
        await until_answered(clinic, form, because="forced")
        assert stage(clinic) is Stage.CUT_OVER
        assert await in_use(name) != before
        await load(TenantCertificates, before)
        for batch in plan(job.database, job.settings, now=now()).batches:
            await send_batch(job.connection, job.database, batch)
        assert job.connection.tls.fingerprint.startswith(before.partition("-")[2])
    assert clinic.states() == {"archived": 4}


async def test_blocks_follow_the_ledger_whichever_way_it_went(
    connected: ClinicUnderTest,
    form: dict[str, Any],
    office: RunningOffice,  # noqa: F811 — the fixture
) -> None:
    """Killed before the blocks were written, or rolled back by a command: the next run repairs it."""
    clinic, name = connected, form["connection"]
    old = await in_use(name)
    rotation.start(clinic.database, clinic.settings, ACCOUNT, demand=Demand.FORCED)
    rotation.mail_requests(clinic.database, ACCOUNT, office.mailer(), office.address)
    for _ in range(600):
        if rotation.collect_certificates(clinic.database, ACCOUNT, office.mailbox()):
            break
        await asyncio.sleep(0.1)
    rotation.register(clinic.database, clinic.settings, ACCOUNT)
    rotation.cut_over(clinic.database, clinic.settings, ACCOUNT, timedelta(days=7))
    assert await in_use(name) == old
    await rotate_certificates(**form)
    new = await in_use(name)
    assert new != old
    await load(TenantCertificates, old)
    assert rotation.rollback(clinic.database, clinic.settings, ACCOUNT) is Stage.ROLLED_BACK
    await rotate_certificates(**form)
    assert await in_use(name) == old
    with pytest.raises(BlockMissing):
        await load(TenantCertificates, new)


async def test_warnings_go_out_once(
    connected: ClinicUnderTest,
    form: dict[str, Any],
    office: RunningOffice,  # noqa: F811 — the fixture
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Ten days before the end: one event with the days left, one mail, however often the flow runs."""
    clinic = connected
    later = rotation.active(clinic.database, clinic.settings, ACCOUNT)
    left = min(one.until for one in rotation.holding.validities(later)) - now()
    monkeypatch.setattr(alarms, "now", lambda: now() + left - timedelta(days=10))
    for _ in range(2):
        await rotate_certificates(**form, administrator="admin@clinic.example")
    found = []
    for _ in range(1200):  # Prefect writes events down a little later
        if found := [
            one for one in await events() if one["resource"]["prefect.resource.id"].endswith(ACCOUNT)
        ]:
            break
        await asyncio.sleep(0.1)
    assert [(one["payload"]["threshold"], one["payload"]["days_left"]) for one in found] == [(14, 9)]
    keys = rotation.active(clinic.database, clinic.settings, ACCOUNT)
    assert alarms.due(clinic.database, keys, "mailed_at") == []


async def events() -> list[dict[str, Any]]:
    """Return the warnings that Prefect has got."""
    wanted = {"event": {"name": ["erepo.certificate.expiring"]}}
    async with get_client() as client:
        answer = await client.request("POST", "/events/filter", json={"filter": wanted})
    return list(answer.json()["events"])
