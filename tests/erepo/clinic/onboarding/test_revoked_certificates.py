"""Revoked, not to be proven, or numbered twice: refused at the clinic's own door, and nothing is lost."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509

from erepo.clinic import onboarding
from erepo.clinic.onboarding import Pins, Step
from erepo.clinic.onboarding.certificates import search
from erepo.errors import ErepoError
from erepo.pki import Bundle, load_key, new_key
from erepo.pki.errors import SerialTwice
from erepo.pki.pem import write_certificates
from erepo.pki.revocation import Revocation, errors
from tests.erepo.clinic.onboarding.conftest import PASSPHRASE, Clinic
from tests.support.certificates import TLS, WSS, Recipe
from tests.support.revocation import LOCAL, Extension, World, hang_up, published_world


@pytest.fixture
def publisher(tmp_path: Path) -> Iterator[World]:
    """An authority that publishes."""
    with published_world(tmp_path) as made:
        yield made


def pins(publisher: World, *, fixed: bool = True) -> Pins:
    """Return what the administrator fixed."""
    office = write_certificates([publisher.place.authority.certificate]) if fixed else b""
    return Pins(office=office, revocation=Revocation(LOCAL, publisher.folder / "crl"))


def pair(clinic: Clinic, publisher: World, *extra: Extension, **changes: Any) -> list[x509.Certificate]:
    """Issue both for the clinic's own keys."""
    entry = onboarding.progress(clinic.database, clinic.account)
    assert entry is not None
    made = []
    for purpose, pem in ((TLS, entry.tls_key_pem), (WSS, entry.wss_key_pem)):
        key, name = load_key(pem, PASSPHRASE), f"{clinic.account} {purpose}"
        recipe = Recipe(key=key, issuer=publisher.place.authority, common_name=name, extra=extra)
        leaf = recipe.but(**changes).make()
        publisher.issued[leaf.serial_number] = leaf
        made.append(leaf)
    return made


def give(clinic: Clinic, both: list[x509.Certificate], believed: Pins, above: bytes = b"") -> object:
    """Paste both into the form."""
    tls, wss = (write_certificates([each]).decode() for each in both)
    return onboarding.collect_texts(clinic.database, clinic.account, tls, wss, above.decode(), pins=believed)


def step(clinic: Clinic) -> Step:
    """How far the clinic has come."""
    entry = onboarding.progress(clinic.database, clinic.account)
    assert entry is not None
    return entry.step


@pytest.mark.parametrize(
    ("how", "kind"), [({"crl": True}, errors.RevokedByCrl), ({"ocsp": True}, errors.RevokedByOcsp)]
)
def test_a_revoked_certificate_is_not_received(
    clinic: Clinic, publisher: World, how: dict[str, bool], kind: type[ErepoError]
) -> None:
    """The exact reason; the account still waits, and takes a good pair afterwards."""
    clinic.request()
    extra = publisher.place.extensions(**how)
    bad = pair(clinic, publisher, *extra)
    publisher.place.revoke(bad[1])
    with pytest.raises(kind):
        give(clinic, bad, pins(publisher))
    assert step(clinic) is Step.REQUESTED
    give(clinic, pair(clinic, publisher, *extra), pins(publisher))
    assert step(clinic) is Step.RECEIVED


def test_nobody_answers_and_nothing_is_received(clinic: Clinic, publisher: World) -> None:
    """No proof, no trust; the same pair passes when the authority answers again."""
    clinic.request()
    both = pair(clinic, publisher, *publisher.place.extensions(ocsp=True))
    publisher.place.answer = hang_up
    with pytest.raises(errors.OcspUnreachable):
        give(clinic, both, pins(publisher))
    assert step(clinic) is Step.REQUESTED
    publisher.place.answer = lambda _handler: False
    give(clinic, both, pins(publisher))
    assert step(clinic) is Step.RECEIVED


def test_without_a_fixed_authority_no_mail_decides_where_we_call(clinic: Clinic, publisher: World) -> None:
    """The addresses of a chain that anybody may have mailed are not asked: the service will judge."""
    clinic.request()
    both = pair(clinic, publisher, *publisher.place.extensions(crl=True, ocsp=True))
    above = write_certificates([publisher.place.authority.certificate])
    give(clinic, both, pins(publisher, fixed=False), above)
    assert publisher.place.asked == []


def test_two_certificates_of_one_number_are_not_received(clinic: Clinic, publisher: World) -> None:
    """An authority that numbers TLS and WSS alike has made a mistake, or somebody forges."""
    clinic.request()
    with pytest.raises(SerialTwice):
        give(clinic, pair(clinic, publisher, serial=4711), pins(publisher))
    assert step(clinic) is Step.REQUESTED


def test_existing_keys_are_adopted_only_with_certificates_that_stand(
    clinic: Clinic, publisher: World
) -> None:
    """The way in with existing files asks as well."""
    bundles = []
    for purpose in (TLS, WSS):
        key = new_key()
        recipe = Recipe(
            key=key,
            issuer=publisher.place.authority,
            common_name=f"{clinic.account} {purpose}",
            extra=publisher.place.extensions(crl=True),
        )
        bundles.append(Bundle(key, recipe.make()))
    publisher.place.revoke(bundles[0].certificate)

    def adopt() -> object:
        return onboarding.adopt(clinic.database, *bundles, PASSPHRASE, pins=pins(publisher))

    with pytest.raises(errors.RevokedByCrl):
        adopt()
    assert onboarding.progress(clinic.database, clinic.account) is None
    publisher.place.revoked.clear()
    publisher.place.made = timedelta(seconds=-2)
    adopt()
    assert step(clinic) is Step.RECEIVED


def test_a_letter_stays_while_nobody_answers(clinic: Clinic) -> None:
    """The office's answer is handled only when its certificates were judged; until then it is there."""
    clinic.request()
    clinic.mail()
    entry = onboarding.progress(clinic.database, clinic.account)
    assert entry is not None
    mailbox = clinic.world.office.mailbox()

    def silent(_given: object) -> Any:
        raise errors.OcspUnreachable(host="ocsp.example", reason="5 s")

    for _ in range(2):
        with pytest.raises(errors.OcspUnreachable):
            search(mailbox, clinic.account, entry.message_id, silent)
    clinic.collect()
    assert step(clinic) is Step.RECEIVED
