"""Renewing an account's certificates: beside each other, proven, then alone; never a moment without any."""

import json
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from sqlalchemy import select
from typer.testing import CliRunner

from erepo.acting import write_token
from erepo.cli.cloud import app
from erepo.cloud.audit.events import Event
from erepo.cloud.credentials import Issued, issue
from erepo.cloud.storage.database import Database
from erepo.cloud.storage.tables import audit_event
from erepo.pki.authority import Authority
from erepo.pki.bundle import Bundle
from erepo.pki.pem import write_certificates
from erepo.pki.tls import client_context
from erepo.soap.errors import FaultRefused
from erepo.xds import iti18
from tests.support.actors import DOCTOR
from tests.support.certificates import Recipe, unreadable_keys
from tests.support.cloud import RunningCloud, TenantCredentials
from tests.support.cloud_client import connected

_NUMBERS = count(4001)


@dataclass
class Account:
    """An active account, and what the service's authority issued for it later."""

    cloud: RunningCloud
    credentials: TenantCredentials
    authority: Authority

    @property
    def first(self) -> Issued:
        """The pair it was activated with."""
        return Issued(self.credentials.tls, self.credentials.wss)

    def newer(self, account: str = "", authority: Authority | None = None) -> Issued:
        """Return a further pair."""
        return issue(authority or self.authority, account or self.credentials.account, self.cloud.settings)

    def call(
        self, method: str, content: Any = None, *, tls: Bundle | None = None, wss: Bundle | None = None
    ) -> httpx.Response:
        """Ask with a TLS certificate; changes with a token, signed by the first WSS key if by no other."""
        context = client_context(tls or self.credentials.tls, self.cloud.ca.read_bytes())
        actor = replace(DOCTOR, organisation=self.credentials.account)
        headers, signer = {}, wss or (self.credentials.wss if method == "PUT" else None)
        if signer is not None:
            token = write_token(actor, signer, self.cloud.url, now=datetime.now(UTC))
            headers["authorization"] = f"Bearer {token}"
        with httpx.Client(verify=context, trust_env=False, timeout=60) as http:
            url = f"{self.cloud.url}/services/{self.credentials.account}/certificates"
            return http.request(method, url, json=content, headers=headers)

    def listed(self, **how: Any) -> dict[str, str]:
        """Return the states by fingerprint."""
        answer = self.call("GET", **how)
        assert answer.status_code == 200, answer.text
        return {each["fingerprint"]: each["state"] for each in answer.json()["certificates"]}


def body(pair: Issued, **more: Any) -> dict[str, Any]:
    """Return the body that registers a pair."""
    certificates = {"tls_certificate": pair.tls, "wss_certificate": pair.wss}
    return {name: each.certificate_pem.decode() for name, each in certificates.items()} | more


def states(active: list[Issued], retired: list[Issued] | None = None) -> dict[str, str]:
    """Return what a list of these pairs looks like."""
    found = {each.fingerprint: "active" for pair in active for each in (pair.tls, pair.wss)}
    return found | {each.fingerprint: "retired" for pair in retired or [] for each in (pair.tls, pair.wss)}


@pytest.fixture
def account(cloud: RunningCloud) -> Account:
    """An account of its own for each test."""
    home = cloud.home
    authority = Authority.load_or_create(home.folder / "ca", home.passphrase, "erepo cloud CA")
    return Account(cloud, cloud.add_tenant(f"{next(_NUMBERS):016}"), authority)


async def test_old_and_new_work_side_by_side_until_the_old_are_retired(account: Account) -> None:
    """A renewal from end to end: both pairs sign and connect, then the new one alone."""
    old, new = account.first, account.newer()
    for _ in range(2):
        answer = account.call("PUT", body(new), wss=old.wss)
        assert answer.status_code == 200, answer.text
    assert account.listed() == states([old, new])
    renewed = TenantCredentials(account.credentials.folder)
    renewed.__dict__.update(tls=new.tls, wss=new.wss)
    for credentials in (account.credentials, renewed):
        async with connected(credentials) as client:
            assert (await client.query(iti18.get_documents(unique_ids=["1.2.3"]))).errors == ()
    retired = account.call("PUT", body(new, retire_others=True), tls=new.tls, wss=new.wss)
    assert retired.status_code == 200, retired.text
    for _ in range(2):
        assert account.listed(tls=new.tls, wss=new.wss) == states([new], [old])
        again = account.call("PUT", body(new, retire_others=True), tls=new.tls, wss=new.wss)
        assert again.json() == retired.json()
    assert account.call("GET", tls=old.tls).status_code == 404
    assert account.call("GET", tls=new.tls, wss=old.wss).status_code == 403
    async with connected(renewed) as client:
        assert (await client.query(iti18.get_documents(unique_ids=["1.2.3"]))).errors == ()
    late = TenantCredentials(account.credentials.folder)
    late.__dict__.update(tls=new.tls, wss=old.wss)
    async with connected(late) as client:
        with pytest.raises(FaultRefused):
            await client.query(iti18.get_documents(unique_ids=["1.2.3"]))
    back = account.call("PUT", body(old), tls=new.tls, wss=new.wss)
    assert (back.status_code, back.json()["code"]) == (409, "certificates.retired")


def test_nothing_is_retired_before_the_new_pair_is_proven(account: Account) -> None:
    """Connection and token must be those of the pair that stays; otherwise everything stays as it is."""
    old, new, other = account.first, account.newer(), account.newer()
    unknown = account.call("PUT", body(new, retire_others=True), wss=old.wss)
    assert (unknown.status_code, unknown.json()["code"]) == (409, "certificates.not-proven")
    assert account.listed() == states([old])
    for pair in (new, other):
        assert account.call("PUT", body(pair)).status_code == 200
    for tls, wss in (
        (old.tls, new.wss),
        (new.tls, old.wss),
        (other.tls, other.wss),
        (new.tls, other.wss),
    ):
        refused = account.call("PUT", body(new, retire_others=True), tls=tls, wss=wss)
        assert (refused.status_code, refused.json()["code"]) == (409, "certificates.not-proven")
    assert account.listed() == states([old, new, other])
    assert account.call("PUT", body(new, retire_others=True), tls=new.tls, wss=new.wss).status_code == 200
    assert account.listed(tls=new.tls) == states([new], [old, other])


def test_every_unfit_certificate_is_refused_and_changes_nothing(account: Account) -> None:
    """Each defect has its code; the account's own certificates go on working."""
    good, name = account.newer(), account.credentials.account
    weak = rsa.generate_private_key(public_exponent=65537, key_size=1024)
    past = {"since": datetime.now(UTC) - timedelta(days=9), "until": datetime.now(UTC) - timedelta(days=1)}

    def made(purpose: str, **changes: Any) -> str:
        recipe = Recipe(common_name=f"{name} {purpose}", issuer=account.authority).but(**changes)
        return Bundle(recipe.key, recipe.make()).certificate_pem.decode()

    elsewhere = account.newer(authority=Authority.create("elsewhere"))
    foreign = account.newer("0000000000008888")
    bad = {
        "pki.wrong-purpose": {"tls_certificate": good.wss.certificate_pem.decode()},
        "pki.wrong-account": {"wss_certificate": foreign.wss.certificate_pem.decode()},
        "pki.untrusted-issuer": {"tls_certificate": elsewhere.tls.certificate_pem.decode()},
        "pki.expired": {"wss_certificate": made("WSS", **past)},
        "pki.not-yet-valid": {"wss_certificate": made("WSS", since=datetime.now(UTC) + timedelta(days=1))},
        "pki.weak-key": {"wss_certificate": made("WSS", key=weak)},
        "pki.missing-usage": {"tls_certificate": made("TLS", extended=None)},
        "pki.wrong-subject": {"tls_certificate": made("TLS", common_name="somebody")},
        "pki.self-signed": {"wss_certificate": made("WSS", issuer=None)},
        "pki.certificate-unreadable": {"wss_certificate": "nonsense"},
        "cloud.request-malformed": {"retire_others": "yes"},
    }
    for code, changes in bad.items():
        answer = account.call("PUT", body(good) | changes)
        assert (answer.status_code, answer.json()["code"]) == (400, code)
    for content in (None, [], {"tls_certificate": 7}, {"wss_certificate": good.wss.certificate_pem.decode()}):
        assert account.call("PUT", content).json()["code"] == "cloud.request-malformed"
    assert account.listed() == states([account.first])


def test_a_renewal_stands_in_the_record_and_in_the_operators_list(account: Account) -> None:
    """Who registered which certificates and retired the others; `tenant certificates` lists them all."""
    old, new = account.first, account.newer()
    account.call("PUT", body(new), wss=old.wss)
    account.call("PUT", body(new, retire_others=True), tls=new.tls, wss=new.wss)
    database = Database(account.cloud.settings.cloud_url)
    with database.everyone("a test looks") as connection:
        told = [Event.read(bytes(each)) for each in connection.scalars(select(audit_event.c.facts))]
    database.close()
    mine = [
        each
        for each in told
        if each.transaction == "certificates" and each.who.account == account.credentials.account
    ]
    assert [[one.detail for one in each.things] for each in mine] == [
        [new.tls.fingerprint, new.wss.fingerprint, "kept"],
        [new.tls.fingerprint, new.wss.fingerprint, "retired"],
    ]
    assert all(each.who.user for each in mine)
    runner = CliRunner(env=dict(account.cloud.environment) | {"EREPO_LANGUAGE": "en"})
    command = ["tenant", "certificates", account.credentials.account]
    found = json.loads(runner.invoke(app, [*command, "--json"]).stdout)
    assert found == account.call("GET", tls=new.tls).json()
    words = runner.invoke(app, command)
    assert words.exit_code == 0
    assert words.stdout.count("retired") == 2
    assert runner.invoke(app, ["tenant", "certificates", "0000000000009999"]).exit_code == 1


async def test_certificates_that_hide_a_broken_key_are_refused(account: Account) -> None:
    """A key that the library finds unreadable only when asked for it ends as a refusal, not as a failure."""
    new = account.newer()
    for bent in unreadable_keys(Recipe(common_name=f"{account.credentials.account} TLS")).values():
        content = body(new) | {"tls_certificate": write_certificates([bent]).decode()}
        answer = account.call("PUT", content)
        assert (answer.status_code, answer.json()["code"][:4]) == (400, "pki.")
    assert account.listed() == states([account.first])
