"""Wall time, CPU time of whole process trees, and what the rest of the machine did meanwhile."""

import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field

import psutil


@dataclass
class Timed:
    """What one stretch of work cost.

    Attributes:
        documents: documents that came to a good end.
        seconds: wall time.
        cpu: seconds of CPU by role (`client`, `service`, `prefect`), all processes of its tree together.
        strangers: share of the machine's cores that processes of others had, 0 to 1 (steal included).
        more: further figures by name, seconds each.
    """

    documents: int
    seconds: float
    cpu: dict[str, float]
    strangers: float
    more: dict[str, float] = field(default_factory=dict)

    @property
    def rate(self) -> float:
        """Documents a second."""
        return self.documents / self.seconds

    def per_document(self, role: str) -> float:
        """Milliseconds of CPU a document."""
        return 1000 * self.cpu.get(role, 0.0) / self.documents


class Meter:
    """Measures from `start` to `stop`.

    Args:
        roots: process id of the root of each role's tree.
    """

    def __init__(self, roots: Mapping[str, int]) -> None:
        self._roots = roots
        self._cpu: dict[str, float] = {}
        self._machine = 0.0
        self._begun = 0.0

    def start(self) -> None:
        """Begin."""
        self._cpu = {role: tree_seconds(pid) for role, pid in self._roots.items()}
        self._machine, self._begun = _machine_seconds(), time.perf_counter()

    def stop(self, documents: int, **more: float) -> Timed:
        """End, and return what it cost."""
        seconds, machine = time.perf_counter() - self._begun, _machine_seconds() - self._machine
        cpu = {role: tree_seconds(pid) - self._cpu[role] for role, pid in self._roots.items()}
        strangers = max(0.0, machine - sum(cpu.values())) / (seconds * (psutil.cpu_count() or 1))
        return Timed(documents, seconds, cpu, strangers, more)


def tree_seconds(root: int) -> float:
    """Return the CPU seconds of a process, its descendants, and those of them that have ended."""
    total = 0.0
    for process in [psutil.Process(root), *psutil.Process(root).children(recursive=True)]:
        with suppress(psutil.NoSuchProcess):
            times = process.cpu_times()
            total += times.user + times.system + times.children_user + times.children_system
    return total


def _machine_seconds() -> float:
    times = psutil.cpu_times()
    return float(sum(times)) - times.idle - times.iowait - times.guest - times.guest_nice


def settle(limit: float, quiet: float = 12.0) -> float:
    """Wait until the machine is quiet, `limit` seconds at most; return the last load seen, in percent."""
    end = time.monotonic() + limit
    while (load := psutil.cpu_percent(0.5)) > quiet and time.monotonic() < end:
        pass
    return load
