"""The clinic's look at the service's signer: revoked, stale, fresh; and that reading goes on."""

import asyncio
import os
import threading
import time
from pathlib import Path

import pytest
from cryptography import x509

from erepo.clinic.archiving.verdicts import Verdict, judge
from erepo.clinic.service_status import ServiceStatus
from erepo.pki import TrustStore
from erepo.pki.pem import write_certificates
from erepo.pki.revocation import CrlStale
from erepo.pki.revocation.errors import CrlUnusable
from erepo.settings import RevocationSettings, Settings
from erepo.soap.errors import SignerRefused
from tests.support.revocation import LOCAL, World, hang_up, published_world


def accept_all(_certificate: x509.Certificate) -> None:
    """Accept whoever it is."""


def status_of(
    world: World, signer: x509.Certificate, revocation: RevocationSettings = LOCAL
) -> ServiceStatus:
    """Return what a clinic in the world's folder knows of a signer, as fresh as after a restart."""
    settings = Settings(_env_file=None, home=world.folder, revocation=revocation)
    trust = TrustStore([world.place.authority.certificate])
    return ServiceStatus(settings, trust, write_certificates([signer]))


async def test_the_signer_is_looked_up_when_a_connection_opens(tmp_path: Path) -> None:
    """One fetch serves for hours; a revoked signer proves nothing any more, an old list stops deposits."""
    with published_world(tmp_path) as world:
        signer = world.issue(crl=True, common_name="erepo cloud WSS")
        for _ in range(2):
            status = status_of(world, signer)
            status.refresh()
            await status.expect_current()
        assert world.place.asked == ["/ca.crl"]
        accept = status.accepting(accept_all)
        accept(signer)
        kept = next((tmp_path / "clinic" / "crl").glob("*.crl"))
        days_ago = time.time() - 4 * 86_400
        os.utime(kept, (days_ago, days_ago))
        world.place.answer = hang_up
        stale = status_of(world, signer)
        stale.refresh()
        stale.accepting(accept_all)(signer)
        with pytest.raises(CrlStale) as caught:
            await stale.expect_current()
        assert judge(caught.value).verdict is Verdict.LATER
        world.place.answer = lambda _handler: False
        world.place.revoke(signer)
        gone = status_of(world, signer)
        gone.refresh()
        await gone.expect_current()
        with pytest.raises(SignerRefused, match="revoked-by-crl"):
            gone.accepting(accept_all)(signer)


async def test_a_service_whose_authority_publishes_nothing_is_as_before(tmp_path: Path) -> None:
    """Nothing is asked, nothing refused; but a list the operator names must be there."""
    with published_world(tmp_path) as world:
        signer = world.issue(common_name="erepo cloud WSS")
        status = status_of(world, signer)
        status.refresh()
        await status.expect_current()
        status.accepting(accept_all)(signer)
        assert not world.place.asked
        missing = status_of(world, signer, RevocationSettings(crl=tmp_path / "none.crl"))
        missing.accepting(accept_all)(signer)
        with pytest.raises(CrlUnusable) as caught:
            await missing.expect_current()
        assert judge(caught.value).verdict is Verdict.HALT


async def test_reading_waits_for_no_server_of_an_authority(tmp_path: Path) -> None:
    """While the authority's server keeps silent, answers are believed at once; only a change waits."""
    silence = threading.Event()
    with published_world(tmp_path) as world:
        world.place.answer = lambda _handler: not silence.wait(300)
        signer = world.issue(crl=True, common_name="erepo cloud WSS")
        status = status_of(world, signer)
        status.refresh()
        status.accepting(accept_all)(signer)
        waiting = asyncio.create_task(status.expect_current())
        await asyncio.sleep(0)
        status.accepting(accept_all)(signer)
        assert not waiting.done()
        silence.set()
        await waiting
