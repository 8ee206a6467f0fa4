"""The flow diagnose, and what it and the command see of a real Prefect server."""

import asyncio
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from prefect.client.orchestration import PrefectClient, get_client
from prefect.client.schemas.filters import ArtifactFilter, ArtifactFilterKey
from prefect.exceptions import ObjectNotFound
from prefect.settings import PREFECT_API_URL
from pydantic import SecretStr

from blocks import MailServer
from deployments.register import build, catalogue, register
from erepo.cli.vault import Vault
from erepo.clinic.diagnosis import Finding, Ground, PrefectPlace, Verdict
from erepo.clinic.diagnosis import diagnose as examine
from erepo.clinic.diagnosis.checks.orchestrator import deployments
from flows.diagnose import diagnose
from flows.diagnosis_page import ProblemsFound
from tests.support.flow_clinic import PREFECT, ClinicUnderTest
from tests.support.office import RunningOffice, running_office
from tests.support.ports import free_port

pytestmark = PREFECT


@pytest.fixture
def office(tmp_path: Path) -> Iterator[RunningOffice]:
    """Run an office, whose mail server takes everything."""
    with running_office(tmp_path) as one:
        yield one


async def artifact(client: PrefectClient) -> str:
    """Return the newest page."""
    wanted = ArtifactFilter(key=ArtifactFilterKey(any_=["diagnosis-summary"]))
    found = await client.read_artifacts(artifact_filter=wanted)
    newest = max(found, key=lambda one: str(one.created))
    return str(newest.data)


def of_prefect(clinic: ClinicUnderTest, api: str, **more: str) -> Finding:
    """Return what the check of Prefect says."""
    ground = Ground(clinic.settings, PrefectPlace(api, **more))
    return examine(ground, ["prefect"]).findings[0]


async def test_the_table_tells_cause_and_cure(connected: ClinicUnderTest, office: RunningOffice) -> None:
    """A run fails where no worker lives and mail is not taken, and its table says what to do."""
    wrong = MailServer(host="127.0.0.1", port=free_port(), sender="a@clinic.example", tls="none", timeout=2)
    await wrong.asave("clinic", overwrite=True)
    with pytest.raises(ProblemsFound, match=r"mail.*prefect"):
        await diagnose()
    async with get_client() as client:
        page = await artifact(client)
    assert "### ✗ problem: mail (2.6)" in page
    assert page.count("**What to do:**") == page.count("### ") >= 2
    assert "### ✓" not in page
    assert "| mail | 2.6 | ✗ problem | " in page
    assert "| channel | 2.5 | ✓ ok | " in page


async def test_prefect_step_by_step(connected: ClinicUnderTest, office: RunningOffice) -> None:
    """No deployments, no worker, a paused pool, all well: each told apart; then the flow completes."""
    try:
        await _step_by_step(connected, office)
    finally:
        await forget_deployments()


async def forget_deployments() -> None:
    """Leave the server that all tests share as it was."""
    async with get_client() as client:
        for one in await client.read_deployments():
            await client.delete_deployment(one.id)
        with suppress(ObjectNotFound):
            await client.delete_work_pool("erepo")


async def _step_by_step(connected: ClinicUnderTest, office: RunningOffice) -> None:
    api = str(PREFECT_API_URL.value())
    built = await asyncio.to_thread(lambda: [build(entry) for entry in catalogue()])
    await register(built)
    assert of_prefect(connected, api).code == "diagnosis.worker-missing"
    assert of_prefect(connected, api, pool="other").code == "diagnosis.pool-missing"
    async with get_client() as client:
        await client.send_worker_heartbeat("erepo", "worker", heartbeat_interval_seconds=600)
        found = of_prefect(connected, api)
        assert found.verdict is Verdict.OK, found
        assert found.data["count"] == len(catalogue())
        lost = await client.read_deployment_by_name("import-documents/scheduled")
        await client.delete_deployment(lost.id)
        missing = of_prefect(connected, api)
        assert missing.code == "diagnosis.deployments-missing"
        assert "import-documents/scheduled" in missing.cause.pl
    await register(built)
    sound = MailServer(
        host="127.0.0.1", port=office.port, sender="a@clinic.example", tls="none", password=SecretStr("")
    )
    await sound.asave("clinic", overwrite=True)
    await diagnose()


async def test_a_prefect_that_is_not_there(connected: ClinicUnderTest) -> None:
    """A closed port."""
    found = of_prefect(connected, f"http://127.0.0.1:{free_port()}/api")
    assert (found.verdict, found.code) == (Verdict.PROBLEM, "diagnosis.prefect-silent")


async def test_the_command_reads_the_mail_server_of_the_block(
    connected: ClinicUnderTest, office: RunningOffice, prefect_database: Path
) -> None:
    """`Vault` gives the mailer that the block describes."""
    block = MailServer(host="127.0.0.1", port=office.port, sender="a@clinic.example", tls="none")
    await block.asave("of-the-vault", overwrite=True)
    root = str(PREFECT_API_URL.value()).removesuffix("/api")
    with Vault(root) as vault:
        mailer = vault.mailer("of-the-vault")
    assert (mailer.host, mailer.port, mailer.sender) == ("127.0.0.1", office.port, "a@clinic.example")
    mailer.test()


async def test_the_promised_deployments_are_those_of_the_catalogue() -> None:
    """The check reads the file that is registered."""
    assert list(deployments()) == [f"{one['flow_name']}/{one['name']}" for one in catalogue()]
