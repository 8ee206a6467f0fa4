"""What the parent of a measurement tells its child, and hears back: one JSON object each way."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from tests.bench.meter import Timed


@dataclass(frozen=True)
class Job:
    """One portion for one of the ways.

    Attributes:
        folder: where its documents lie.
        credentials: of the account, as `erepo cloud tenant add --credentials` writes them.
        service: process id of the repository service.
        key_type: of the account's keys.
        full: (e) instead of (a'): for an account with WS-Security.
    """

    folder: Path
    credentials: Path
    service: int
    key_type: str = "ec-p256"
    full: bool = False

    @property
    def roots(self) -> dict[str, int]:
        """Whose CPU time counts: our own, and that of the service."""
        return {"client": os.getpid(), "service": self.service}

    def documents(self) -> list[Path]:
        """Return the files, in order."""
        return sorted(self.folder.glob("*.xml"))


def measure(module: str, job: Job, environment: Mapping[str, str], around: Sequence[str] = ()) -> Timed:
    """Run one portion in a process of its own; `around` starts the command, where something watches it.

    Raises:
        CalledProcessError: it failed; its words are on stderr.
    """
    told = json.dumps(asdict(job), default=str)
    command = [*around, sys.executable, "-m", f"tests.bench.{module}", told]
    done = subprocess.run(command, env=dict(environment), stdout=subprocess.PIPE, check=True, text=True)
    told_back = next(line for line in reversed(done.stdout.splitlines()) if line.startswith("{"))
    return Timed(**json.loads(told_back))


def answer(work: Callable[[Job], Timed]) -> None:
    """Do what the parent asks for (in the child)."""
    told = json.loads(sys.argv[1])
    told |= {name: Path(told[name]) for name in ("folder", "credentials")}
    print(json.dumps(asdict(work(Job(**told)))))
