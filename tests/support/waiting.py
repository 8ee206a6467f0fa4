"""Wait for something that another process brings about."""

import time
from collections.abc import Callable

#: Longer than a loaded machine takes for anything that comes at all; what has come is not waited for.
PATIENCE = 120.0


def until(true: Callable[[], bool], seconds: float = PATIENCE) -> None:
    """Return as soon as `true()` holds; fail after some seconds."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.05)
