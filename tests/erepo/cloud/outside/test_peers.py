"""Whose certificate it is, what it may do, and how the door is opened; without a network."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID

from erepo.acting import AssertionRefused
from erepo.cloud.outside.errors import DoorMisconfigured, SenderRefused, StandingUnknown
from erepo.cloud.outside.opening import Outside
from erepo.cloud.outside.peers import Peers
from erepo.p1.bearers import TokenSigners
from erepo.pki import Authority, new_key
from erepo.pki.bundle import fingerprint
from erepo.pki.pem import write_certificates
from erepo.pki.revocation import Revocation
from erepo.pki.trust import TrustStore
from erepo.settings import P1Settings, RevocationSettings, Settings
from tests.support.certificates import Recipe, root
from tests.support.national import rsa_key
from tests.support.ports import free_port
from tests.support.revocation import list_at

pytestmark = pytest.mark.one_store
NOW = datetime.now(UTC)
NUMBER = "000000011111"
SIGNING = (ExtendedKeyUsageOID.EMAIL_PROTECTION,)


@dataclass
class Place:
    """Authorities of connections, of signatures and of accounts, and what believes the first two."""

    tls: Authority
    wss: Authority
    tenants: Authority
    peers: Peers

    def connection(self, name: str = f"Podmiot {NUMBER} TLS", **changes: Any) -> x509.Certificate:
        """Issue a certificate for connections."""
        return Recipe(common_name=name, issuer=self.tls).but(**changes).make()

    def signer(self, name: str = f"Podmiot {NUMBER} WSS", **changes: Any) -> x509.Certificate:
        """Issue a certificate for signatures."""
        recipe = Recipe(key=rsa_key(), common_name=name, issuer=self.wss, extended=SIGNING)
        return recipe.but(**changes).make()


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """Three authorities, and the settings that name two of them."""
    folder = tmp_path_factory.mktemp("peers")
    tls, wss, tenants = (root(name) for name in ("P1 TLS", "P1 WSS", "office"))
    files = {"tls": tls, "wss": wss, "token": root("P1 token")}
    for name, authority in files.items():
        (folder / f"{name}.pem").write_bytes(authority.pem)
    settings = opened(folder)
    revocation = Revocation(RevocationSettings(local_addresses=True, seconds=1), folder / "crl")
    yield Place(tls, wss, tenants, Peers.of(settings, revocation))
    revocation.close()


def opened(folder: Path, **changes: Any) -> Settings:
    """Return settings of an open door."""
    given = {
        "token_issuer": "urn:p1",
        "token_ca": folder / "token.pem",
        "providers_tls_ca": folder / "tls.pem",
        "providers_wss_ca": folder / "wss.pem",
        "audit_sink": "syslog+tls://127.0.0.1:6514",
        **changes,
    }
    return Settings(_env_file=None, p1=P1Settings(**given))


def test_a_certificate_is_p1s_or_an_accounts(place: Place) -> None:
    """P1's authority of connections makes it P1's, unless an account's authority has issued it, too."""
    tenants, p1 = TrustStore([place.tenants.certificate]), place.connection()
    both = TrustStore([place.tenants.certificate, place.tls.certificate])
    ours = Recipe(issuer=place.tenants).make()
    for certificate, believed, told in (
        (p1, tenants, True),
        (p1, both, False),
        (ours, tenants, False),
        (place.signer(), tenants, False),
    ):
        for _ in range(2):  # the second time from memory
            assert place.peers.issued(fingerprint(certificate), certificate, believed) is told


def test_a_provider_is_named_once(place: Place) -> None:
    """Resort code part I stands in the subject once; nobody, two, or a longer number is no provider."""
    assert place.peers.connection(place.connection(), NOW) == NUMBER
    for name in ("Podmiot TLS", f"{NUMBER} {NUMBER[:-1]}2 TLS", f"{NUMBER}9 TLS"):
        with pytest.raises(SenderRefused):
            place.peers.connection(place.connection(name), NOW)


UNFIT: dict[str, dict[str, Any]] = {
    "over": {"since": NOW - timedelta(days=9), "until": NOW - timedelta(days=1)},
    "an authority": {"basic": x509.BasicConstraints(ca=True, path_length=0)},
    "for servers": {"extended": (ExtendedKeyUsageOID.SERVER_AUTH,)},
    "of nobody": {"issuer": None},
}


@pytest.mark.parametrize("defect", UNFIT)
def test_a_connection_must_be_in_force(place: Place, defect: str) -> None:
    """Time, purpose and authority of the connection's certificate are proven at each request."""
    with pytest.raises(SenderRefused):
        place.peers.connection(place.connection(**UNFIT[defect]), NOW)


def test_the_signer_is_the_connections_provider(place: Place) -> None:
    """Another provider, a certificate for connections, one of another authority and one key for both fail."""
    peer = place.connection()
    place.peers.signer(place.signer(), peer, NOW)
    own = Recipe(key=rsa_key(), common_name=f"Podmiot {NUMBER} TLS", issuer=place.tls).make()
    for wrong, whose in (
        (place.signer(f"Podmiot {NUMBER[:-1]}2 WSS"), peer),
        (place.signer(extended=(ExtendedKeyUsageOID.CLIENT_AUTH,)), peer),
        (place.signer(issuer=place.tls), peer),
        (place.signer(key=new_key()), peer),
        (place.signer(), own),
        (place.signer(f"Podmiot {NUMBER} TLS"), place.connection(f"Podmiot {NUMBER} WSS")),
    ):
        with pytest.raises(SenderRefused):
            place.peers.signer(wrong, whose, NOW)


def test_who_says_nothing_is_asked_nothing(place: Place) -> None:
    """Where an authority publishes nothing, nothing is asked; where it does, silence is no good news."""
    place.peers.inquire(place.connection(), place.signer(), NOW)
    silent = list_at(f"http://127.0.0.1:{free_port()}/crl")
    with pytest.raises(StandingUnknown):
        place.peers.inquire(place.connection(extra=(silent,)), place.signer(), NOW)


def test_tokens_are_signed_by_what_was_pinned() -> None:
    """A pinned certificate alone counts; of an authority any that is not for connections."""
    authority = root("P1 token")
    signer = Recipe(issuer=authority, common_name="P1 SAML", extended=None).make()
    sibling = Recipe(issuer=authority, common_name="P1 WSS", extended=None).make()
    server = Recipe(issuer=authority, extended=(ExtendedKeyUsageOID.SERVER_AUTH,)).make()
    pinned = TokenSigners(write_certificates([signer, authority.certificate]))
    pinned.expect(signer, NOW)
    issued = TokenSigners(authority.pem)
    issued.expect(sibling, NOW)
    later = NOW + timedelta(days=400)
    for signers, wrong, at in ((pinned, sibling, NOW), (pinned, signer, later), (issued, server, NOW)):
        with pytest.raises(AssertionRefused):
            signers.expect(wrong, at)


def test_no_provider_vouches_for_itself(place: Place, tmp_path: Path) -> None:
    """Where an authority issues to providers too, its certificates sign no tokens unless they are pinned."""
    wss = TrustStore([place.wss.certificate])
    signers = TokenSigners(place.wss.pem, (wss,))
    with pytest.raises(AssertionRefused, match="pinned"):
        signers.expect(place.signer(), NOW)
    token = place.signer("P1 SAML")
    TokenSigners(write_certificates([token]), (wss,)).expect(token, NOW)
    for name, authority in (("tls", place.tls), ("wss", place.wss), ("token", place.wss)):
        (tmp_path / f"{name}.pem").write_bytes(authority.pem)
    with pytest.raises(DoorMisconfigured, match="TOKEN_CA"):
        Peers.of(opened(tmp_path), place.peers.revocation)


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"providers_tls_ca": None}, "PROVIDERS_TLS_CA"),
        ({"providers_wss_ca": Path("/nowhere")}, "PROVIDERS_WSS_CA"),
        ({"token_ca": Path(__file__)}, "TOKEN_CA"),
        ({"audit_sink": ""}, "AUDIT_SINK"),
        ({"audit_sink": "https://p1"}, "AUDIT_SINK"),
    ],
)
def test_a_door_is_whole_or_shut(place: Place, tmp_path: Path, changes: dict[str, Any], named: str) -> None:
    """What is missing is named when the service starts."""
    for name, authority in (("tls", place.tls), ("wss", place.wss), ("token", place.tenants)):
        (tmp_path / f"{name}.pem").write_bytes(authority.pem)
    settings = opened(tmp_path, **changes)
    with pytest.raises(DoorMisconfigured, match=named):
        Outside(settings, place.peers.revocation)
