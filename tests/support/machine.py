"""`erepo up` as a user runs it: a home and ports of its own, everything in processes of their own."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from erepo.cli.processes import MARK, port_free
from tests.support.ports import BLOCK, free_port_base
from tests.support.prefect import written
from tests.support.waiting import until

PORTS = range(BLOCK)

Ended = subprocess.CompletedProcess[str]


class Machine:
    """A home and its ports."""

    def __init__(self, folder: Path) -> None:
        self.home = folder / "home"
        self.base = free_port_base()
        inherited = {
            name: value for name, value in os.environ.items() if not name.startswith(("EREPO_", "PREFECT_"))
        }
        self.environment = {
            **inherited,
            "EREPO_HOME": str(self.home),
            "EREPO_PORT_BASE": str(self.base),
            "EREPO_LANGUAGE": "en",
            "COLUMNS": "120",
        }

    def run(self, *arguments: str) -> Ended:
        """Run a command of erepo to its end."""
        return subprocess.run(
            [sys.executable, "-m", "erepo", *arguments],
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=400,
            check=False,
        )

    def begin(self, *arguments: str) -> subprocess.Popen[str]:
        """Start a command of erepo."""
        command = [sys.executable, "-m", "erepo", *arguments]
        return subprocess.Popen(
            command, env=self.environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )

    @contextmanager
    def up(self) -> Iterator[subprocess.Popen[str]]:
        """Keep `erepo up` running while the block runs."""
        # Where a shell started the tests in the background, Ctrl-C is ignored in all that they start.
        arguments = ["env", "--default-signal=INT", sys.executable, "-m", "erepo", "up"]
        with subprocess.Popen(arguments, env=self.environment, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            try:
                until(lambda: (self.home / "run" / "up.json").exists() or process.poll() is not None, 240)
                yield process
            finally:
                process.send_signal(signal.SIGINT)
                process.wait(200)

    def written(self) -> Iterator[tuple[str, str]]:
        """Yield all that Prefect and the programs have written."""
        prefect = self.home / "prefect"
        return written(prefect / "prefect.db", prefect, self.home / "logs")

    def left_over(self) -> list[int]:
        """Return processes that some command of this home started and did not end."""
        wanted = f"EREPO_HOME={self.home}".encode()
        found = []
        for entry in Path("/proc").iterdir():
            try:
                environment = (entry / "environ").read_bytes()
            except OSError:
                continue
            if wanted in environment and MARK.encode() in environment:
                found.append(int(entry.name))
        return found

    def ports_free(self) -> bool:
        """Whether nobody listens on any of our ports."""
        return all(port_free("127.0.0.1", self.base + offset) for offset in PORTS)
