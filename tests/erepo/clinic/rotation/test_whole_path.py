"""A rotation from the first key to the end of the old ones, against the real office and service."""

import sqlite3
from datetime import timedelta
from pathlib import Path

import pytest

from erepo.clinic import rotation
from erepo.clinic.account import load_connection
from erepo.clinic.connection import CloudConnection
from erepo.clinic.database import open_database
from erepo.clinic.onboarding.sorting import restore
from erepo.clinic.rotation import Reason, Stage
from erepo.clinic.rotation.errors import NothingRequested
from erepo.soap.errors import AddressUnknown
from erepo.xds import iti18
from tests.erepo.clinic.onboarding.conftest import PASSPHRASE, Clinic, World
from tests.erepo.clinic.rotation.conftest import Rotating, ready
from tests.support import postgres


def test_nothing_is_due_at_first(rotating: Rotating) -> None:
    """Fresh certificates are left alone, and the status says until when."""
    assert rotating.start(None) is None
    status = rotation.read_status(rotating.database, rotating.active)
    assert status.decision.reason is Reason.NOT_DUE
    assert 470 < (status.decision.next - status.in_use[0].not_before).days < 500
    assert status.rotation is None
    assert rotating.events() == []


def test_the_whole_way(rotating: Rotating, tmp_path: Path) -> None:
    """New keys, both pairs accepted meanwhile, the old refused and wiped at the end."""
    old = rotating.active
    rotating.go_on(rotation.Demand.FORCED, last="cut_over")
    new, previous = rotating.active, rotating.open
    assert old.fingerprints == previous.fingerprints != new.fingerprints
    assert rotating.works(new)
    assert rotating.works(previous)
    assert rotating.accepted() == 4
    assert rotating.retire()
    assert rotating.works()
    assert rotating.accepted() == 2
    with pytest.raises(AddressUnknown):
        rotating.works(old)
    stages = ("requested", "mailed", "received", "registered", "cut_over", "retiring", "retired")
    assert rotating.events() == [f"certificates_{stage}" for stage in stages]
    last = rotation.read_status(rotating.database, rotating.active).rotation
    assert last is not None
    assert (last.stage, last.tls_key_pem, last.wss_key_pem) == (Stage.RETIRED, b"", b"")
    _assert_no_key_in_clear(rotating, tmp_path)


def _assert_no_key_in_clear(rotating: Rotating, folder: Path) -> None:
    rotating.database.close()
    with sqlite3.connect(folder / "clinic.db") as raw:
        everything = "\n".join(raw.iterdump()).encode()
    raw.close()
    for mark in (b"BEGIN PRIVATE KEY", b"BEGIN EC PRIVATE", PASSPHRASE):
        assert mark not in everything
        assert mark.hex().upper().encode() not in everything


def test_the_overlap_is_waited_for_and_so_are_the_flows(rotating: Rotating) -> None:
    """Neither before its end, nor before the blocks name the new generation, are the old ones retired."""
    rotating.overlap = timedelta(days=7)
    rotating.go_on(rotation.Demand.FORCED)
    assert rotating.stage is Stage.CUT_OVER
    assert rotating.open.retire_after is not None
    assert rotating.open.cut_over_at is not None
    assert rotating.open.retire_after - rotating.open.cut_over_at == timedelta(days=7)
    assert not rotation.retire(rotating.database, rotating.settings, rotating.account, flows=False)
    rotating.rollback()
    rotating.overlap = timedelta(0)
    rotating.go_on(rotation.Demand.FORCED, last="cut_over")
    assert not rotation.retire(rotating.database, rotating.settings, rotating.account)
    assert rotation.retire(rotating.database, rotating.settings, rotating.account, flows=False)


def test_pasted_certificates_take_the_place_of_the_mail(rotating: Rotating) -> None:
    """What a person pastes into the form, line ends lost, is taken as the office's files are."""
    with pytest.raises(NothingRequested):
        rotation.receive_pasted(
            rotating.database, rotating.account, [rotating.active.tls_certificate.decode()]
        )
    rotating.start()
    rotating.mail()
    box = rotating.clinic.world.office.mailbox()
    rotating.collect()
    tls, wss = (pem.decode().replace("\n", " ") for pem in rotating.open.certificates())
    assert restore(tls) == rotating.open.tls_certificate
    proven = rotation.receive_pasted(rotating.database, rotating.account, [wss, tls])
    assert [one.purpose.value for one in proven] == ["TLS", "WSS"]
    assert box.folder.is_dir()
    rotating.go_on()
    assert rotating.works()


def job(rotating: Rotating) -> CloudConnection:
    """Connect as an archiving job does; who acts is told to the service itself, not to a desk beside it."""
    connection = load_connection(rotating.database, rotating.settings)
    connection.service_url = connection.registry_url.removesuffix("/xds/registry")
    return connection


async def test_a_job_that_connected_before_the_cut_over_finishes(rotating: Rotating) -> None:
    """Its channel and its signing key are the old ones; the service takes both until the overlap ends."""
    patient = iti18.find_documents("2^^^&1.2.3&ISO")
    async with job(rotating) as running:
        await running.query(patient)
        rotating.go_on(rotation.Demand.FORCED, last="cut_over")
        await running.query(patient)
        async with job(rotating) as fresh:
            assert fresh.tls.fingerprint == rotating.active.fingerprints[0] != running.tls.fingerprint
            await fresh.query(patient)
    assert rotating.retire()


def test_a_clinic_on_postgresql(world: World, tmp_path: Path) -> None:
    """The same on the other kind of database."""
    with postgres.database() as url:
        database = open_database(url)
        database.upgrade()
        rotating = ready(Clinic(world, database, next(world.accounts)), tmp_path)
        rotating.go_on(rotation.Demand.FORCED)
        assert rotating.stage is None
        assert rotating.works()
        assert rotating.accepted() == 2
        rotating.go_on(rotation.Demand.FORCED, last="cut_over")
        assert rotating.rollback() is Stage.ROLLED_BACK
        assert rotating.works()
        database.close()
