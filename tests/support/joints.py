"""Two clinics of one service, P1 behind them, the door for other providers open, and the patients' side.

with joint_world(folder) as world:
    await world.giver.archive(1); world.giver.run()      # clinic A indexes in P1
    world.reader.erepo("p1", "find", …)                  # clinic B, by its own commands
    world.patient(pesel).get("/accesses")                # the patient, signed in by a code that came by mail
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from itertools import count
from pathlib import Path

from typer.testing import CliRunner

from erepo.cli.p1 import app
from erepo.cloud.patients.keys import PatientKeys
from erepo.cloud.service import Cloud
from erepo.portal.app import carriers_of
from erepo.portal.office import Office
from tests.erepo.clinic.mail.test_mail import mail_server
from tests.support.account_clinic import AccountWorld
from tests.support.cloud import RunningCloud, TenantCredentials, running_cloud
from tests.support.index_clinic import IndexSite, index_site
from tests.support.p1 import RunningP1, running_p1
from tests.support.portal import Browser, World, _served


@dataclass
class _Owner:
    """As much of `Sharing` as the portal's world needs: clinic A invites."""

    cloud: RunningCloud
    owner: TenantCredentials

    def at(self, moment: datetime) -> None:
        """Leave the service's clock as it is."""


@dataclass
class JointWorld:
    """Everything that runs."""

    cloud: RunningCloud
    p1: RunningP1
    giver: IndexSite
    reader: IndexSite
    portal: World

    def find_and_fetch(self, site: IndexSite, login: str, given: str, *arguments: str) -> tuple[int, str]:
        """Run `erepo p1 …` of a clinic with something on its input."""
        runner = CliRunner(env=site.site.clinic.environment)
        done = runner.invoke(app, [*arguments, "--as", login, "--json"], input=given)
        return done.exit_code, done.stdout

    def patient(self, pesel: str) -> Browser:
        """Invite a patient by clinic A and sign them in."""
        answer = self.portal.invite(pesel)
        assert answer.status_code == 201, answer.text
        browser = self.portal.browser()
        browser.sign_in(pesel)
        return browser


@contextmanager
def joint_world(folder: Path) -> Iterator[JointWorld]:
    """Run all of it until the block ends."""
    (folder / "a").mkdir(parents=True)
    (folder / "b").mkdir()
    with running_p1(folder / "p1") as p1:
        authority = folder / "service" / "var" / "cloud" / "ca" / "ca.pem"
        more = {"EREPO_P1__ABROAD_CA": str(authority), "EREPO_P1__ABROAD_PRIVATE": "127.0.0.1"}
        with running_cloud(folder / "service", environment={**p1.settings, **p1.door, **more}) as cloud:
            world = AccountWorld(cloud, p1, count(6101))
            with (
                index_site(folder / "a", world) as giver,
                index_site(folder / "b", world) as reader,
                _portal(cloud, giver.site.served.credentials) as portal,
            ):
                yield JointWorld(cloud, p1, giver, reader, portal)


@contextmanager
def _portal(cloud: RunningCloud, owner: TenantCredentials) -> Iterator[World]:
    with mail_server() as (port, post):
        mail = {"smtp_host": "127.0.0.1", "smtp_port": port, "smtp_tls": "none", "sender": "e@erepo.example"}
        settings = cloud.settings.model_copy(update={"portal": cloud.settings.portal.model_copy(update=mail)})
        beside = Cloud(settings)
        office = Office(beside, PatientKeys(beside.database, beside.vault), carriers_of(settings))
        world = World(_Owner(cloud, owner), office, post, "")  # type: ignore[arg-type]  # see `_Owner`
        try:
            with _served(office) as url:
                world.url = url
                yield world
                for each in world.clients:
                    each.close()
        finally:
            beside.close()
