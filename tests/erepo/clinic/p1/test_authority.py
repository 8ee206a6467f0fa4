"""P1's files are judged before anything is revoked: as the service will, and by P1's authority."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from cryptography.x509.oid import ExtendedKeyUsageOID

from erepo.clinic import p1
from erepo.clinic.p1.errors import P1FilesSwapped, P1FileWrong
from erepo.cloud.national.credentials import Given, open_credentials
from erepo.cloud.national.errors import P1CertificateRefused
from erepo.pki import Bundle, TrustStore, new_key
from erepo.pki.errors import SerialTwice, UntrustedIssuer
from erepo.pki.revocation import Revocation
from erepo.pki.revocation.errors import OcspUnreachable, RevokedByCrl
from erepo.pki.revocation.vouching import ProvidersAuthorityMissing, Vouching
from erepo.settings import P1Settings, Settings
from tests.support.account_clinic import AccountWorld, account_clinic
from tests.support.certificates import Recipe, usage
from tests.support.p1_files import TLS_PASSWORD, WSS_PASSWORD, P1Files, make_p1_files, p1_keys, sealed
from tests.support.revocation import LOCAL, World, hang_up, published_world


@pytest.fixture
def publisher(tmp_path: Path) -> Iterator[World]:
    """P1's authority, which publishes."""
    with published_world(tmp_path) as made:
        (tmp_path / "providers.pem").write_bytes(made.place.authority.pem)
        yield made


def settings(publisher: World) -> Settings:
    """Return settings that fix P1's authority."""
    fixed = P1Settings(providers_ca=publisher.folder / "providers.pem")
    return Settings(_env_file=None, home=publisher.folder, p1=fixed, revocation=LOCAL)


def files(publisher: World, **how: Any) -> P1Files:
    """Issue a provider's pair; `crl`, `ocsp` and `serial` as elsewhere."""
    serial = how.pop("serial", 0)
    bundles = []
    for key, purpose in zip(p1_keys(), ("TLS", "WSS"), strict=True):
        recipe = Recipe(
            key=key,
            issuer=publisher.place.authority,
            common_name=f"Podmiot 1 {purpose}",
            extra=publisher.place.extensions(**how),
            serial=serial,
        )
        bundles.append(Bundle(key, recipe.make()))
        publisher.issued[bundles[-1].certificate.serial_number] = bundles[-1].certificate
    return sealed(*bundles)


def opened(given: P1Files) -> p1.Pair:
    """Open a pair on the clinic's side."""
    return p1.read_pair(given.tls, TLS_PASSWORD, given.wss, WSS_PASSWORD)


def given_to_service(given: P1Files, publisher: World) -> None:
    """Open a pair on the service's side, P1's authority being fixed."""
    asking = Revocation(LOCAL, publisher.folder / "crl-of-service")
    providers = Vouching(TrustStore([publisher.place.authority.certificate]), asking)
    both = Given(given.tls, TLS_PASSWORD), Given(given.wss, WSS_PASSWORD)
    open_credentials(*both, datetime.now(UTC), providers)


def test_a_pair_that_the_service_would_refuse_is_refused_here() -> None:
    """No RSA for signatures, no right to sign, swapped by name: all found before anything is sent."""
    elliptic = make_p1_files()
    key = new_key("ec-p256")
    wrong = Recipe(key=key, common_name="Podmiot 1 WSS")
    pair = p1.Pair(elliptic.tls_bundle, Bundle(key, wrong.make()))
    with pytest.raises(P1FileWrong, match="EC"):
        p1.check_pair(pair)
    with pytest.raises(P1FileWrong, match="digitalSignature"):
        opened(make_p1_files(usage=usage(signature=False)))
    with pytest.raises(P1FileWrong, match="clientAuth"):
        opened(make_p1_files(extended=(ExtendedKeyUsageOID.EMAIL_PROTECTION,)))
    one, two = p1_keys()
    named = [
        Bundle(key, Recipe(key=key, common_name=f"Podmiot 1 {word}", extended=None).make())
        for key, word in ((one, "WSS"), (two, "TLS"))
    ]
    with pytest.raises(P1FilesSwapped, match="names"):
        p1.check_pair(p1.Pair(*named))


def test_revoked_by_p1s_authority(publisher: World) -> None:
    """Both sides refuse and name the slot; nobody answering is no proof; a good pair passes on both."""
    good, bad, silent = files(publisher, crl=True), files(publisher, crl=True), files(publisher, ocsp=True)
    publisher.place.revoke(bad.wss_bundle.certificate)
    p1.check_authority(opened(good), settings(publisher))
    given_to_service(good, publisher)
    with pytest.raises(P1FileWrong, match=r"WSS.*revocation list.*compromised"):
        p1.check_authority(opened(bad), settings(publisher))
    with pytest.raises(P1CertificateRefused, match="WSS") as caught:
        given_to_service(bad, publisher)
    assert isinstance(caught.value.data["error"], RevokedByCrl)
    publisher.place.answer = hang_up
    with pytest.raises(OcspUnreachable):
        p1.check_authority(opened(silent), settings(publisher))
    with pytest.raises(OcspUnreachable):
        given_to_service(silent, publisher)


def test_another_authority_than_p1s(publisher: World) -> None:
    """Where P1's authority is fixed, others vouch for nothing; where it is not, P1 itself judges."""
    other = make_p1_files()
    with pytest.raises(P1FileWrong, match="not trusted"):
        p1.check_authority(opened(other), settings(publisher))
    with pytest.raises(P1CertificateRefused) as caught:
        given_to_service(other, publisher)
    assert isinstance(caught.value.data["error"], UntrustedIssuer)
    p1.check_authority(opened(other), Settings(_env_file=None, home=publisher.folder))
    missing = settings(publisher).model_copy(update={"p1": P1Settings(providers_ca=Path("/none"))})
    with pytest.raises(ProvidersAuthorityMissing):
        p1.check_authority(opened(other), missing)


def test_a_number_given_twice(publisher: World) -> None:
    """Two certificates of P1's authority with one number are refused on both sides."""
    twins = files(publisher, serial=4711)
    with pytest.raises(P1FileWrong, match="1267"):
        opened(twins)
    with pytest.raises(P1CertificateRefused) as caught:
        given_to_service(twins, publisher)
    assert isinstance(caught.value.data["error"], SerialTwice)


def test_starting_over_with_a_bad_pair_revokes_nothing(tmp_path: Path, account_service: AccountWorld) -> None:
    """The registration that works stays, in the service and at P1."""
    with account_clinic(tmp_path, account_service) as site, site.client() as client:
        database, account = site.clinic.database, site.account
        found = p1.register(client, database, account, opened(site.served.files()))
        key = new_key("ec-p256")
        pair = p1.Pair(make_p1_files().tls_bundle, Bundle(key, Recipe(key=key, common_name="X WSS").make()))
        with pytest.raises(P1FileWrong):
            p1.register(client, database, account, pair, start_over=True)
        assert p1.registration(database, account) == found
        assert client.p1().state == "registered"
