"""An audit repository for tests: RFC 5425 over mutual TLS in a process of its own, which can be killed.

What it has read is in its file before it answers a close_notify; a message that came in part is dropped.
"""

import os
import signal
import socket
import ssl
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from lxml import etree

from erepo.pki.bundle import Bundle
from erepo.pki.pem import write_certificates
from erepo.pki.tls import server_context
from erepo.settings import AuditSink
from tests.support.ports import free_port
from tests.support.tls_server import make_pki


@dataclass
class SyslogServer:
    """One repository; `messages` is what has arrived, also before a kill."""

    folder: Path
    port: int
    answers_close: bool = True
    process: subprocess.Popen[str] | None = field(default=None)

    @property
    def sink(self) -> AuditSink:
        """The settings that lead to it."""
        return AuditSink(
            sink=f"syslog+tls://127.0.0.1:{self.port}",
            ca=self.folder / "ca.pem",
            certificate=self.folder / "client.pem",
            key=self.folder / "client.key",
        )

    @property
    def messages(self) -> list[bytes]:
        """Every syslog message, in the order of arrival."""
        file = self.folder / "received"
        return _frames(file.read_bytes())[0] if file.exists() else []

    @property
    def audit_messages(self) -> list[etree._Element]:
        """The audit messages in them."""
        return [etree.fromstring(each[each.index(b"<?xml") :]) for each in self.messages]

    def start(self) -> None:
        """Start it and wait until it listens."""
        answers = "yes" if self.answers_close else "no"
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.support.syslog_server", str(self.port), str(self.folder), answers],
            stdout=subprocess.PIPE,
            text=True,
            cwd=Path(__file__).parents[2],
        )
        assert self.process.stdout
        assert self.process.stdout.readline().strip() == "ready"

    def kill(self) -> None:
        """Kill it as kill -9 does."""
        process, self.process = self.process, None
        if process is not None:
            process.send_signal(signal.SIGKILL)
            process.wait(60)
            assert process.stdout
            process.stdout.close()


@contextmanager
def syslog_server(folder: Path, *, start: bool = True, answers_close: bool = True) -> Iterator[SyslogServer]:
    """Make certificates for a repository and run it until the block ends."""
    folder.mkdir(parents=True, exist_ok=True)
    pki = make_pki()
    (folder / "ca.pem").write_bytes(pki.authority.pem)
    for name, bundle in (("server", pki.server), ("client", pki.client)):
        (folder / f"{name}.pem").write_bytes(write_certificates([bundle.certificate]))
        (folder / f"{name}.key").write_bytes(_clear(bundle))
    running = SyslogServer(folder, free_port(), answers_close)
    try:
        if start:
            running.start()
        yield running
    finally:
        running.kill()


def _clear(bundle: Bundle) -> bytes:
    return bundle.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def _frames(octets: bytes) -> tuple[list[bytes], bytes]:
    """Return the whole messages and the rest."""
    found = []
    while b" " in octets[:12]:
        length, _, rest = octets.partition(b" ")
        if len(rest) < int(length):
            break
        found.append(rest[: int(length)])
        octets = rest[int(length) :]
    return found, octets


def _serve(port: int, folder: Path, *, answers_close: bool) -> None:
    bundle = Bundle.from_pem((folder / "server.pem").read_bytes(), (folder / "server.key").read_bytes())
    context = server_context(bundle, (folder / "ca.pem").read_bytes())
    with socket.create_server(("127.0.0.1", port)) as listening, (folder / "received").open("ab") as file:
        print("ready", flush=True)
        while True:
            plain, _ = listening.accept()
            with suppress(OSError), context.wrap_socket(plain, server_side=True) as connection:
                _receive(connection, file.fileno())
                if answers_close:
                    connection.unwrap()


def _receive(connection: ssl.SSLSocket, file: int) -> None:
    rest = b""
    while chunk := connection.recv(65536):
        messages, rest = _frames(rest + chunk)
        os.write(file, b"".join(b"%d %s" % (len(each), each) for each in messages))


if __name__ == "__main__":
    _serve(int(sys.argv[1]), Path(sys.argv[2]), answers_close=sys.argv[3] == "yes")
