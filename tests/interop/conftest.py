"""One service for the whole kit, set up with the operator's commands only."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from tests.interop.kit.wire import Peer
from tests.support.ports import free_port

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ACCOUNTS = {
    "peer": ("0000000000001003", "mtls", "ec-p256"),
    "stranger": ("0000000000001010", "mtls", "ec-p256"),
    "registered": ("0000000000001027", "mtls", "ec-p256"),
    "clinic": ("0000000000001034", "wss", "ec-p256"),
    "clinic_rsa": ("0000000000001041", "wss", "rsa-3072"),
}


class Service:
    """The operator's hands: commands, start, stop."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.port = free_port()
        kept = {name: value for name, value in os.environ.items() if not name.startswith("EREPO_")}
        self.environment = kept | {
            "EREPO_HOME": str(home / "var"),
            "EREPO_PORT_BASE": str(self.port),
            "EREPO_LANGUAGE": "en",
        }
        self.process: subprocess.Popen[bytes] | None = None

    def run(self, *words: str, check: bool = True, **more: str) -> subprocess.CompletedProcess[str]:
        """One `erepo` command."""
        return subprocess.run(
            [sys.executable, "-m", "erepo", *words],
            env=self.environment | more,
            check=check,
            capture_output=True,
            text=True,
        )

    def start(self) -> None:
        """Serve, and wait until the port answers."""
        log = (self.home / "service.log").open("ab")
        self.process = subprocess.Popen(
            [sys.executable, "-m", "erepo", "cloud", "serve"], env=self.environment, stdout=log, stderr=log
        )
        log.close()
        for _ in range(1200):
            assert self.process.poll() is None, (self.home / "service.log").read_text()
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.1)
        raise AssertionError("the service does not answer")

    def stop(self) -> None:
        """End it as an operator would."""
        if self.process is not None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(120)
            self.process = None


@pytest.fixture(scope="session")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """The running service with all accounts."""
    made = Service(tmp_path_factory.mktemp("interop"))
    made.run("cloud", "init")
    for name, (account, security, key) in ACCOUNTS.items():
        words = ["cloud", "tenant", "add", account, "--security", security]
        words += ["--patients", "registered"] if name == "registered" else []
        made.run(*words, "--credentials", str(made.home / name), EREPO_KEY_TYPE=key)
    made.start()
    yield made
    made.stop()


def _peer(name: str) -> object:
    @pytest.fixture(scope="session", name=name)
    def fixture(service: Service) -> Iterator[Peer]:
        made = Peer(service.home / name)
        yield made
        made.close()

    return fixture


peer = _peer("peer")
stranger = _peer("stranger")
registered = _peer("registered")
clinic = _peer("clinic")
clinic_rsa = _peer("clinic_rsa")
