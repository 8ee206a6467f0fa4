"""The service and P1's stand-in, each a process of its own: registration as it goes, and goes wrong."""

import base64
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest

from tests.support.cloud import RunningCloud, TenantCredentials, running_cloud
from tests.support.p1 import RunningP1, running_p1

pytestmark = pytest.mark.one_store

_NUMBERS = count(6001)
PATH = "/p1/certificates"


@pytest.fixture(scope="module")
def p1(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningP1]:
    """P1's stand-in."""
    with running_p1(tmp_path_factory.mktemp("p1")) as running:
        yield running


@pytest.fixture(scope="module")
def cloud(p1: RunningP1, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningCloud]:
    """A service that asks it, and waits for it two seconds at most."""
    authority = p1.home.folder / "ca" / "services" / "ca.pem"
    settings = {"EREPO_P1__URL": p1.url, "EREPO_P1__CA": str(authority), "EREPO_HTTP__READ": "4"}
    with running_cloud(tmp_path_factory.mktemp("szar"), environment=settings) as running:
        yield running


class Clinic:
    """A provider with an account and with certificates in P1's old ciphers."""

    def __init__(self, p1: RunningP1, tenant: TenantCredentials, number: int) -> None:
        self.tenant = tenant
        resort_i = f"{number:012}"
        p1.provider(resort_i, legacy=True)
        folder: Path = p1.home.folder / "providers" / f"{resort_i}-old"
        words = orjson.loads((folder / "passwords.json").read_bytes())
        self.body = {
            name: value
            for slot in ("tls", "wss")
            for name, value in {
                f"{slot}_pkcs12": base64.b64encode((folder / words[slot]["file"]).read_bytes()).decode(),
                f"{slot}_password": words[slot]["password"],
            }.items()
        }

    def call(self, method: str, content: Any = None) -> httpx.Response:
        """Ask the service."""
        url = str(self.tenant.facts["service"]) + PATH
        with httpx.Client(verify=self.tenant.tls_context(), trust_env=False, timeout=90) as http:
            return http.request(method, url, json=content, headers=self.tenant.named())

    def put(self) -> httpx.Response:
        """Register the certificates."""
        return self.call("PUT", self.body)


@pytest.fixture
def clinic(p1: RunningP1, cloud: RunningCloud) -> Clinic:
    """One of its own for each test."""
    number = next(_NUMBERS)
    return Clinic(p1, cloud.add_tenant(f"{number:016}"), number)


def test_a_provider_registers_revokes_and_registers_again(clinic: Clinic) -> None:
    """The id of P1 comes back, the same again answers alike, and after a revocation the id serves on."""
    first = clinic.put()
    assert first.status_code == 200, first.text
    assert first.json()["state"] == "registered"
    assert clinic.put().json() == first.json() == clinic.call("GET").json()
    assert clinic.call("DELETE").json()["state"] == "none"
    again = clinic.put().json()
    assert (again["state"], again["repositoryId"]) == ("registered", first.json()["repositoryId"])


#: What goes wrong at P1, and what the clinic is told.
FAULTS = {
    ("szar-repository", "busy"): (503, "p1.unreachable"),
    ("szar-repository", "timeout"): (504, "p1.overdue"),
    ("szar-repository", "lost"): (504, "p1.overdue"),
    ("szar-repository", "unsigned"): (502, "p1.answer-unusable"),
    ("szar-repository", "forged"): (502, "p1.answer-unusable"),
    ("szar-repository", "no-id"): (502, "p1.repository-id-missing"),
    ("szar-repository", "wrong-id"): (502, "p1.repository-id-missing"),
    ("szar-repository", "reject"): (502, "p1.registration-refused"),
    ("szar-repository", "forbidden"): (502, "p1.registration-refused"),
    ("szar-repository", "exists"): (409, "p1.repository-exists"),
    ("szar-access", "busy"): (503, "p1.unreachable"),
    ("szar-access", "lost"): (504, "p1.overdue"),
    ("szar-access", "foreign"): (502, "p1.answer-unusable"),
    ("szar-access", "unreachable"): (502, "p1.registration-refused"),
}


@pytest.mark.parametrize(("service", "kind"), FAULTS, ids=lambda value: value)
def test_whatever_goes_wrong_at_p1_the_same_request_goes_on(
    p1: RunningP1, clinic: Clinic, service: str, kind: str
) -> None:
    """The certificates stay, the answer says what happened, and the next PUT ends registered."""
    p1.wrong(service, kind, seconds=7)
    failed = clinic.put()
    assert (failed.status_code, failed.json()["code"]) == FAULTS[service, kind], failed.text
    assert clinic.call("GET").json()["state"] == "stored"
    resumed = clinic.put()
    assert resumed.status_code == 200, resumed.text
    assert resumed.json()["state"] == "registered"


def test_the_manuals_cure_of_a_missing_id(p1: RunningP1, clinic: Clinic) -> None:
    """Certificates stored and no id (manual 2.1): revoke, register again."""
    p1.wrong("szar-repository", "no-id")
    assert clinic.put().json()["code"] == "p1.repository-id-missing"
    assert clinic.call("DELETE").status_code == 200
    assert clinic.put().json()["state"] == "registered"


def test_a_p1_that_is_not_there_is_told(tmp_path: Path, p1: RunningP1) -> None:
    """Nobody at the address, or no authority for it: a typed answer each, and the certificates stay."""
    authority = p1.home.folder / "ca" / "services" / "ca.pem"
    ways = {
        "p1.unreachable": {"EREPO_P1__URL": "https://127.0.0.1:9", "EREPO_P1__CA": str(authority)},
        "p1.not-configured": {"EREPO_P1__URL": p1.url, "EREPO_P1__CA": str(tmp_path / "none.pem")},
    }
    for code, settings in ways.items():
        with running_cloud(tmp_path / code, environment=settings) as cloud:
            clinic = Clinic(p1, cloud.tenant, next(_NUMBERS))
            failed = clinic.put()
            assert failed.json()["code"] == code, failed.text
            assert clinic.call("GET").json()["state"] == "stored"
