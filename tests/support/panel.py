"""Somebody with a browser before an account's panel: forms, cookies, redirects, over whatever transport.

async with person(cloud.tenant) as admin:            # the real service, real mutual TLS
    await admin.log_in(LOGIN, FIRST)
with timed_service(tmp_path) as service:             # the same application in this process, with a clock
    async with service.person() as admin: ...
"""

import re
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from html import unescape
from pathlib import Path
from typing import Any

import httpx
from cryptography.hazmat.primitives.serialization import Encoding

from erepo.cloud.service import Cloud
from erepo.cloud.web.app import build
from erepo.pki.bundle import fingerprint
from tests.support.cloud import TenantCredentials, running_cloud

LOGIN, FIRST, SECOND = "administrator", "pierwsze haslo na raz", "zielony rower za stodola"


@dataclass
class Person:
    """Who sits before the panel of one account."""

    http: httpx.AsyncClient
    base: str
    named: Callable[[], Mapping[str, str]] = dict
    """Gives the header of REST calls that name a member of staff, as the clinic's program sends them."""
    shown: str = ""
    """The last page."""

    @property
    def account(self) -> str:
        """The account's path."""
        return self.base.removesuffix("/app")

    @property
    def token(self) -> str:
        """What the forms of the last page carry."""
        found = re.search(r'name="token" value="([^"]*)"', self.shown)
        return found[1] if found else ""

    @property
    def text(self) -> str:
        """What a reader sees of the last page."""
        words = re.sub(r"<[^>]+>", " ", self.shown.partition("<main")[2])
        return " ".join(unescape(words).replace("\N{NO-BREAK SPACE}", " ").split())

    async def get(self, page: str = "", **options: Any) -> httpx.Response:
        """Open a page."""
        answer = await self.http.get(self.base + page, **options)
        self.shown = answer.text or self.shown
        return answer

    async def post(self, page: str, fields: dict[str, str], **options: Any) -> httpx.Response:
        """Send a form of the last page."""
        answer = await self.http.post(self.base + page, data={"token": self.token, **fields}, **options)
        self.shown = answer.text or self.shown
        return answer

    async def create(self, login: str = LOGIN, password: str = FIRST) -> httpx.Response:
        """Make the administrator, as the clinic's program does."""
        body = {"login": login, "password": password}
        return await self.http.put(f"{self.account}/administrator", json=body)

    async def log_in(self, login: str = LOGIN, password: str = SECOND) -> httpx.Response:
        """Fill in the login page."""
        await self.get("/login")
        return await self.post("/login", {"login": login, "password": password})

    async def change(self, present: str, new: str, again: str | None = None) -> httpx.Response:
        """Fill in the page that changes the password."""
        await self.get("/password")
        return await self.post("/password", {"present": present, "new": new, "again": again or new})

    async def log_out(self) -> httpx.Response:
        """Press the button that every page has."""
        await self.get("/account")
        return await self.post("/logout", {})

    async def settle(self) -> None:
        """Make the administrator, log in for the first time and set the password."""
        assert (await self.create()).status_code == 200
        assert (await self.log_in(password=FIRST)).status_code == 303
        assert (await self.change(FIRST, SECOND)).status_code == 303


@asynccontextmanager
async def person(tenant: TenantCredentials, account: str = "") -> AsyncIterator[Person]:
    """Open a browser with an account's certificate, before its own panel or another's."""
    service = str(tenant.facts["service"]).replace(tenant.account, account or tenant.account)
    async with httpx.AsyncClient(verify=tenant.tls_context(), trust_env=False, timeout=60) as http:
        yield Person(http, f"{service}/app")


class TimedCloud(Cloud):
    """A service whose clock is set by hand."""

    at: datetime

    def now(self) -> datetime:
        """The time that was set."""
        return self.at


@dataclass
class TimedService:
    """The application in this process; what proves the certificate is the test's word."""

    cloud: TimedCloud
    tenant: TenantCredentials

    def later(self, **much: float) -> None:
        """Move the clock."""
        self.cloud.at += timedelta(**much)

    @asynccontextmanager
    async def person(self) -> AsyncIterator[Person]:
        """Open a browser with the account's certificate."""
        application = build(self.cloud)
        tls = {
            "fingerprint": fingerprint(self.tenant.tls.certificate),
            "certificate": self.tenant.tls.certificate.public_bytes(Encoding.DER),
        }

        async def proven(scope: Any, receive: Any, send: Any) -> None:
            await application({**scope, "extensions": {"tls": tls}}, receive, send)

        transport = httpx.ASGITransport(proven, raise_app_exceptions=True)
        async with httpx.AsyncClient(transport=transport, base_url="https://service.example") as http:
            yield Person(
                http, f"/services/{self.tenant.account}/app", lambda: self.tenant.named(self.cloud.at)
            )


@contextmanager
def timed_service(folder: Path, stores: str, **environment: str) -> Iterator[TimedService]:
    """Set up a service with one active account, served in this process."""
    with running_cloud(folder, start=False, stores=stores, environment=environment) as running:
        cloud = TimedCloud(running.settings)
        cloud.at = datetime.now(UTC)
        cloud.writer.start()
        try:
            yield TimedService(cloud, running.tenant)
        finally:
            cloud.writer.stop()
            cloud.close()
