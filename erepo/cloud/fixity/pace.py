"""Reading no faster than allowed, so that a check does not take the disk from the service."""

import threading
import time


class Pace:
    """Counts bytes and holds readers back.

    Args:
        rate: bytes per second of all readers together; 0 is as fast as it goes.
    """

    def __init__(self, rate: int = 0) -> None:
        self._rate = rate
        self._since = time.monotonic()
        self._lock = threading.Lock()
        self.octets = 0

    def took(self, octets: int) -> None:
        """Count what was read; return when it may go on."""
        with self._lock:
            self.octets += octets
            early = self.octets / self._rate - (time.monotonic() - self._since) if self._rate else 0
        if early > 0:
            time.sleep(early)
