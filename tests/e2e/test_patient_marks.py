"""E: PESEL and names in no URL, log or metric; in the service's database only where the work needs them."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import httpx
import pytest
from typer.testing import CliRunner

from erepo.cli.cloud import app
from erepo.pki.bundle import Bundle
from erepo.pki.tls import client_context
from tests.erepo.portal.test_own_documents import give
from tests.support.abroad import LETTERS, AbroadWorld, abroad_world
from tests.support.cda_documents import document
from tests.support.cloud import RunningCloud
from tests.support.cloud_client import connected, new_oid, one_document
from tests.support.patients_own import pdf
from tests.support.portal import OTHER, PESEL, World, portal_world
from tests.support.prefect import written
from tests.support.xds import PATIENT

pytestmark = pytest.mark.xdist_group("p1-abroad")
REASON, MATTER, TITLE = "Powód Gżegżółki", "Sprawa Gżegżółki", "Wynik Gżegżółki"
WINDOW = {"validFrom": "2020-01-01T00:00:00Z", "validUntil": "2099-01-01T00:00:00Z"}
#: Where a patient's number stands in plain: what queries by patient look up (ITI-18), the consents that
#: name it, and the record that has to say whose documents were read (ITI-20).
NEEDED = {"registry_object", "consent", "consent_document", "consent_access", "audit_event", "p1_audit"}


@pytest.fixture(scope="module")
def abroad(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AbroadWorld]:
    """The service, P1 and another provider."""
    with abroad_world(tmp_path_factory.mktemp("abroad")) as running:
        yield running


@pytest.fixture(scope="module")
def portal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """The portal beside a service."""
    with portal_world(tmp_path_factory.mktemp("portal")) as running:
        yield running


def plain(cloud: RunningCloud, marks: set[str]) -> set[str]:
    """Return the tables of the service whose plain columns hold a mark."""
    found = written(cloud.settings.cloud_home / "cloud.db")
    return {where.partition(" ")[2] for where, text in found if any(one in text for one in marks)}


def told(cloud: RunningCloud) -> str:
    """Return what the service wrote to its log."""
    return "".join(cloud.log)


def test_the_look_at_tables_sees_what_is_there(tmp_path: Path) -> None:
    """A number in a text and in a blob is found."""
    with closing(sqlite3.connect(tmp_path / "cloud.db")) as connection, connection:
        connection.execute("CREATE TABLE a (b TEXT)")
        connection.execute("CREATE TABLE c (d BLOB)")
        connection.execute("INSERT INTO a VALUES (?)", (f"x{PESEL}",))
        connection.execute("INSERT INTO c VALUES (?)", (PESEL.encode(),))
    found = {where for where, text in written(tmp_path / "cloud.db") if PESEL in text}
    assert found == {"table a", "table c"}


async def test_finding_and_fetching_in_p1_leaves_no_patient(
    abroad: AbroadWorld, caplog: pytest.LogCaptureFixture
) -> None:
    """Searches and fetches, allowed, denied and failing, in an emergency too: nobody's name stays."""
    caplog.set_level("DEBUG")
    unique_id = await abroad.publish()
    one = abroad.found(unique_id)
    abroad.fetch(one)
    abroad.permit(unique_id)
    assert abroad.fetch(one).status_code == 200
    abroad.search(purpose="BTG", reason=REASON)
    for service in ("token", "iti-18", "soz", "szar-read"):
        for kind in ("busy", "forged", "reject"):
            abroad.own.p1.wrong(service, kind)
            abroad.search()
            abroad.fetch(one)
    abroad.own.p1.home.store.clear_faults()
    abroad.search(patient={**LETTERS, "extension": [PATIENT.id]})
    marks = {PATIENT.id, REASON}
    sandbox = (abroad.own.p1.home.folder.parent / "p1.log").read_text()
    texts = {"service": told(abroad.own.cloud), "sandbox": sandbox, "metrics": metrics(abroad.own.cloud)}
    assert {name for name, text in texts.items() if any(one in text for one in marks)} == set()
    assert plain(abroad.own.cloud, {PATIENT.id}) <= NEEDED
    assert plain(abroad.own.cloud, {REASON}) <= {"audit_event", "p1_audit"}
    ours = [each.getMessage() for each in caplog.records if not each.name.startswith("tests")]
    assert not [each for each in ours if PATIENT.id in each]


async def test_patients_at_the_portal_leave_nothing_in_plain(
    portal: World, caplog: pytest.LogCaptureFixture
) -> None:
    """Invited, signed in, refused, shown, giving, revoked: in logs, metrics, addresses and tables nothing."""
    caplog.set_level("DEBUG")
    unique_id, owner = new_oid(), portal.sharing.owner
    async with connected(owner) as client:
        assert not (await client.provide(one_document(document(), unique_id=unique_id))).errors
    shared = portal.sharing.give(unique_id, recipient={"kind": "patient"}, case=MATTER, **WINDOW)
    assert shared.status_code == 201, shared.text
    urls: list[str] = []
    for pesel, to in ((PESEL, "jan@poczta.example"), (OTHER, "anna@poczta.example")):
        assert portal.invite(pesel, to).status_code == 201
        browser = portal.browser()
        browser.http.event_hooks["response"] = [lambda answer: urls.append(note(answer))]
        challenge = browser.ask(pesel).json()["challenge"]
        portal.code(to)
        refused = browser.type_code(challenge, "00000000")
        assert refused.status_code >= 400
        browser.sign_in(pesel, to)
        browser.get("/documents")
        given = give(
            browser, pdf(), owner.account, **{"x-erepo-title": "Wynik%20G%C5%BCeg%C5%BC%C3%B3%C5%82ki"}
        )
        assert given.status_code < 300, given.text
        give(browser, b"no document", owner.account)
    portal.invite(PESEL, "x@y", patient={"root": "1", "extension": PESEL})
    assert portal.sharing.revoke(shared.json()["id"]).status_code == 200
    marks = {PESEL, OTHER, MATTER, TITLE, "jan@poczta.example", "anna@poczta.example"}
    cloud = portal.sharing.cloud
    own = "\n".join(
        one.getMessage() for one in caplog.records if one.name.split(".")[0] in ("erepo", "uvicorn")
    )
    texts = {"service": told(cloud), "portal": own, "metrics": metrics(cloud), "addresses": "\n".join(urls)}
    assert {name for name, text in texts.items() if any(one in text for one in marks)} == set()
    assert plain(cloud, {PESEL, OTHER}) <= NEEDED
    assert plain(cloud, {TITLE, "jan@poczta.example", "anna@poczta.example"}) == set()
    assert "/portal/api" in own


def note(answer: httpx.Response) -> str:
    """Return what of an exchange ends in logs of proxies: address, and where it leads."""
    return f"{answer.request.url} {answer.headers.get('location', '')}"


def metrics(cloud: RunningCloud) -> str:
    """Return what the operator's system reads."""
    folder = cloud.settings.cloud_home.parent / "an-operator"
    if not folder.exists():
        order = ["operator", "add", "--credentials", str(folder)]
        assert CliRunner(env=dict(cloud.environment)).invoke(app, order).exit_code == 0
    own = Bundle.from_pem((folder / "tls.pem").read_bytes(), (folder / "tls.key").read_bytes())
    context = client_context(own, (folder / "ca.pem").read_bytes())
    with httpx.Client(verify=context, base_url=cloud.url, trust_env=False, timeout=60) as http:
        answer = http.get("/metrics")
    assert answer.status_code == 200
    return answer.text
