"""The sandbox's P1 for tests: own folder, own port, own process.

with running_p1(tmp_path) as p1:
    provider = p1.provider("000000927722")
    with provider.client() as client: ...
"""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import orjson

from erepo.p1 import Identified, P1Addresses, P1Client, TokenRequest
from erepo.pki import Bundle, CertificatePurpose, client_context
from erepo.sandbox.p1 import ISSUER
from erepo.sandbox.p1.home import Home
from erepo.settings import HttpTimeouts
from tests.support.p1_files import P1Files, p1_keys, sealed
from tests.support.ports import free_port

PROVIDER, OTHER = "000000927722", "000000011111"
ROOT = "2.16.840.1.113883.3.4424"
DOCTOR = Identified(f"{ROOT}.1.6.2", "5425740")
PATIENT = Identified(f"{ROOT}.1.1.616", "80051200006")


@dataclass(frozen=True)
class Provider:
    """A provider with the certificates that P1 issued."""

    resort_i: str
    tls: Bundle
    wss: Bundle
    p1: "RunningP1"

    def client(self, **changes: object) -> P1Client:
        """Return its client."""
        given = {"tls": self.tls, "wss": self.wss, "trust_pem": self.p1.trust} | changes
        return P1Client(P1Addresses.below(self.p1.url), **given)  # type: ignore[arg-type]

    def asking(self, **changes: object) -> TokenRequest:
        """Return a request for a token of its doctor."""
        given = {
            "organisation": Identified(f"{ROOT}.2.3.1", self.resort_i),
            "place": Identified(f"{ROOT}.2.3.3", f"{self.resort_i}-008"),
            "user": DOCTOR,
            "role": "medical doctor",
            "patient": PATIENT,
        } | changes
        return TokenRequest(**given)  # type: ignore[arg-type]


@dataclass
class RunningP1:
    """The sandbox in a process of its own."""

    home: Home
    url: str
    process: subprocess.Popen[str]
    sink: str

    @property
    def trust(self) -> bytes:
        """What clients trust."""
        return self.home.services.pem

    @property
    def settings(self) -> dict[str, str]:
        """What leads a service to it."""
        return {
            "EREPO_P1__URL": self.url,
            "EREPO_P1__CA": str(self.home.folder / "ca" / "services" / "ca.pem"),
        }

    @property
    def door(self) -> dict[str, str]:
        """What else a service needs to let other providers in."""
        providers = str(self.home.folder / "ca" / "providers" / "ca.pem")
        return {
            "EREPO_P1__TOKEN_ISSUER": ISSUER,
            "EREPO_P1__TOKEN_CA": str(self.home.folder / "token.pem"),
            "EREPO_P1__PROVIDERS_TLS_CA": providers,
            "EREPO_P1__PROVIDERS_WSS_CA": providers,
            "EREPO_P1__AUDIT_SINK": self.sink,
        }

    @property
    def audits(self) -> list[tuple[str, bytes]]:
        """Audit messages that came, each with the provider that sent it."""
        return self.home.store.audits()

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self.url.rpartition(":")[2])

    def provider(self, resort_i: str = PROVIDER, *, legacy: bool = False) -> Provider:
        """Have certificates issued."""
        out = self.home.folder / "providers" / f"{resort_i}{'-old' if legacy else ''}"
        self.home.add_provider(resort_i, out, legacy=legacy)
        words = orjson.loads((out / "passwords.json").read_bytes())
        tls, wss = (
            Bundle.from_pkcs12((out / words[each]["file"]).read_bytes(), words[each]["password"].encode())
            for each in ("tls", "wss")
        )
        return Provider(resort_i, tls, wss, self)

    def files(self, resort_i: str, name: str = "") -> P1Files:
        """Have another pair issued as P1's own files are; `name` takes the place of its usual subject."""
        bundles = []
        for key, purpose in zip(p1_keys(), CertificatePurpose, strict=True):
            subject = f"{name or f'Podmiot leczniczy {resort_i}'} {purpose}"
            issuer = self.home.providers
            issue = issuer.issue_visitor if purpose is CertificatePurpose.TLS else issuer.issue_signer
            bundle = Bundle(key, issue(key, subject))
            self.home.store.add_certificate(bundle.fingerprint, purpose.value, resort_i)
            bundles.append(bundle)
        return sealed(*bundles)

    def repositories(self, resort_i: str) -> dict[str, str]:
        """Return what it knows of a provider: addresses by id."""
        return {one.oid: one.url for one in self.home.store.repositories(resort_i)}

    def admin(self) -> httpx.Client:
        """Return HTTP with the administrator's certificate."""
        folder = self.home.folder / "admin"
        bundle = Bundle.from_pem((folder / "tls.pem").read_bytes(), (folder / "tls.key").read_bytes())
        return httpx.Client(
            base_url=self.url, verify=client_context(bundle, self.trust), trust_env=False, timeout=60
        )

    def kill(self) -> None:
        """Kill it as kill -9 does."""
        self.process.kill()
        self.process.wait(60)
        if self.process.stdout:
            self.process.stdout.close()

    def start(self) -> None:
        """Start it again, on the same ports and state."""
        folder = self.home.folder.parent
        self.process = _started(folder, self.port, int(self.sink.rpartition(":")[2]))
        _ready(self.process, folder)
        assert self.process.stdout is not None
        self.process.stdout.readline()

    def wrong(self, service: str, kind: str, **more: object) -> None:
        """Have a service go wrong, by the administrator's endpoint."""
        with self.admin() as admin:
            answer = admin.put("/admin/faults", json={"service": service, "kind": kind, **more})
        assert answer.status_code == 200, answer.text


@contextmanager
def running_p1(home: Path) -> Iterator[RunningP1]:
    """Set a sandbox up in `home/p1` and run `erepo p1-sandbox serve` until the block ends."""
    made = Home.initialise(home / "p1", ["127.0.0.1", "localhost"])
    process = _started(home, free_port(), free_port())
    running: RunningP1 | None = None
    try:
        url = _ready(process, home)
        assert process.stdout is not None
        sink = process.stdout.readline().rpartition(" ")[2].strip()
        running = RunningP1(made, url, process, sink)
        yield running
    finally:
        process = running.process if running else process
        assert process.stdout is not None
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(120)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(60)
        process.stdout.close()
        made.store.close()


def _started(home: Path, port: int, audit_port: int) -> subprocess.Popen[str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("EREPO_")}
    serve = ("p1-sandbox", "serve", "--port", str(port), "--audit-port", str(audit_port))
    with (home / "p1.log").open("a") as log:
        return subprocess.Popen(
            [sys.executable, "-m", "erepo", *serve],
            env=kept | {"EREPO_HOME": str(home), "EREPO_HOST": "127.0.0.1"},
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )


def _ready(process: subprocess.Popen[str], home: Path) -> str:
    """Wait until it is ready and return its address."""
    assert process.stdout is not None
    line = process.stdout.readline()
    assert "erepo p1-sandbox ready on" in line, (home / "p1.log").read_text()
    return line.rpartition(" ")[2].strip()


def quick(**changes: float) -> HttpTimeouts:
    """Return time-outs for tests of time-outs."""
    return HttpTimeouts(**({"read": 20} | changes))
