"""Rotation where certificates are revoked, nobody can tell, or a number comes a second time."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509

from erepo.clinic import rotation
from erepo.clinic.onboarding import Pins
from erepo.clinic.onboarding.ledger import Generation
from erepo.clinic.rotation import Stage
from erepo.pki import load_key
from erepo.pki.errors import SerialTwice
from erepo.pki.pem import read_certificate, write_certificates
from erepo.pki.revocation import Revocation
from erepo.pki.revocation.errors import CrlUnreachable, RevokedByCrl
from erepo.sandbox.office.service import Office
from tests.erepo.clinic.onboarding.conftest import PASSPHRASE
from tests.erepo.clinic.rotation.conftest import Rotating
from tests.support.certificates import TLS, WSS, Recipe
from tests.support.revocation import LOCAL, World, hang_up, published_world


@pytest.fixture
def publisher(tmp_path: Path) -> Iterator[World]:
    """The office's own authority, publishing."""
    with published_world(tmp_path) as made:
        yield made


def written_by(
    rotating: Rotating, publisher: World, keys: Generation, **changes: Any
) -> tuple[list[Path], list[x509.Certificate]]:
    """Have the office's authority issue files for the new keys that name the publisher's list."""
    publisher.place.authority = Office.open(rotating.clinic.world.office.home).authority
    files, made = [], []
    for purpose, pem in ((TLS, keys.tls_key_pem), (WSS, keys.wss_key_pem)):
        recipe = Recipe(
            key=load_key(pem, PASSPHRASE),
            issuer=publisher.place.authority,
            common_name=f"{rotating.account} {purpose}",
            extra=publisher.place.extensions(crl=True),
        )
        leaf = recipe.but(**(changes if purpose is WSS else {})).make()
        file = publisher.folder / f"{purpose}{leaf.serial_number:x}.pem"
        file.write_bytes(write_certificates([leaf]))
        files.append(file)
        made.append(leaf)
    return files, made


def give(rotating: Rotating, publisher: World, files: list[Path]) -> object:
    """Receive files, the office's authority being fixed."""
    office = rotating.clinic.world.office.authority_pem
    pins = Pins(office=office, revocation=Revocation(LOCAL, publisher.folder / "crl"))
    return rotation.collect_files(rotating.database, rotating.account, files, pins)


def test_new_ones_that_are_revoked_or_unproven_wait(rotating: Rotating, publisher: World) -> None:
    """The exact reason, the old ones go on working, and good ones bring it to its end."""
    rotating.start()
    rotating.mail()
    files, made = written_by(rotating, publisher, rotating.open)
    publisher.place.revoke(made[0])
    with pytest.raises(RevokedByCrl, match=f"{made[0].serial_number:X}"):
        give(rotating, publisher, files)
    publisher.place.answer = hang_up
    files, _ = written_by(rotating, publisher, rotating.open)
    silent = World(publisher.folder / "fresh")
    silent.place = publisher.place
    with pytest.raises(CrlUnreachable):
        give(rotating, silent, files)
    assert rotating.stage is Stage.MAILED
    assert rotating.works()
    publisher.place.answer = lambda _handler: False
    give(rotating, publisher, files)
    assert rotating.stage is Stage.RECEIVED


def test_a_number_that_was_there_before_is_refused(rotating: Rotating, publisher: World) -> None:
    """A new certificate with the number of the one in use is refused here already."""
    _, wss = rotating.active.certificates()
    rotating.start()
    rotating.mail()
    serial = read_certificate(wss).serial_number
    files, _ = written_by(rotating, publisher, rotating.open, serial=serial)
    with pytest.raises(SerialTwice, match=f"{serial:X}"):
        give(rotating, publisher, files)
    assert rotating.stage is Stage.MAILED
    assert rotating.works()
