"""A real certificate office for tests: own folder, own port, own process.

with running_office(tmp_path, service_ca=cloud.ca.read_bytes()) as office:
mailer = office.mailer()             # writes to the office
mailbox = office.mailbox()           # where its answers to the clinic arrive
"""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from erepo.clinic.mail import MaildirMailbox, Mailer
from erepo.sandbox.office import ADDRESS
from erepo.sandbox.office.service import Office

CLINIC = "przychodnia@clinic.example"


@dataclass
class RunningOffice:
    """The office in a process of its own."""

    home: Path
    port: int
    process: subprocess.Popen[str]
    address: str = ADDRESS

    @property
    def authority_pem(self) -> bytes:
        """Whose signature its certificates carry."""
        return (self.home / "ca" / "ca.pem").read_bytes()

    def mailer(self) -> Mailer:
        """The clinic's outgoing mail."""
        return Mailer("127.0.0.1", self.port, CLINIC, tls="none", timeout=60)

    def mailbox(self) -> MaildirMailbox:
        """The clinic's incoming mail."""
        return MaildirMailbox(self.home / "mail" / CLINIC)

    def answers(self) -> int:
        """How many answers lie in the clinic's mailbox, seen or not."""
        return sum(1 for folder in ("new", "cur") for _ in (self.mailbox().folder / folder).glob("*"))

    def stop(self) -> int:
        """SIGTERM; returns the exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(120)


@contextmanager
def running_office(tmp_path: Path, service_ca: bytes | None = None) -> Iterator[RunningOffice]:
    """Set an office up in `tmp_path/office` and run `erepo office serve` until the block ends."""
    home = tmp_path / "office"
    Office.initialise(home, service_ca)
    kept = {name: value for name, value in os.environ.items() if not name.startswith("EREPO_")}
    process = subprocess.Popen(
        [sys.executable, "-m", "erepo", "office", "serve", "--port", "0"],
        env=kept | {"EREPO_HOME": str(tmp_path), "EREPO_HOST": "127.0.0.1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert process.stdout is not None
    try:
        line = process.stdout.readline()
        assert "erepo office ready on" in line, line
        yield RunningOffice(home, int(line.rpartition(":")[2]), process)
    finally:
        process.kill()
        process.wait(60)
        process.stdout.close()
