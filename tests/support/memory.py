"""How much memory another process has had at most (Linux)."""

import threading
import time
from pathlib import Path


def reset_peak(pid: int) -> None:
    """Make the kernel forget a process's peak so far."""
    Path(f"/proc/{pid}/clear_refs").write_text("5", encoding="ascii")


def peak(pid: int) -> int:
    """Return the largest resident size of a process since its start or the last reset, in bytes.

    Raises:
        ProcessLookupError: it has ended.
    """
    for line in Path(f"/proc/{pid}/status").read_text(encoding="ascii", errors="replace").splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    raise ProcessLookupError(pid)


class PeakUntilEnd:
    """Follows a process until it ends; `result` is the largest peak seen."""

    def __init__(self, pid: int) -> None:
        self._pid, self._most = pid, 0
        self._thread = threading.Thread(target=self._follow, daemon=True)
        self._thread.start()

    def result(self) -> int:
        """Wait for the end and return the peak in bytes."""
        self._thread.join(60)
        return self._most

    def _follow(self) -> None:
        while True:
            try:
                self._most = max(self._most, peak(self._pid))
            except (OSError, ProcessLookupError):
                return
            time.sleep(0.02)
