"""Two clinics of one service, P1 behind them, the door for other providers open, and the patients' side.

with joint_world(folder) as world:
    await world.giver.archive(1); world.giver.run()      # clinic A indexes in P1
    world.erepo(world.reader, "p1", "find", …)           # clinic B, by its own commands
    world.patient(pesel).get("/accesses")                # the patient, signed in by a code that came by mail
"""

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from itertools import count
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

import orjson
from typer.testing import CliRunner

from erepo.acting import Actor
from erepo.cli.root import app
from erepo.clinic.tables import document
from erepo.cloud.patients.keys import PatientKeys
from erepo.cloud.service import Cloud
from erepo.portal.app import carriers_of
from erepo.portal.office import Office
from erepo.xds import iti18
from tests.erepo.clinic.mail.test_mail import mail_server
from tests.support.account_clinic import AccountWorld
from tests.support.actors import DOCTOR
from tests.support.cloud import RunningCloud, TenantCredentials, running_cloud
from tests.support.index_clinic import LOGIN, IndexSite, index_site
from tests.support.p1 import RunningP1, running_p1
from tests.support.portal import Browser, World, _served
from tests.support.sharing import Sharing

_STATUS: Final = re.compile(r"<[^<>]*ExtrinsicObject[^<>]*StatusType:(\w+)")


@dataclass
class Doors(Sharing):
    """Clinic A's doors, as clinic B's account comes to them; the service's clock is the real one."""

    giver: TenantCredentials

    @property
    def owner(self) -> TenantCredentials:
        """Clinic A."""
        return self.giver

    def at(self, moment: datetime) -> None:
        """Leave the service's clock as it is."""

    def look(self, unique_id: str, actor: Actor = DOCTOR) -> tuple[str, str]:
        """Return as what the account finds a document, and whether it is given; "" where nothing is there."""
        query = iti18.write_query(iti18.get_documents(unique_ids=[unique_id]))
        found = self.ask(self.reader, query, iti18, actor=actor)
        given = self.retrieve(self.reader, unique_id, actor=actor)
        status = _STATUS.search(found.text) if unique_id in found.text else None
        return status[1] if status else "", "given" if b"ClinicalDocument" in given.content else ""


@dataclass(frozen=True)
class Standing:
    """What everybody says of one document; empty: as if nothing were there.

    Attributes:
        found: its status in the answer to the recipient's account.
        given: whether that account gets it.
        listed: what its patient's list says of it: "in force" or "replaced".
        opened: whether page, octets and zip open for the patient; all or none.
        p1: statuses of P1's entries.
        index, state, shared: of the clinic's own lists.
    """

    found: str
    given: str
    listed: str
    opened: str
    p1: list[str]
    index: str
    state: str
    shared: str


@dataclass
class JointWorld:
    """Everything that runs."""

    cloud: RunningCloud
    p1: RunningP1
    giver: IndexSite
    reader: IndexSite
    portal: World
    doors: Doors

    def erepo(self, site: IndexSite, *arguments: str, given: str = "", **environment: str) -> tuple[int, Any]:
        """Run a command of a clinic; return its exit code, and its JSON, or all that it said."""
        runner = CliRunner(env={**site.site.clinic.environment, **environment})
        # In a thread: commands begin a loop of their own.
        with ThreadPoolExecutor(1) as pool:
            done = pool.submit(runner.invoke, app, arguments, input=given).result()
        said = done.stdout if "--json" in arguments and not done.stderr else done.output
        return done.exit_code, orjson.loads(said) if said.startswith(("{", "[")) else said

    def share(self, public_id: str, *recipients: str) -> list[str]:
        """Have clinic A share a document by its own command; return the consents."""
        names = []
        for recipient in recipients:
            options = ("--as", LOGIN, "--until", "2099-01-01", "--to", recipient, "--send", "--json")
            status, told = self.erepo(self.giver, "share", "new", public_id, *options, given="Sprawa\n")
            assert (status, told["state"]) == (0, "active"), told
            names.append(told["consent"])
        return names

    def standing(self, public_id: str, browser: Browser) -> Standing:
        """Ask everybody what they say of clinic A's document."""
        unique_id = self.unique_id(public_id)
        found, given = self.doors.look(unique_id)
        listed = {each["uniqueId"]: each for each in browser.get("/documents").json()["documents"]}
        mine = listed.get(unique_id)
        address = f"/documents/{self.doors.giver.account}/{quote(unique_id, safe='')}"
        forms = {browser.get(f"{address}/{form}").status_code for form in ("page", "content", "files")}
        assert forms in ({200}, {404}), forms
        _, shown = self.erepo(self.giver, "documents", "list", "--json")
        (line,) = [each for each in shown if each["id"] == public_id]
        _, index = self.erepo(self.giver, "index", "show", public_id, "--json")
        return Standing(
            found,
            given,
            "" if mine is None else "replaced" if mine["replaced"] else "in force",
            "opened" if forms == {200} else "",
            self.at_p1(unique_id),
            index["state"],
            line["state"],
            "shared" if line["shared"] else "",
        )

    def at_p1(self, unique_id: str) -> list[str]:
        """Return the statuses of P1's entries of a document."""
        return [each.status.rpartition(":")[2] for each in self.giver.entries(unique_id)]

    def unique_id(self, public_id: str) -> str:
        """Return the uniqueId of clinic A's document."""
        rows = self.giver.rows(document.c.public_id, document.c.unique_id)
        return dict(tuple(row) for row in rows)[public_id]

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
            ):
                credentials = [each.site.served.credentials for each in (giver, reader)]
                doors = Doors(cloud, folder / "clock", credentials[1], credentials[1], credentials[0])
                with _portal(doors) as portal:
                    yield JointWorld(cloud, p1, giver, reader, portal, doors)


@contextmanager
def _portal(doors: Doors) -> Iterator[World]:
    cloud = doors.cloud
    with mail_server() as (port, post):
        mail = {"smtp_host": "127.0.0.1", "smtp_port": port, "smtp_tls": "none", "sender": "e@erepo.example"}
        settings = cloud.settings.model_copy(update={"portal": cloud.settings.portal.model_copy(update=mail)})
        beside = Cloud(settings)
        office = Office(beside, PatientKeys(beside.database, beside.vault), carriers_of(settings))
        world = World(doors, office, post, "")
        try:
            with _served(office) as url:
                world.url = url
                yield world
                for each in world.clients:
                    each.close()
        finally:
            beside.close()
