"""The patients' side for tests: a real service, a real TLS server of the portal, a real mail server, a clock.

with portal_world(folder) as world:
    world.invite(PESEL)                       # by the owner's account, signed, over the service's door
    browser = world.browser()
    browser.sign_in(PESEL)                    # asks for a code, reads it from the mail, types it
    browser.get("/documents")
"""

import email
import json
import re
import ssl
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
from sqlalchemy import select

from erepo.acting import write_detached
from erepo.cloud.patients.keys import PatientKeys
from erepo.cloud.service import Cloud
from erepo.cloud.storage.tables_portal import portal_message
from erepo.identifiers.oids import PESEL as PESEL_ROOT
from erepo.pki.tls import client_context
from erepo.portal.app import carriers_of
from erepo.portal.office import Office
from erepo.portal.server import Server, configured, tls_of
from erepo.portal.sessions import COOKIE
from tests.erepo.clinic.mail.test_mail import Post, mail_server
from tests.support.cloud import SQLITE_FILES, TenantCredentials
from tests.support.sharing import Sharing, sharing
from tests.support.waiting import until

#: The patient of the samples; somebody else, in good form, and a number that nobody has.
PESEL, OTHER, STRANGER = "80051212357", "44051401359", "02070803628"
ADDRESS = "jan.kowalski@poczta.example"
_CODE = re.compile(r"(\d{4}) (\d{4})")


@dataclass
class World:
    """Everything that runs."""

    sharing: Sharing
    office: Office
    post: Post
    url: str
    clients: list[httpx.Client] = field(default_factory=list)
    at: datetime = field(default_factory=lambda: datetime.now(UTC).replace(tzinfo=None))

    def later(self, **time_passed: float) -> None:
        """Turn the clock of both processes."""
        self.at += timedelta(**time_passed)
        self.sharing.at(self.at)

    def invite(
        self,
        pesel: str,
        address: str | None = ADDRESS,
        *,
        by: TenantCredentials | None = None,
        **changed: Any,
    ) -> httpx.Response:
        """Invite a person on behalf of an account, by default the owner of the documents."""
        content = {
            "id": str(uuid.uuid4()),
            "patient": {"root": PESEL_ROOT, "extension": pesel},
            "email": address,
            "language": "pl",
            **changed,
        }
        return self.send("POST", "/patients", json.dumps(content).encode(), by)

    def remove(self, link_id: str, by: TenantCredentials | None = None) -> httpx.Response:
        """End an invitation."""
        body = json.dumps({"id": link_id, "reason": "na prośbę pacjenta"}).encode()
        return self.send("DELETE", f"/patients/{link_id}", body, by)

    def send(
        self, method: str, path: str, body: bytes = b"", by: TenantCredentials | None = None, seal: str = ""
    ) -> httpx.Response:
        """Send a signed request of an account to the service."""
        who = by or self.sharing.owner
        headers = {**who.named(), "x-erepo-signature": seal or write_detached(body, who.wss)}
        with httpx.Client(verify=who.tls_context(), trust_env=False, timeout=60) as http:
            return http.request(method, f"{who.facts['service']}{path}", content=body, headers=headers)

    def letters(self, to: str = ADDRESS) -> list[str]:
        """Return what came to an address, oldest first."""
        found = [email.message_from_bytes(each, policy=email.policy.default) for each in self.post.received]
        return [str(each.get_content()) for each in found if each["To"] == to]

    def code(self, to: str = ADDRESS, after: int = 0) -> str:
        """Wait for the next code at an address, behind so many letters."""
        found: list[str] = []

        def came() -> bool:
            found[:] = [each for each in self.letters(to)[after:] if _CODE.search(each)]
            return bool(found)

        until(came)
        match = _CODE.search(found[-1])
        assert match
        return match[1] + match[2]

    def so_far(self, to: str = ADDRESS) -> int:
        """Count the letters at an address, once everything that was asked for before has come."""
        until(self.all_is_sent)
        return len(self.letters(to))

    def all_is_sent(self) -> bool:
        """Tell whether no message waits, nor is on its way."""
        waiting = select(portal_message.c.id).where(portal_message.c.state == "waiting")
        with self.office.cloud.database.read() as connection:
            return connection.execute(waiting).first() is None

    @property
    def trust(self) -> ssl.SSLContext:
        """What trusts the portal's certificate."""
        return client_context(None, (self.office.settings.cloud_home / "ca" / "ca.pem").read_bytes())

    def browser(self, at: str = "127.0.0.1", **headers: str) -> "Browser":
        """Return somebody at the portal, who comes from an address of this machine."""
        headers = {"accept-language": "pl", **headers}
        way = httpx.HTTPTransport(verify=self.trust, trust_env=False, local_address=at)
        http = httpx.Client(transport=way, trust_env=False, timeout=60, headers=headers)
        self.clients.append(http)
        return Browser(self, http)


@dataclass
class Browser:
    """A browser or an application of one person."""

    world: World
    http: httpx.Client
    csrf: str = ""
    token: str = ""

    def ask(self, pesel: str) -> httpx.Response:
        """Ask for a code."""
        return self.post("/sign-in", {"pesel": pesel})

    def type_code(self, challenge: str, code: str, form: str = "cookie") -> httpx.Response:
        """Type a code; what the session needs is kept."""
        answer = self.post("/sign-in/code", {"challenge": challenge, "code": code, "form": form})
        if answer.status_code == 200:
            self.csrf, self.token = answer.json()["csrf"] or "", answer.json()["token"] or ""
        return answer

    def sign_in(self, pesel: str, to: str = ADDRESS, form: str = "cookie") -> httpx.Response:
        """Sign in by a code that really comes by mail; what others asked for before has come by then."""
        before = self.world.so_far(to)
        asked = self.ask(pesel)
        assert asked.status_code == 202, asked.text
        answer = self.type_code(asked.json()["challenge"], self.world.code(to, before), form)
        assert answer.status_code == 200, answer.text
        return answer

    def post(self, path: str, content: dict[str, Any], **headers: str) -> httpx.Response:
        """POST JSON."""
        url = f"{self.world.url}/portal/api{path}"
        return self.http.post(url, json=content, headers=headers)

    def get(self, path: str, **headers: str) -> httpx.Response:
        """GET a resource."""
        return self.http.get(f"{self.world.url}/portal/api{path}", headers={**self._bearer(), **headers})

    def delete(self, path: str, **headers: str) -> httpx.Response:
        """DELETE a resource as our own page does."""
        csrf = {"x-erepo-csrf": self.csrf} if self.csrf else {}
        url = f"{self.world.url}/portal/api{path}"
        return self.http.delete(url, headers={**self._bearer(), **csrf, **headers})

    @property
    def cookie(self) -> str:
        """The session's value, empty if the browser has none."""
        return self.http.cookies.get(COOKIE) or ""

    def _bearer(self) -> dict[str, str]:
        return {"authorization": f"Bearer {self.token}"} if self.token else {}


@contextmanager
def portal_world(folder: Path, stores: str = SQLITE_FILES) -> Iterator[World]:
    """Run everything until the block ends."""
    with mail_server() as (port, post), sharing(folder, stores) as shared:
        settings = shared.cloud.settings
        portal = settings.portal.model_copy(
            update={
                "smtp_host": "127.0.0.1",
                "smtp_port": port,
                "smtp_tls": "none",
                "sender": "e@erepo.example",
            }
        )
        settings = settings.model_copy(update={"portal": portal})
        cloud = Cloud(settings)
        office = Office(cloud, PatientKeys(cloud.database, cloud.vault), carriers_of(settings))
        world = World(shared, office, post, "")
        world.later(seconds=0)
        cloud.consent_time = lambda: world.at  # type: ignore[method-assign]  # the tests' clock
        try:
            with _served(office) as url:
                world.url = url
                yield world
                for each in world.clients:
                    each.close()
        finally:
            cloud.close()


@contextmanager
def _served(office: Office) -> Iterator[str]:
    """Run the portal in a thread, on a port of its own choice."""
    server = Server(configured(office, tls_of(office.settings), port=0), "test")
    thread = threading.Thread(target=server.run)
    thread.start()
    end = time.monotonic() + 120
    while not server.started and thread.is_alive() and time.monotonic() < end:
        time.sleep(0.01)
    assert server.started
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        yield f"https://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join(120)
