"""The record of a running service: read by its account, sent away, shown and proven by commands."""

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from erepo.acting import Actor, write_token
from erepo.cloud.audit.outbox import lag
from erepo.cloud.storage.database import Database
from tests.support.actors import DOCTOR
from tests.support.cloud import ACCOUNT, RunningCloud, TenantCredentials, running_cloud
from tests.support.cloud_client import connected, one_document
from tests.support.spoken import OTHER
from tests.support.syslog_server import syslog_server
from tests.support.waiting import until

pytestmark = pytest.mark.one_store


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningCloud]:
    """A service with two accounts whose first one has stored seven documents."""
    with running_cloud(tmp_path_factory.mktemp("lived")) as cloud:
        cloud.add_tenant(OTHER)
        asyncio.run(store(cloud, 7))
        yield cloud


async def store(cloud: RunningCloud, count: int) -> None:
    """Store documents."""
    async with connected(cloud.tenant) as client:
        for _ in range(count):
            await client.provide(one_document(b"<a/>"))


def page(tenant: TenantCredentials, **parameters: object) -> dict[str, object]:
    """Return a page of an account's record."""
    service = str(tenant.facts["service"])
    audience = service.removesuffix(f"/services/{tenant.account}")
    token = write_token(_doctor(tenant), tenant.wss, audience, now=datetime.now(UTC))
    with httpx.Client(verify=tenant.tls_context(), trust_env=False, timeout=60) as http:
        answer = http.get(f"{service}/audit", params=parameters, headers={"authorization": f"Bearer {token}"})
    assert answer.status_code == 200, answer.text
    content: dict[str, object] = answer.json()
    return content


def _doctor(tenant: TenantCredentials) -> Actor:
    return replace(DOCTOR, organisation=tenant.account)


def test_an_account_reads_its_record_page_by_page(lived: RunningCloud) -> None:
    """Pages follow each other without gap or repetition, and the same page is the same again."""
    seen: list[int] = []
    after = 0
    while True:
        found = page(lived.tenant, after=after, limit=3)
        again = page(lived.tenant, after=after, limit=3)
        events = found["events"]
        assert isinstance(events, list)
        assert events == again["events"][: len(events)]  # type: ignore[index]
        seen += [event["number"] for event in events]
        if len(seen) >= 7:
            break
        after = int(str(found["next"]))
    assert seen == list(range(1, len(seen) + 1))
    first = page(lived.tenant, after=1, limit=1)["events"][0]  # type: ignore[index]
    assert (first["transaction"], first["who"]["account"]) == ("ITI-41", ACCOUNT)
    assert {thing["kind"] for thing in first["things"]} == {"patient", "set", "document"}


def test_an_account_does_not_see_who_the_operator_is(lived: RunningCloud) -> None:
    """What the operator decided is shown; with which login, on which machine, is the operator's business."""
    first = page(lived.tenant, limit=1)["events"][0]  # type: ignore[index]
    assert first["transaction"] == "operator: tenant add"
    assert (first["who"]["user"], first["who"]["address"]) == ("operator", "")


def test_an_account_reads_nobody_elses_record(lived: RunningCloud) -> None:
    """The second account sees only that it looked; the first one's path does not exist for it."""
    other = TenantCredentials(lived.tenant.folder.with_name(OTHER))
    page(other)
    events = page(other)["events"]
    assert isinstance(events, list)
    assert {event["transaction"] for event in events} == {"audit", "operator: tenant add"}
    with httpx.Client(verify=other.tls_context(), trust_env=False, timeout=60) as http:
        answer = http.get(f"{lived.url}/services/{ACCOUNT}/audit")
        unknown = http.get(f"{lived.url}/services/9999999999999999/audit")
    assert (
        (answer.status_code, answer.content)
        == (unknown.status_code, unknown.content)
        == (404, answer.content)
    )


@pytest.mark.parametrize(
    "query", ["after=-1", "after=1&after=2", "limit=0", "limit=501", "since=1", "after=", "&" * 20]
)
def test_wrong_parameters_are_refused(lived: RunningCloud, query: str) -> None:
    """What is no number in its range, given twice or unknown is refused."""
    service, tenant = str(lived.tenant.facts["service"]), lived.tenant
    audience = service.removesuffix(f"/services/{ACCOUNT}")
    token = write_token(_doctor(tenant), tenant.wss, audience, now=datetime.now(UTC))
    with httpx.Client(verify=tenant.tls_context(), trust_env=False, timeout=60) as http:
        answer = http.get(f"{service}/audit?{query}", headers={"authorization": f"Bearer {token}"})
    assert answer.status_code == 400


def command(cloud: RunningCloud, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run `erepo cloud audit …` on the service's machine."""
    return subprocess.run(
        [sys.executable, "-m", "erepo", "cloud", "audit", *arguments],
        env={**os.environ, **cloud.environment, "EREPO_LANGUAGE": "en"},
        capture_output=True,
        text=True,
        check=False,
        timeout=200,
    )


def test_the_operator_shows_events_without_people(lived: RunningCloud) -> None:
    """`audit show` names no person or document unless asked for, filters, and is itself recorded."""
    plain = command(lived, "show", ACCOUNT, "--transaction", "ITI-41", "--json")
    assert plain.returncode == 0, plain.stderr
    assert DOCTOR.id not in plain.stdout
    events = json.loads(plain.stdout)
    assert len(events) == 7
    assert events[0]["things"] == {"patient": 1, "set": 1, "document": 1}
    full = command(lived, "show", ACCOUNT, "--transaction", "ITI-41", "--limit", "2", "--full")
    assert DOCTOR.id in full.stdout
    refused = command(lived, "show", ACCOUNT, "--outcome", "minor", "--since", "2020-01-01", "--json")
    assert json.loads(refused.stdout) == []
    looked = json.loads(command(lived, "show", ACCOUNT, "--transaction", "operator", "--json").stdout)
    assert [event["transaction"] for event in looked][-3:] == ["operator: audit show"] * 3
    assert command(lived, "show", "9999999999999999").returncode == 1
    assert command(lived, "show", "nobody", "--json").returncode == 0


def test_the_operator_proves_the_record(lived: RunningCloud, tmp_path: Path) -> None:
    """`audit verify` exits with 0 where all is intact, and its anchors hold later on."""
    anchors = str(tmp_path / "anchors.json")
    proven = command(lived, "verify", "--save-anchors", anchors, "--json")
    assert proven.returncode == 0, proven.stderr
    report = json.loads(proven.stdout)
    assert report["intact"]
    assert {chain["account"] for chain in report["chains"]} == {"nobody", ACCOUNT, OTHER}
    assert page(lived.tenant)["account"] == ACCOUNT
    again = command(lived, "verify", "--anchors", anchors)
    assert again.returncode == 0
    assert "intact" in again.stdout
    forged = Path(anchors).read_text().replace('"hash": "', '"hash": "00')
    Path(anchors).write_text(forged)
    broken = command(lived, "verify", "--account", ACCOUNT, "--anchors", anchors)
    assert broken.returncode == 1
    assert "BROKEN" in broken.stdout
    assert command(lived, "verify", "--anchors", str(tmp_path / "absent")).returncode == 1


async def test_a_service_sends_its_record(tmp_path: Path) -> None:
    """With a sink every event reaches the repository as an audit message."""
    with syslog_server(tmp_path / "repository") as server:
        sink = server.sink
        environment = {
            "EREPO_AUDIT__SINK": sink.sink,
            "EREPO_AUDIT__CA": str(sink.ca),
            "EREPO_AUDIT__CERTIFICATE": str(sink.certificate),
            "EREPO_AUDIT__KEY": str(sink.key),
        }
        with running_cloud(tmp_path, environment=environment) as cloud:
            await store(cloud, 5)
            database = Database(cloud.settings.cloud_url)
            until(lambda: lag(database).events == 0)
            database.close()
            assert cloud.stop() == 0
        types = [each.find("EventIdentification/EventTypeCode") for each in server.audit_messages]
        codes = [each.get("csd-code") for each in types if each is not None]
        assert codes.count("ITI-41") == 5
