"""A private S3 server for tests: SeaweedFS, a real one from a package, ended with who started it.

with place() as where:               # an empty prefix of its own
    where.url, where.settings        # s3://…, and the EREPO_… settings that lead there
    where.store()                    # the adapter itself

The server is started at the first question and shared by all tests of one process; it asks for signatures.
"""

import atexit
import json
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from erepo.blobs.s3 import S3BlobStore
from erepo.errors import RetryableError
from erepo.settings import S3Access
from tests.support.ports import free_port

KEY_ID, SECRET = "erepo-tests", "0123456789abcdef0123456789abcdef"
REGION, BUCKET = "us-east-1", "erepo"
_IDENTITY = {
    "name": "erepo",
    "credentials": [{"accessKey": KEY_ID, "secretKey": SECRET}],
    "actions": ["Admin", "Read", "Write", "List", "Tagging"],
}


@dataclass(frozen=True)
class Place:
    """A prefix of a bucket."""

    endpoint: str
    prefix: str

    @property
    def url(self) -> str:
        """As the setting writes it."""
        return f"s3://{BUCKET}/{self.prefix}"

    def store(self) -> S3BlobStore:
        """A client of the test's own."""
        access = S3Access(endpoint=self.endpoint, region=REGION, key_id=KEY_ID, secret_key=SecretStr(SECRET))
        return S3BlobStore(BUCKET, self.prefix, access)

    @property
    def settings(self) -> Mapping[str, str]:
        """The settings that lead a service there."""
        return {
            "EREPO_CLOUD_BLOBS": self.url,
            "EREPO_S3__ENDPOINT": self.endpoint,
            "EREPO_S3__REGION": REGION,
            "EREPO_S3__KEY_ID": KEY_ID,
            "EREPO_S3__SECRET_KEY": SECRET,
        }


@dataclass
class Server:
    """One running server."""

    folder: Path
    ports: tuple[int, ...]
    process: subprocess.Popen[bytes] | None = field(default=None)

    @property
    def endpoint(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.ports[0]}"

    def start(self) -> None:
        """Start it and wait until it takes signed requests."""
        guard = ["setpriv", "--pdeathsig", "TERM"] if shutil.which("setpriv") else []
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen([*guard, *self._command()], stdout=log, stderr=log)
        until = time.monotonic() + 180
        while not self._answers():
            if self.process.poll() is not None or time.monotonic() > until:
                raise RuntimeError((self.folder / "log").read_text()[-4000:])
            time.sleep(0.05)

    def _command(self) -> list[Any]:
        names = ("s3", "s3", "master", "master", "volume", "volume", "filer", "filer")
        kinds = ("port", "port.grpc") * 4
        ports = [f"-{name}.{kind}={port}" for name, kind, port in zip(names, kinds, self.ports, strict=True)]
        config = self.folder / "s3.json"
        config.write_text(json.dumps({"identities": [_IDENTITY]}))
        return [
            Path(sys.executable).parent / "weed",
            "-logtostderr=true",
            "server",
            f"-dir={self.folder}",
            "-ip=127.0.0.1",
            "-ip.bind=127.0.0.1",
            "-master.volumeSizeLimitMB=1024",
            "-master.telemetry=false",
            "-master.electionTimeout=1s",
            "-volume.max=50",
            "-volume.minFreeSpace=1",
            "-s3",
            "-s3.iam=false",
            "-s3.port.iceberg=0",
            "-s3.port.lance=0",
            "-s3.allowDeleteBucketNotEmpty=true",
            f"-s3.config={config}",
            *ports,
        ]

    def _answers(self) -> bool:
        try:
            # The health page comes long before a place for the first object is made.
            self.place("").store().put(f"1/{'0' * 32}", [b"ready"])
        except RetryableError:
            return False
        return True

    def place(self, prefix: str) -> "Place":
        """Return the place of a prefix."""
        return Place(self.endpoint, prefix)

    def stop(self, how: signal.Signals = signal.SIGKILL) -> None:
        """End it."""
        if self.process is not None:
            self.process.send_signal(how)
            self.process.wait(60)
            self.process = None

    def remove(self) -> None:
        """End it and remove its folder."""
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)


def new_server() -> Server:
    """Start a server of the caller's own, for tests that stop it; `remove` ends it."""
    created = Server(Path(tempfile.mkdtemp(prefix="erepo-s3-")), tuple(free_port() for _ in range(8)))
    try:
        created.start()
    except BaseException:
        created.remove()
        raise
    return created


@cache
def server() -> Server:
    """Return the server that all tests of this process share."""
    started = new_server()
    atexit.register(started.remove)
    return started


@contextmanager
def place() -> Iterator[Place]:
    """Yield an empty prefix; what is under it is removed at the end."""
    chosen = server().place(uuid.uuid4().hex)
    yield chosen
    store = chosen.store()
    for key in list(store.keys()):
        store.delete(key)
