"""Activation of an ordered account and its state over REST."""

import asyncio
from pathlib import Path

import httpx
import orjson
import pytest

from erepo.cloud.credentials import Issued, issue
from erepo.pki.authority import Authority
from erepo.pki.tls import client_context
from tests.support.cloud import ACCOUNT, RunningCloud, TenantCredentials
from tests.support.cloud_client import connected, one_document

ORDERED = iter(f"00000000000050{number:02d}" for number in range(1200))


@pytest.fixture(scope="module")
def office(cloud: RunningCloud) -> Authority:
    """An authority that the operator trusts while the service runs."""
    authority = Authority.create("certificate office")
    cloud.home.add_trust(authority.pem)
    return authority


class Clinic:
    """An ordered account with certificates of the office."""

    def __init__(self, cloud: RunningCloud, office: Authority) -> None:
        self.account = next(ORDERED)
        cloud.order(self.account)
        self.cloud = cloud
        self.issued: Issued = issue(office, self.account, cloud.settings)

    async def call(self, method: str, path: str, content: object = None) -> httpx.Response:
        """Send one request with the account's TLS certificate."""
        context = client_context(self.issued.tls, self.cloud.ca.read_bytes())
        with httpx.Client(verify=context, trust_env=False, timeout=60) as http:
            return http.request(method, f"{self.cloud.url}/services/{path}", content=orjson.dumps(content))  # noqa: ASYNC212  # another process answers

    async def activate(self, pem: bytes | None = None, account: str = "") -> httpx.Response:
        """Ask for activation with the WSS certificate."""
        pem = pem or self.issued.wss.certificate_pem
        return await self.call(
            "POST", f"{account or self.account}/activation", {"wss_certificate": pem.decode()}
        )


@pytest.fixture
async def clinic(cloud: RunningCloud, office: Authority) -> Clinic:
    """A clinic whose certificates the running service already accepts."""
    clinic = Clinic(cloud, office)
    for _ in range(1200):
        try:
            await clinic.call("GET", clinic.account)
        except httpx.TransportError:
            await asyncio.sleep(0.1)
            continue
        return clinic
    raise AssertionError("the service did not take up the authority")


async def test_activation_makes_the_account_work(clinic: Clinic, tmp_path: Path) -> None:
    """Before activation the account is unknown; afterwards it has identifiers and takes documents."""
    assert (await clinic.call("GET", clinic.account)).status_code == 404
    response = await clinic.activate()
    assert response.status_code == 200
    facts = response.json()
    assert facts["account"] == clinic.account
    assert {"repositoryUniqueId", "homeCommunityId", "sourceId", "registry", "repository"} <= facts.keys()
    assert {"serviceSigner", "validUntil", "limitBytes", "limitDocuments"} <= facts.keys()
    (tmp_path / "account.json").write_bytes(orjson.dumps(facts))
    (tmp_path / "ca.pem").write_bytes(clinic.cloud.ca.read_bytes())
    credentials = TenantCredentials(tmp_path)
    credentials.__dict__.update(tls=clinic.issued.tls, wss=clinic.issued.wss)
    async with connected(credentials) as client:
        assert (await client.provide(one_document(b"abc"))).errors == ()
    state = (await clinic.call("GET", clinic.account)).json()
    assert (state["usedBytes"], state["usedDocuments"]) == (3, 1)


async def test_activation_again_answers_the_same(clinic: Clinic) -> None:
    """A client whose answer was lost activates again and gets the same answer."""
    first, second = await clinic.activate(), await clinic.activate()
    assert (first.status_code, first.content) == (second.status_code, second.content)


async def test_an_active_account_is_not_taken_over(clinic: Clinic, office: Authority) -> None:
    """Other certificates of the same account cannot activate it a second time."""
    await clinic.activate()
    clinic.issued = issue(office, clinic.account, clinic.cloud.settings)
    assert (await clinic.activate()).status_code == 409


async def test_nobody_activates_another_account(clinic: Clinic) -> None:
    """Foreign, unknown and active accounts answer alike."""
    other = next(ORDERED)
    clinic.cloud.order(other)
    answers = [await clinic.activate(account=account) for account in (other, "0000000000009999", ACCOUNT)]
    assert {answer.status_code for answer in answers} == {404}
    assert len({answer.content for answer in answers}) == 1


@pytest.mark.parametrize("swapped", ["tls", "foreign", "untrusted", "nonsense", "missing"])
async def test_unfit_wss_certificates_are_named(clinic: Clinic, office: Authority, swapped: str) -> None:
    """A wrong second certificate is refused with its own code, in both languages, and changes nothing."""
    elsewhere = issue(Authority.create("elsewhere"), clinic.account, clinic.cloud.settings)
    pem = {
        "tls": clinic.issued.tls.certificate_pem,
        "foreign": issue(office, next(ORDERED), clinic.cloud.settings).wss.certificate_pem,
        "untrusted": elsewhere.wss.certificate_pem,
        "nonsense": b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
        "missing": b" ",
    }[swapped]
    response = await clinic.activate(pem)
    assert response.status_code == 400
    problem = response.json()
    assert problem["cause"].keys() == problem["cure"].keys() == {"pl", "en"}
    assert (await clinic.call("GET", clinic.account)).status_code == 404


async def test_bodies_that_cannot_be_read_are_refused(clinic: Clinic) -> None:
    """JSON of another shape, and bodies above the limit, are refused."""
    for content in (None, [], {"wss_certificate": 1}, {"other": ""}):
        response = await clinic.call("POST", f"{clinic.account}/activation", content)
        assert (response.status_code, response.json()["code"]) == (400, "cloud.request-malformed")
    large = await clinic.call("POST", f"{clinic.account}/activation", {"wss_certificate": "x" * 100_000})
    assert large.status_code == 413


async def test_wrong_methods_are_told(clinic: Clinic) -> None:
    """An own endpoint called with another method answers 405 and the allowed one."""
    response = await clinic.call("GET", f"{clinic.account}/activation")
    assert (response.status_code, response.headers["allow"]) == (405, "POST")
