"""The real interface for other systems: own home, own port, own process.

with running_api(tmp_path) as api:
    with api.client("documents:write") as http:       # httpx with a token of these scopes
        http.post("/api/documents", content=octets)
    api.kill(); api.start()                           # kill -9 and start again on the same port and state
"""

import os
import signal
import subprocess
import sys
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from erepo.api.tokens import Scope, add_token
from erepo.clinic.database import Database, open_clinic
from erepo.settings import Settings
from tests.support.ports import free_port

#: Largest document, in bytes: small enough for tests to go beyond it.
LIMIT = 20 * 1024**2
#: Of the clinic's keys; the secrets of webhooks are kept under it.
PASSPHRASE = "of a test"


@dataclass
class RunningApi:
    """The interface in a process of its own, and the clinic's database beside it."""

    settings: Settings
    database: Database
    environment: dict[str, str]
    process: subprocess.Popen[str] | None = None
    log: list[str] = field(default_factory=list)

    @property
    def url(self) -> str:
        """Where it listens."""
        return self.settings.api_url

    def token(self, *scopes: str) -> tuple[str, str]:
        """Make a token; return its name and itself."""
        name = f"t{uuid.uuid4().hex[:12]}"
        with self.database.begin() as connection:
            return name, add_token(connection, name, [Scope(one) for one in scopes], actor="test")

    @contextmanager
    def client(self, *scopes: str, **options: Any) -> Iterator[httpx.Client]:
        """Give an HTTP client with a new token of some scopes (all, if none is named)."""
        _, token = self.token(*(scopes or tuple(Scope)))
        headers = {"authorization": f"Bearer {token}", "accept-language": "en"}
        with httpx.Client(base_url=self.url, headers=headers, trust_env=False, timeout=60, **options) as http:
            yield http

    def start(self) -> None:
        """Start the process and wait until it is ready."""
        self.process = subprocess.Popen(
            [sys.executable, "-m", "erepo", "api", "serve"],
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout
        threading.Thread(target=self._collect, args=(self.process.stderr,), daemon=True).start()
        if "ready on" not in self.process.stdout.readline():
            self.process.wait(60)
            raise RuntimeError("the interface did not start:\n" + "".join(self.log))

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
def running_api(folder: Path, *, start: bool = True, **settings: str) -> Iterator[RunningApi]:
    """Run the interface of a new clinic in `folder/var` until the block ends.

    Args:
        folder: of the test's own.
        start: False leaves starting to the test.
        settings: further `EREPO_API__…`, by the rest of the name in small letters.
    """
    port = free_port()
    ours = {
        "EREPO_HOME": str(folder / "var"),
        "EREPO_LANGUAGE": "en",
        "EREPO_KEY_PASSPHRASE": PASSPHRASE,
        "EREPO_API__PORT": str(port),
        "EREPO_LIMITS__DOCUMENT": str(LIMIT),
        **{f"EREPO_API__{name.upper()}": value for name, value in settings.items()},
    }
    kept = {name: value for name, value in os.environ.items() if not name.startswith("EREPO_")}
    chosen = Settings(
        _env_file=None,
        home=folder / "var",
        key_passphrase=PASSPHRASE,
        api={"port": port, **settings},
        limits={"document": LIMIT},
    )  # type: ignore[arg-type]
    database = open_clinic(chosen)
    api = RunningApi(chosen, database, kept | ours)
    try:
        if start:
            api.start()
        yield api
    finally:
        api.stop()
        database.close()
