"""How the service behaves when certificates are revoked, or nobody can tell: at its doors and per message."""

import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from http.server import BaseHTTPRequestHandler
from itertools import count
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography.x509 import ocsp

from erepo.pki import Authority, Bundle, new_key
from erepo.pki.tls import client_context
from erepo.soap.errors import FaultRetryable, ForbiddenAnswer
from erepo.xds import iti18
from tests.support.certificates import Recipe
from tests.support.cloud import RunningCloud, TenantCredentials, running_cloud
from tests.support.cloud_client import connected, new_oid, one_document
from tests.support.revocation import Extension, World, hang_up, published_world, refusing
from tests.support.waiting import until

pytestmark = pytest.mark.one_store

SETTINGS = {"EREPO_REVOCATION__LOCAL_ADDRESSES": "true", "EREPO_REVOCATION__SECONDS": "30"}
_NUMBERS = count(7001)


@dataclass
class Service:
    """A service that trusts an authority which publishes."""

    cloud: RunningCloud
    world: World

    def pair(self, account: str, *extra: Extension, **changes: Any) -> tuple[Bundle, Bundle]:
        """Have a pair issued for an account, with these places to ask."""
        bundles = []
        for purpose in ("TLS", "WSS"):
            recipe = Recipe(
                key=new_key(),
                common_name=f"{account} {purpose}",
                issuer=self.world.place.authority,
                extra=extra,
            ).but(**changes)
            bundle = Bundle(recipe.key, recipe.make())
            self.world.issued[bundle.certificate.serial_number] = bundle.certificate
            bundles.append(bundle)
        return bundles[0], bundles[1]

    def account(self) -> TenantCredentials:
        """Add an account that works with certificates of the service's own authority."""
        return self.cloud.add_tenant(f"{next(_NUMBERS):016}")

    def put(self, old: TenantCredentials, pair: tuple[Bundle, Bundle]) -> httpx.Response:
        """Have the service register a further pair."""
        content = {
            name: each.certificate_pem.decode()
            for name, each in zip(("tls_certificate", "wss_certificate"), pair, strict=True)
        }
        with httpx.Client(verify=old.tls_context(), trust_env=False, timeout=60) as http:
            url = f"{self.cloud.url}/services/{old.account}/certificates"
            return http.put(url, json=content, headers=old.named())

    def renewed(self, *extra: Extension) -> TenantCredentials:
        """Add an account and give it a pair of the authority."""
        old = self.account()
        pair = self.pair(old.account, *extra)
        answer = self.put(old, pair)
        assert answer.status_code == 200, answer.text
        fresh = TenantCredentials(old.folder)
        fresh.__dict__.update(tls=pair[0], wss=pair[1])
        return fresh

    def restart(self) -> None:
        """End the service and start it again: it brings its lists up to date at once."""
        assert self.cloud.stop() == 0
        self.cloud.start()

    def state(self, credentials: TenantCredentials) -> httpx.Response:
        """Ask for the account's state."""
        with httpx.Client(verify=credentials.tls_context(), trust_env=False, timeout=60) as http:
            return http.get(f"{self.cloud.url}/services/{credentials.account}")

    def age(self) -> None:
        """Let the kept lists be as if they had been fetched four days ago."""
        then = time.time() - timedelta(days=4).total_seconds()
        for file in (self.cloud.settings.cloud_home / "crl").glob("*.crl"):
            os.utime(file, (then, then))


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    """A service of the test's own, running."""
    with (
        published_world(tmp_path) as world,
        running_cloud(tmp_path, start=False, environment=SETTINGS) as cloud,
    ):
        cloud.home.add_trust(world.place.authority.pem)
        cloud.start()
        yield Service(cloud, world)


def _late(_handler: BaseHTTPRequestHandler) -> bool:
    return refusing(ocsp.OCSPResponseStatus.TRY_LATER)(_handler)


def test_new_certificates_are_asked_about_at_the_door(service: Service) -> None:
    """Each way to be revoked, or not to be proven, has its status and code; nothing is registered."""
    place, old = service.world.place, service.account()
    lists, responder = place.extensions(crl=True), place.extensions(ocsp=True)

    def refused(pair: tuple[Bundle, Bundle]) -> tuple[int, str]:
        answer = service.put(old, pair)
        assert set(answer.json()["cause"]) == {"pl", "en"}
        return answer.status_code, answer.json()["code"]

    for extra, code in ((lists, "pki.revoked-by-crl"), (responder, "pki.revoked-by-ocsp")):
        pair = service.pair(old.account, *extra)
        place.revoke(pair[1].certificate)
        assert refused(pair) == (400, code)
    fresh_lists, fresh = service.pair(old.account, *lists), service.pair(old.account, *responder)
    place.answer = hang_up
    assert refused(fresh) == (503, "pki.ocsp-unreachable")
    place.answer = _late
    assert refused(fresh) == (503, "pki.ocsp-busy")
    place.answer = lambda _handler: False
    place.signer = Authority.create("Publishing authority")
    assert refused(fresh_lists) == (502, "pki.crl-forged")
    assert refused(fresh) == (502, "pki.ocsp-forged")
    place.signer, place.made = None, timedelta(days=-1, hours=2)
    assert service.put(old, fresh).status_code == 502
    place.made = timedelta(0)
    with httpx.Client(verify=old.tls_context(), trust_env=False, timeout=60) as http:
        listed = http.get(f"{service.cloud.url}/services/{old.account}/certificates").json()
    assert len(listed["certificates"]) == 2
    assert service.put(old, fresh).status_code == 200
    assert service.put(old, fresh_lists).status_code == 200


def test_a_number_given_twice_is_refused(service: Service) -> None:
    """TLS and WSS with one number, and a new one with the number of a registered one, are refused."""
    old = service.account()
    twins = service.pair(old.account, serial=4711)
    answer = service.put(old, twins)
    assert (answer.status_code, answer.json()["code"]) == (400, "pki.serial-twice")
    good = service.pair(old.account)
    assert service.put(old, good).status_code == 200
    tls, _ = service.pair(old.account, serial=good[1].certificate.serial_number)
    answer = service.put(old, (tls, good[1]))
    assert (answer.status_code, answer.json()["code"]) == (400, "pki.serial-twice")


def test_activation_asks_the_authority(service: Service) -> None:
    """An ordered account is not activated with a revoked certificate; with a good one it is."""
    account, place = f"{next(_NUMBERS):016}", service.world.place
    service.cloud.order(account)

    def activate(pair: tuple[Bundle, Bundle]) -> httpx.Response:
        context = client_context(pair[0], service.cloud.ca.read_bytes())
        with httpx.Client(verify=context, trust_env=False, timeout=60) as http:
            url = f"{service.cloud.url}/services/{account}/activation"
            return http.post(url, json={"wss_certificate": pair[1].certificate_pem.decode()})

    bad, good = (service.pair(account, *place.extensions(crl=True)) for _ in range(2))
    place.revoke(bad[0].certificate)
    answer = activate(bad)
    assert (answer.status_code, answer.json()["code"]) == (400, "pki.revoked-by-crl")
    assert activate(good).status_code == 200


async def test_a_revoked_account_is_shut_out_when_the_list_comes(service: Service) -> None:
    """After the next refresh neither a message nor a connection of a revoked certificate is served."""
    place = service.world.place
    signing = service.renewed(*place.extensions(crl=True))
    calling = service.renewed(*place.extensions(crl=True))
    async with connected(signing) as client:
        assert (await client.provide(one_document(b"<a/>"))).errors == ()
    place.made = timedelta(seconds=-2)
    place.revoke(signing.wss.certificate)
    place.revoke(calling.tls.certificate)
    service.restart()
    until(lambda: service.state(calling).status_code == 403)
    refused = service.state(calling).json()
    assert refused["code"] == "certificates.revoked"
    assert "ujawnienie klucza" in refused["cause"]["pl"]
    assert f"{calling.tls.certificate.serial_number:X}" in refused["cause"]["en"]
    assert service.state(signing).status_code == 200
    other = service.pair(signing.account)
    answer = service.put(signing, other)
    assert (answer.status_code, answer.json()["code"]) == (403, "certificates.signer-revoked")
    assert "ujawnienie klucza" in answer.json()["cause"]["pl"]
    async with connected(signing) as client:
        with pytest.raises(ForbiddenAnswer):
            await client.provide(one_document(b"<b/>"))
        with pytest.raises(ForbiddenAnswer):
            await client.query(iti18.get_documents(unique_ids=["1.2.3"]))


async def test_where_the_list_is_stale_own_documents_are_read_and_nothing_is_changed(
    service: Service,
) -> None:
    """An authority that is silent for days stops deposits, never the reading of what is there."""
    place = service.world.place
    place.life = timedelta(days=365)
    tenant = service.renewed(*place.extensions(crl=True))
    unique_id = new_oid()
    submission = one_document(b"<mine/>", unique_id=unique_id)
    async with connected(tenant) as client:
        assert (await client.provide(submission)).errors == ()
    place.answer = hang_up
    service.age()
    service.restart()
    async with connected(tenant) as client:
        with pytest.raises(FaultRetryable):
            await client.provide(one_document(b"<more/>"))
        with pytest.raises(FaultRetryable):
            await client.remove_documents("1.2.3")
        found = await client.query(iti18.get_documents(unique_ids=[unique_id]))
        assert found.errors == ()
        (document,) = (await client.retrieve(unique_id)).documents
        assert b"".join(document.content.chunks()) == b"<mine/>"
    assert service.state(tenant).status_code == 200
    until(lambda: any("certificates.status-stale" in line for line in service.cloud.log))
    place.answer = lambda _handler: False
    service.restart()
    kept = [*(service.cloud.settings.cloud_home / "crl").glob("*.crl")]
    until(lambda: all(time.time() - file.stat().st_mtime < 3600 for file in kept))
    async with connected(tenant) as client:
        assert (await client.provide(one_document(b"<more/>"))).errors == ()
