"""No private key and no password gets out: everything runs once, then all that was written is read."""

import base64
import logging
import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from prefect.settings import PREFECT_API_URL, PREFECT_HOME
from pydantic import SecretStr

from blocks import MailServer, TenantCertificates
from erepo.clinic.administrator import login_file
from erepo.clinic.onboarding import bundles, progress
from erepo.clinic.onboarding.mailing import write_letter
from flows.archive_documents import archive_documents
from flows.diagnose import diagnose
from flows.import_documents import import_documents
from flows.onboard_clinic import onboard_clinic
from tests.flows.test_onboard_clinic import ACCOUNT, form, office  # noqa: F401 — fixtures
from tests.support.cloud import RunningCloud
from tests.support.flow_clinic import PREFECT, ClinicUnderTest
from tests.support.office import RunningOffice
from tests.support.ports import free_port
from tests.support.prefect import written
from tests.support.secret_scan import (
    files,
    forms,
    forms_of_key,
    hits,
    letters,
    open_to_others,
    unpacked,
    watched_arguments,
)

pytestmark = PREFECT

PASSPHRASE = "a passphrase of the tests"
MAIL_PASSWORD = "hasło-do-poczty-47"


def answers(api: str) -> Iterator[tuple[str, bytes]]:
    """Yield what Prefect's API answers to whoever asks, without asking for secrets."""
    with httpx.Client(base_url=api, timeout=60, trust_env=False) as client:
        for kind in ("flows", "flow_runs", "task_runs", "logs", "artifacts", "block_documents", "variables"):
            for offset in range(0, 2000, 200):
                body = {"limit": 200, "offset": offset}
                answer = client.post(f"{kind}/filter", json=body)
                assert answer.is_success, answer.text
                yield f"api {kind}", answer.content
                if len(answer.json()) < 200:
                    break
        yield "api events", client.post("events/filter", json={"limit": 50}).content
        yield "api settings", client.get("admin/settings").content
        slugs = [one["slug"] for one in client.post("block_types/filter", json={}).json()]
        for slug in slugs:
            yield f"api {slug}", client.get(f"block_types/slug/{slug}/block_documents").content


def with_secrets(api: str) -> Iterator[tuple[str, bytes]]:
    """Yield the blocks that hold keys, with their secrets shown and their base64 opened."""
    address = f"{api}/block_types/slug/{TenantCertificates.get_block_type_slug()}/block_documents"
    found = httpx.get(address, params={"include_secrets": True}, trust_env=False, timeout=60).json()
    assert found
    for one in found:
        for name in ("tls_pkcs12", "wss_pkcs12"):
            yield f"block {one['name']} {name}", base64.b64decode(one["data"][name])


def backup(clinic: ClinicUnderTest, folder: Path) -> Path:
    """Back the database up as the guide says."""
    folder.mkdir()
    source, copy = (
        sqlite3.connect(one) for one in (clinic.settings.clinic_home / "clinic.db", folder / "b.db")
    )
    source.backup(copy)
    source.close()
    copy.close()
    return folder


def sent(clinic: ClinicUnderTest) -> Iterator[tuple[str, bytes]]:
    """Yield the mail to the office, written once more as it was: its Message-ID and requests are kept."""
    entry = progress(clinic.database, ACCOUNT)
    assert entry is not None
    letter = write_letter(entry, "clinic@clinic.example", "office@office.example", entry.message_id)
    return unpacked("mail to the office", letter.as_bytes())


def command(*arguments: str) -> bytes:
    """Run `erepo …` in a process of its own; return all that it says."""
    done = subprocess.run(
        [sys.executable, "-m", "erepo", *arguments], env=dict(os.environ), capture_output=True, check=False
    )
    return done.stdout + done.stderr


async def everything(
    clinic: ClinicUnderTest, cloud: RunningCloud, filled: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> bytes:
    """Run all flows and the commands that touch keys, well and badly; return what the commands said."""
    connection = str(filled["connection"])
    block = MailServer(
        host="127.0.0.1",
        port=free_port(),
        sender=filled["sender"],
        tls="none",
        timeout=2,
        password=SecretStr(MAIL_PASSWORD),
    )
    await block.asave(connection, overwrite=True)
    await onboard_clinic(**{**filled, "smtp_port": free_port()}, return_state=True)
    await onboard_clinic(**filled)
    await import_documents(connection, quiet_seconds=0)
    cloud.stop()
    await archive_documents(connection, return_state=True)
    cloud.start()
    await archive_documents(connection)
    monkeypatch.setenv("EREPO_KEY_PASSPHRASE", PASSPHRASE + " of somebody else")
    await archive_documents(connection, return_state=True)
    monkeypatch.setenv("EREPO_KEY_PASSPHRASE", PASSPHRASE)
    await diagnose(connection, return_state=True)
    said = command("diagnose", "--json", "--only", "keys", "--only", "channel")
    return said + command("secrets", "rotate-passphrase", "--without-prefect") + command("status", "--json")


async def test_no_secret_gets_out(  # noqa: PLR0917 — fixtures
    clinic: ClinicUnderTest,
    cloud: RunningCloud,
    office: RunningOffice,  # noqa: F811 — the fixture
    form: dict[str, Any],  # noqa: F811 — the fixture
    impatient: None,
    monkeypatch: pytest.MonkeyPatch,
    prefect_database: Path,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    """Prefect (API, database, storage), our databases, logs, arguments, mails and backups: zero hits."""
    caplog.set_level(logging.DEBUG)
    clinic.drop(4, seed=21)
    with watched_arguments() as arguments:
        said = await everything(clinic, cloud, form, monkeypatch)
    opened = bundles(clinic.database, ACCOUNT, clinic.settings.passphrase)
    passwords = forms(PASSPHRASE.encode()) | forms(MAIL_PASSWORD.encode())
    marks = forms_of_key(opened.tls.key) | forms_of_key(opened.wss.key) | passwords
    api, output = str(PREFECT_API_URL.value()), capfd.readouterr()
    homes = (clinic.settings.home, cloud.settings.home, office.home, backup(clinic, tmp_path / "backup"))
    places = [
        *answers(api),
        *with_secrets(api),
        *((place, text.encode()) for place, text in written(prefect_database, PREFECT_HOME.value())),
        *files(prefect_database.parent, *homes),
        *letters(office.home / "mail"),
        *sent(clinic),
        *((f"arguments {one[:40]!r}", one) for one in arguments),
        ("log", caplog.text.encode()),
        ("output", (output.out + output.err).encode()),
        ("service", "".join(cloud.log).encode()),
        ("commands", said),
    ]
    assert hits(marks, places) == set()
    first = login_file(clinic.settings, ACCOUNT)
    password = first.read_text().strip().partition(":")[2]
    assert hits(forms(password.encode()), places) == {str(first)}
    assert {"api logs", "api erepo-mail-server", "log", "commands"} <= {place for place, _ in places}
    assert any(place.startswith("mail ") and b"CERTIFICATE REQUEST" in octets for place, octets in places)
    assert len(arguments) >= 5
    # The scan would have seen them: what is sealed opens, and holds them.
    assert hits(marks, [("opened", opened.tls.to_pkcs12(b"x" * 8))]) == set()
    await files_are_private(clinic, cloud)


async def files_are_private(clinic: ClinicUnderTest, cloud: RunningCloud) -> None:
    """Files 0600, folders 0700, wherever keys or documents lie; public certificates may be read."""
    assert open_to_others(clinic.settings.clinic_home) - dropped(clinic) == set()
    others = open_to_others(cloud.settings.cloud_home)
    assert {one for one in others if not one.endswith(".pem")} == set()


def dropped(clinic: ClinicUnderTest) -> set[str]:
    """Return what the test itself has put into the drop folder."""
    return {str(one) for one in clinic.inbox.rglob("*")} | {str(clinic.inbox)}
