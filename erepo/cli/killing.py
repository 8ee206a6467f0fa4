"""kill -9 of an installation's programs, on purpose: what the demonstration and the kill trials share.

A worker is killed with every process it started, as a power cut would; the service alone. Then each is
started again, and what Prefect still believes to run is ended, as `erepo up` does it.
"""

import contextlib
import os
import signal
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum

from erepo.cli import processes
from erepo.cli.stack import Stack
from erepo.cli.supervisor import Child, Program
from erepo.cli.surroundings import POOL
from erepo.cli.trigger import Prefect

#: Seconds that a killed process may take to be gone.
_GONE = 60


class Target(StrEnum):
    """What is killed at once."""

    WORKER = "worker"
    SERVICE = "service"
    BOTH = "both"

    @property
    def worker(self) -> bool:
        """Whether the worker is among it, with the flow it runs."""
        return self is not Target.SERVICE

    @property
    def service(self) -> bool:
        """Whether the repository service is."""
        return self is not Target.WORKER


@dataclass
class Killer:
    """Kills and restarts programs of a running stack; counts what it did.

    Attributes:
        stack: whose programs.
        prefect: client of its Prefect server.
        kills: how often each target was killed.
    """

    stack: Stack
    prefect: Prefect
    kills: Counter[Target] = field(default_factory=Counter)

    def kill(self, target: Target) -> None:
        """Send SIGKILL, to the worker with every process it started, and wait until they are gone."""
        self.kills[target] += 1
        self.kill_programs(["prefect-worker"] * target.worker + ["cloud"] * target.service)

    def kill_programs(self, names: Sequence[str]) -> None:
        """Do so with programs by name, uncounted."""
        mark = self.stack.supervisor.mark
        for pid in [pid for name in names for pid in processes.family(self._child(name).process.pid, mark)]:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        for name in names:
            self._child(name).process.wait(_GONE)

    def restart(self, target: Target) -> None:
        """Start again what was killed, and wait until it is ready.

        Raises:
            ProgramEnded, ProgramNotReady: a program did not come up again; see its log.
            PrefectUnavailable: the Prefect server does not answer.
        """
        if target.service:
            self.start_again(self.stack.cloud())
        if target.worker:
            self.prefect.end_orphans(POOL, datetime.now(UTC))
            self.start_again(self.stack.worker())

    def start_again(self, program: Program) -> None:
        """Start one program that has ended, and wait until it is ready; raises as `restart`."""
        supervisor = self.stack.supervisor
        supervisor.children.remove(self._child(program.name))
        supervisor.await_ready(supervisor.start(program))

    def _child(self, name: str) -> Child:
        return next(child for child in self.stack.supervisor.children if child.program.name == name)
