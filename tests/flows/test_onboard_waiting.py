"""A run that waits: suspended, asked by a form, woken by others; killed anywhere, it goes on where it was."""

import asyncio
import json
import logging
import os
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import sqlalchemy as sa
from prefect.client.orchestration import get_client
from prefect.settings import PREFECT_API_URL, PREFECT_HOME
from pydantic import SecretStr
from typer.testing import CliRunner

from blocks import MailServer
from erepo.cli.certificates import app
from erepo.clinic import onboarding
from erepo.clinic.onboarding import Step
from erepo.clinic.onboarding.ledger import Entry, require
from erepo.clinic.tables import onboarding as table
from erepo.durable import write_durably
from erepo.pki import load_key
from erepo.pki.keys import clear_key
from erepo.pki.pem import write_certificates
from erepo.sandbox.office import desk
from erepo.sandbox.office.letters import parse, read_requests
from erepo.sandbox.office.service import Office
from flows.onboard_clinic import onboard_clinic
from flows.watch_onboarding import watch_onboarding
from tests.flows.test_onboard_clinic import ACCOUNT, form, ledger, office  # noqa: F401 — fixtures
from tests.support.cloud import RunningCloud
from tests.support.flow_clinic import PREFECT, ClinicUnderTest
from tests.support.imap_server import PASSWORD, USER, running_imap
from tests.support.office import CLINIC, RunningOffice
from tests.support.prefect import kill_and_restart_server, written
from tests.support.suspending import begin, order, read, resume, work
from tests.support.suspending import form as asked
from tests.support.waiting import until

pytestmark = PREFECT

Fill = dict[str, Any]


@pytest.fixture
def by_hand(office: RunningOffice, form: Fill, tmp_path: Path) -> Office:  # noqa: F811 — the fixtures
    """Let the office work by hand, its letters go elsewhere, and the run ask at once."""
    (tmp_path / "nobody" / "new").mkdir(parents=True)
    form |= {"wait_minutes": 0, "reply_folder": str(tmp_path / "nobody"), "organisation": "Przychodnia"}
    desk.set_mode(office.home, "manual")
    return Office.open(office.home)


def entry(clinic: ClinicUnderTest) -> Entry:
    """How far the account has come."""
    return require(clinic.database, ACCOUNT)


def issue(by_hand: Office) -> dict[str, str]:
    """Issue what waits at the office without mailing it; by the fields of the form."""
    issued = by_hand.issue(read_requests(parse(desk.find(by_hand.home, ACCOUNT).letter)))
    found = {
        purpose.lower(): write_certificates([one]).decode() for purpose, one in issued.certificates.items()
    }
    return {**found, "authority": (issued.issuer + issued.service_ca).decode()}


def write(texts: dict[str, str], folder: Path) -> list[str]:
    """Write each text into a file of its own."""
    files = {folder / f"{name}.pem": text for name, text in texts.items()}
    for file, text in files.items():
        file.write_text(text)
    return [str(file) for file in files]


def operator(cloud: RunningCloud, command: str) -> int:
    """Run `erepo cloud tenant …` on the account, as the service's operator."""
    arguments = [sys.executable, "-m", "erepo", "cloud", "tenant", command, ACCOUNT]
    environment = {**os.environ, "EREPO_HOME": str(cloud.settings.home)}
    return subprocess.run(arguments, env=environment, capture_output=True, check=False).returncode


async def test_suspended_answered_finished(
    clinic: ClinicUnderTest,
    form: Fill,  # noqa: F811
    by_hand: Office,
    office: RunningOffice,  # noqa: F811
    prefect_database: Path,
) -> None:
    """The run suspends, asks in two languages, is refused three times with the reason, and then finishes."""
    run = await order(onboard_clinic, **form)
    assert (await work(onboard_clinic, run)).name == "Suspended"
    keys = ledger(clinic).tls_key_pem
    words, schema = await asked(run)
    assert "Certyfikaty dla konta" in words
    assert "Certificates for the account" in words
    assert list(schema["properties"]) == ["tls", "wss", "authority"]
    assert all("/" in one["title"] for one in schema["properties"].values())
    good = issue(by_hand)
    bad = [
        ({"tls": good["wss"], "wss": good["tls"]}, "pki.wrong-purpose"),
        ({"tls": "Dzień dobry", "wss": good["wss"]}, "pki.certificate-unreadable"),
        ({"tls": good["tls"]}, "onboarding.certificates-incomplete"),
    ]
    for answer, code in bad:
        await resume(run, **answer)
        assert (await work(onboard_clinic, run)).name == "Suspended"
        assert entry(clinic).step is Step.MAILED
        assert code in (await asked(run))[0]
    await resume(run, **good)
    assert (await work(onboard_clinic, run)).is_completed()
    assert (entry(clinic).step, entry(clinic).refusal) == (Step.ACTIVE, None)
    assert ledger(clinic).tls_key_pem == keys
    assert len(desk.waiting(by_hand.home)) == 1, "one mail, however often the run began anew"
    pages = [text for where, text in written(prefect_database) if where == "table artifact"]
    identifier = entry(clinic).activation["answer"]["repositoryUniqueId"]
    assert any(identifier in page for page in pages)


async def test_the_server_is_killed_while_a_run_is_suspended(
    clinic: ClinicUnderTest,
    form: Fill,  # noqa: F811
    by_hand: Office,
    prefect_database: Path,
) -> None:
    """Kill -9 of Prefect's server and a new one on its database: the same form, and the run finishes."""
    run = await order(onboard_clinic, **form)
    assert (await work(onboard_clinic, run)).name == "Suspended"
    question = await asked(run)
    await asyncio.to_thread(kill_and_restart_server)
    assert (await read(run)).state_name == "Suspended"
    assert await asked(run) == question
    await resume(run, **issue(by_hand))
    assert (await work(onboard_clinic, run)).is_completed()
    assert entry(clinic).step is Step.ACTIVE


async def test_a_private_key_in_the_form_is_taken_out_of_prefect(
    clinic: ClinicUnderTest,
    form: Fill,  # noqa: F811
    by_hand: Office,
    prefect_database: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Pasted by mistake it is refused, appears in no log, and is removed from Prefect's database."""
    caplog.set_level(logging.DEBUG)
    run = await order(onboard_clinic, **form)
    await work(onboard_clinic, run)
    key = clear_key(load_key(entry(clinic).tls_key_pem, clinic.settings.passphrase)).decode()
    await resume(run, tls=key, wss=issue(by_hand)["wss"])
    assert (await work(onboard_clinic, run)).name == "Suspended"
    assert "onboarding.private-key-given" in (await asked(run))[0]
    secret = key.split("\n")[1]
    assert [where for where, text in written(prefect_database, PREFECT_HOME.value()) if secret in text] == []
    assert secret not in caplog.text


async def test_certificates_given_elsewhere_wake_the_run(
    clinic: ClinicUnderTest,
    form: Fill,  # noqa: F811
    by_hand: Office,
    prefect_database: Path,
) -> None:
    """What the command line put into the ledger is found by the watch, which wakes the run."""
    run = await order(onboard_clinic, **form)
    await work(onboard_clinic, run)
    good = issue(by_hand)
    onboarding.collect_texts(clinic.database, ACCOUNT, good["tls"], good["wss"], good["authority"])
    await watch_onboarding()
    assert (await work(onboard_clinic, run)).is_completed()
    assert entry(clinic).step is Step.ACTIVE
    await watch_onboarding()
    assert onboarding.open_accounts(clinic.database) == []


async def test_the_watch_finds_the_answer_and_reminds_before(
    clinic: ClinicUnderTest,
    form: Fill,  # noqa: F811
    by_hand: Office,
    office: RunningOffice,  # noqa: F811
    prefect_database: Path,
) -> None:
    """Days later: one reminder per interval, as a mail and an event; then the answer wakes the run."""
    form["reply_folder"] = str(office.mailbox().folder)
    (office.mailbox().folder / "new").mkdir(parents=True)
    run = await order(onboard_clinic, **form)
    await work(onboard_clinic, run)
    await watch_onboarding()
    assert entry(clinic).reminders == 0
    with clinic.database.begin() as connection:
        connection.execute(sa.update(table).values(mailed_at=entry(clinic).mailed_at - timedelta(days=4)))  # type: ignore[operator]
    await watch_onboarding()
    await watch_onboarding()
    assert entry(clinic).reminders == 1
    by_hand.issue_pending(ACCOUNT)
    await watch_onboarding()
    assert (await work(onboard_clinic, run)).is_completed()
    assert entry(clinic).step is Step.ACTIVE


async def test_a_refusal_by_mail_is_shown_in_the_form(
    clinic: ClinicUnderTest,
    form: Fill,  # noqa: F811
    by_hand: Office,
    office: RunningOffice,  # noqa: F811
    prefect_database: Path,
) -> None:
    """The office says no: the run says so and goes on waiting."""
    form["reply_folder"] = str(office.mailbox().folder)
    (office.mailbox().folder / "new").mkdir(parents=True)
    run = await order(onboard_clinic, **form)
    await work(onboard_clinic, run)
    by_hand.refuse_pending(ACCOUNT, "Konto nie zostało opłacone.")
    await watch_onboarding()
    assert (await work(onboard_clinic, run)).name == "Suspended"
    assert "onboarding.refused-by-office" in (await asked(run))[0]


async def test_given_up_while_a_run_waits(
    clinic: ClinicUnderTest,
    form: Fill,  # noqa: F811
    by_hand: Office,
    prefect_database: Path,
) -> None:
    """A run that was cancelled leaves an account that another run goes on with; giving up begins anew."""
    run = await order(onboard_clinic, **form)
    await work(onboard_clinic, run)
    async with get_client() as client:
        await client.delete_flow_run(run)
    good = issue(by_hand)
    again = await order(onboard_clinic, **form)
    assert (await work(onboard_clinic, again)).name == "Suspended"
    await watch_onboarding()
    await resume(again, **good)
    assert (await work(onboard_clinic, again)).is_completed()


async def test_the_account_is_suspended_or_the_service_is_away(
    clinic: ClinicUnderTest,
    form: Fill,  # noqa: F811
    office: RunningOffice,  # noqa: F811
    cloud: RunningCloud,
    impatient: None,
    prefect_database: Path,
) -> None:
    """The certificates are kept, the words are the service's, and the next run activates."""
    cloud.stop()
    run = await order(onboard_clinic, **form)
    state = await work(onboard_clinic, run)
    assert state.is_failed()
    assert "does not answer" in str(state.message)
    assert entry(clinic).step is Step.RECEIVED
    cloud.start()
    assert operator(cloud, "suspend") == 0
    run = await order(onboard_clinic, **form)
    state = await work(onboard_clinic, run)
    assert state.is_failed()
    assert "is suspended" in str(state.message)
    assert entry(clinic).step is Step.RECEIVED
    assert operator(cloud, "resume") == 0
    run = await order(onboard_clinic, **form)
    assert (await work(onboard_clinic, run)).is_completed()


async def test_killed_between_the_steps(
    clinic: ClinicUnderTest,
    form: Fill,  # noqa: F811
    by_hand: Office,
    office: RunningOffice,  # noqa: F811
    prefect_database: Path,
) -> None:
    """Kill -9 while it looks into the mailbox, and again: same keys, one mail, and it finishes."""
    form |= {"wait_minutes": 5, "reply_folder": str(office.mailbox().folder)}
    (office.mailbox().folder / "new").mkdir(parents=True)

    def reached(step: Step) -> Callable[[], bool]:
        def there() -> bool:
            found = onboarding.progress(clinic.database, ACCOUNT)
            return found is not None and list(Step).index(found.step) >= list(Step).index(step)

        return there

    for step in (Step.REQUESTED, Step.MAILED):
        process = begin("flows.onboard_clinic", "onboard_clinic", **form)
        until(reached(step))
        process.kill()
        process.wait(60)
    keys = ledger(clinic).tls_key_pem
    by_hand.issue_pending(ACCOUNT)
    await onboard_clinic(**form)
    assert (ledger(clinic).state, ledger(clinic).tls_key_pem) == ("active", keys)
    assert office.answers() == 1
    assert entry(clinic).waiting.runs == {}


async def test_the_commands_wake_and_cancel_runs(
    clinic: ClinicUnderTest,
    form: Fill,  # noqa: F811
    by_hand: Office,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    prefect_database: Path,
) -> None:
    """`abandon` ends the run that waits; `receive` refuses bad files, takes good ones, wakes the next run."""
    port = urlsplit(PREFECT_API_URL.value()).port
    assert port is not None
    monkeypatch.setenv("EREPO_PORT_BASE", str(port - 3))
    write_durably(clinic.settings.home / "secrets" / "prefect-login", [b"nobody:nothing"])
    run = await order(onboard_clinic, **form)
    await work(onboard_clinic, run)
    assert CliRunner().invoke(app, ["abandon", ACCOUNT, "--yes"]).exit_code == 0
    assert (await read(run)).state_name == "Cancelled"
    assert onboarding.progress(clinic.database, ACCOUNT) is None
    for pending in desk.waiting(by_hand.home):
        desk.close(by_hand.home, pending.number)

    run = await order(onboard_clinic, **form)
    await work(onboard_clinic, run)
    files = write(issue(by_hand), tmp_path)
    refused = CliRunner().invoke(app, ["receive", *files[:1]])
    assert refused.exit_code == 1
    assert "WSS certificate of the account" in refused.output
    assert (await read(run)).state_name == "Suspended"
    told = CliRunner().invoke(app, ["receive", *files, "--json"])
    assert json.loads(told.stdout)["woken"] == 1
    again = CliRunner().invoke(app, ["receive", *files])
    assert "is going on with them" in again.stdout
    assert (await work(onboard_clinic, run)).is_completed()
    assert entry(clinic).step is Step.ACTIVE


async def test_the_answer_comes_by_imap(
    clinic: ClinicUnderTest,
    form: Fill,  # noqa: F811
    by_hand: Office,
    office: RunningOffice,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
    prefect_database: Path,
) -> None:
    """Where the MailServer block names a mailbox, the watch finds the letter there and wakes the run."""
    with running_imap() as server:
        trusted = server.home / "authority.pem"
        trusted.write_bytes(server.authority.pem)
        monkeypatch.setenv("SSL_CERT_FILE", str(trusted))
        login = {"imap_user": USER, "imap_password": SecretStr(PASSWORD)}
        place = {"imap_host": "localhost", "imap_port": server.port}
        block = MailServer(host="127.0.0.1", port=office.port, tls="none", sender=CLINIC, **place, **login)
        await block.asave(form["connection"])
        del form["reply_folder"]
        run = await order(onboard_clinic, **form)
        assert (await work(onboard_clinic, run)).name == "Suspended"
        by_hand.issue_pending(ACCOUNT)
        (answer,) = office.mailbox().letters()
        server.deliver(answer.message.as_bytes())
        await watch_onboarding()
        assert (await work(onboard_clinic, run)).is_completed()
