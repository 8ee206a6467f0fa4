"""A real repository service for tests: own folder, own port, own process, real mutual TLS.

with running_cloud(tmp_path) as cloud:          # on SQLite and files; stores=POSTGRESQL_S3 for the others
    tenant = cloud.tenant            # one active account with credentials on disk
    cloud.url, cloud.ca              # https://127.0.0.1:<port>, Path of ca.pem
    cloud.kill(); cloud.start()      # kill -9 and start again on the same port and state
"""

import json
import os
import signal
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

from erepo.acting.token import write_token
from erepo.blobs.store import BlobStore
from erepo.cloud.credentials import add_tenant
from erepo.cloud.storage.places import open_blobs
from erepo.cloud.tenancy.home import Home, initialise
from erepo.cloud.tenancy.tenants import Order
from erepo.pki.bundle import Bundle
from erepo.pki.tls import client_context
from erepo.settings import Settings
from tests.support import postgres, s3
from tests.support.actors import DOCTOR
from tests.support.ports import free_port

ACCOUNT = "0000000000001003"

#: What the service keeps its state in: database and large contents.
SQLITE_FILES, POSTGRESQL_S3 = "sqlite-files", "postgresql-s3"


@dataclass(frozen=True)
class TenantCredentials:
    """What `erepo cloud tenant add --credentials` wrote."""

    folder: Path

    @cached_property
    def facts(self) -> dict[str, Any]:
        """What account.json says: account, registry, repository, repositoryUniqueId, sourceId, service…."""
        facts: dict[str, Any] = json.loads((self.folder / "account.json").read_text())
        return facts

    @property
    def account(self) -> str:
        """The 16 digits."""
        return str(self.facts["account"])

    @property
    def repository(self) -> str:
        """Address of ITI-41 and ITI-43."""
        return str(self.facts["repository"])

    @property
    def door(self) -> str:
        """Address of ITI-43 for other providers: what P1 is told."""
        return f"{self.facts['service']}/p1/xds/repository"

    @property
    def registry(self) -> str:
        """Address of ITI-18."""
        return str(self.facts["registry"])

    @cached_property
    def ca_pem(self) -> bytes:
        """Whom to trust."""
        return (self.folder / "ca.pem").read_bytes()

    @cached_property
    def tls(self) -> Bundle:
        """Key and certificate of the connection."""
        return self._bundle("tls")

    @cached_property
    def wss(self) -> Bundle:
        """Key and certificate of the signature."""
        return self._bundle("wss")

    def tls_context(self) -> ssl.SSLContext:
        """A client context with the account's TLS certificate."""
        return client_context(self.tls, self.ca_pem)

    def named(self, at: datetime | None = None) -> dict[str, str]:
        """Return the header that names a member of the account's staff, as people's REST calls carry it."""
        actor = replace(DOCTOR, organisation=self.account)
        token = write_token(actor, self.wss, str(self.facts["service"]), now=at or datetime.now(UTC))
        return {"authorization": f"Bearer {token}"}

    def _bundle(self, name: str) -> Bundle:
        return Bundle.from_pem(
            (self.folder / f"{name}.pem").read_bytes(), (self.folder / f"{name}.key").read_bytes()
        )


@dataclass
class RunningCloud:
    """The service in a process of its own."""

    settings: Settings
    environment: Mapping[str, str]
    credentials_folder: Path
    process: subprocess.Popen[str] | None = field(default=None)
    module: str = "erepo.cloud.web.server"
    log: list[str] = field(default_factory=list)

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"https://{self.settings.host}:{self.settings.cloud_port}"

    @property
    def home(self) -> Home:
        """Its folder."""
        return Home(self.settings)

    @property
    def blobs(self) -> BlobStore:
        """Its large contents."""
        return open_blobs(self.settings, self.home.blobs)

    @property
    def ca(self) -> Path:
        """Its authority's certificate."""
        return self.settings.cloud_home / "ca" / "ca.pem"

    @property
    def tenant(self) -> TenantCredentials:
        """The first account, active."""
        return TenantCredentials(self.credentials_folder / ACCOUNT)

    def add_tenant(self, account: str, **order: Any) -> TenantCredentials:
        """Add another active account with credentials."""
        folder = self.credentials_folder / account
        add_tenant(self.settings, Order(account, **order), folder)
        return TenantCredentials(folder)

    def order(self, account: str, **order: Any) -> None:
        """Add an account that waits for its activation."""
        add_tenant(self.settings, Order(account, **order))

    def start(self) -> None:
        """Start the process and wait until it is ready."""
        self.process = subprocess.Popen(
            [sys.executable, "-W", "error::ResourceWarning", "-m", self.module],
            env=dict(self.environment),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout
        assert self.process.stderr
        threading.Thread(target=self._collect, args=(self.process.stderr,), daemon=True).start()
        line = self.process.stdout.readline()
        if "ready on" not in line:
            self.process.kill()
            self.process.wait(60)
            raise RuntimeError("the service did not start:\n" + "".join(self.log))

    def kill(self) -> None:
        """Kill it as kill -9 does."""
        self._end(signal.SIGKILL)

    def stop(self) -> int:
        """SIGTERM; returns the exit code."""
        return self._end(signal.SIGTERM)

    def _end(self, number: signal.Signals) -> int:
        process, self.process = self.process, None
        if process is None:
            return 0
        process.send_signal(number)
        code = process.wait(120)
        if process.stdout:
            process.stdout.close()
        return code

    def _collect(self, stream: Any) -> None:
        with stream:
            self.log.extend(stream)


@contextmanager
def running_cloud(
    tmp_path: Path,
    *,
    start: bool = True,
    stores: str = SQLITE_FILES,
    environment: Mapping[str, str] | None = None,
    **order: Any,
) -> Iterator[RunningCloud]:
    """Set a service up in `tmp_path/var`, add the account ACCOUNT and run it until the block ends.

    Args:
        tmp_path: a folder of the test's own.
        start: False leaves starting to the test.
        stores: SQLITE_FILES, or POSTGRESQL_S3: on servers that the tests start.
        environment: further EREPO_… settings of the process (and of `cloud.settings`).
        order: limits and security of the account (see `erepo.cloud.tenancy.tenants.Order`).
    """
    with stores_of(stores) as addresses:
        yield from _running(tmp_path, {**addresses, **(environment or {})}, order, start=start)


@contextmanager
def stores_of(stores: str) -> Iterator[Mapping[str, str]]:
    """Make empty stores of a kind; yields the settings that lead to them."""
    if stores == SQLITE_FILES:
        yield {}
        return
    with postgres.database() as url, s3.place() as place:
        yield {"EREPO_CLOUD_DATABASE_URL": url, **place.settings}


def _running(
    tmp_path: Path, environment: Mapping[str, str], order: Mapping[str, Any], *, start: bool
) -> Iterator[RunningCloud]:
    ours = {
        "EREPO_HOME": str(tmp_path / "var"),
        "EREPO_HOST": "127.0.0.1",
        "EREPO_PORT_BASE": str(free_port()),
        **environment,
    }
    kept = {name: value for name, value in os.environ.items() if not name.startswith("EREPO_")}
    settings = _settings(ours)
    initialise(settings)
    cloud = RunningCloud(settings, kept | ours, tmp_path / "credentials")
    cloud.add_tenant(ACCOUNT, **order)
    try:
        if start:
            cloud.start()
        yield cloud
    finally:
        cloud.stop()


def _settings(ours: Mapping[str, str]) -> Settings:
    before = dict(os.environ)
    try:
        for name in [name for name in os.environ if name.startswith("EREPO_")]:
            del os.environ[name]
        os.environ.update(ours)
        return Settings(_env_file=None)
    finally:
        os.environ.clear()
        os.environ.update(before)


@contextmanager
def second_process(cloud: RunningCloud, port: int) -> Iterator[TenantCredentials]:
    """Run another process on the same state; yields the account ACCOUNT as that process serves it."""
    environment = {**cloud.environment, "EREPO_PORT_BASE": str(port)}
    settings = cloud.settings.model_copy(update={"port_base": port})
    other = RunningCloud(settings, environment, cloud.credentials_folder)
    credentials = TenantCredentials(cloud.tenant.folder)
    text = json.dumps(cloud.tenant.facts).replace(f":{cloud.settings.cloud_port}/", f":{port}/")
    credentials.__dict__["facts"] = json.loads(text)
    try:
        other.start()
        yield credentials
    finally:
        other.stop()
