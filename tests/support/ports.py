"""Free ports: one, or a block of them for whole stacks."""

import random
import socket
from contextlib import ExitStack


def free_port() -> int:
    """Return a port that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def free_port_base(size: int = 7) -> int:
    """Return the first of `size` neighbouring ports that were free a moment ago."""
    chance = random.SystemRandom()
    for _ in range(200):
        base = chance.randrange(20_000, 30_000, size)
        with ExitStack() as probes:
            try:
                for port in range(base, base + size):
                    probe = probes.enter_context(socket.socket())
                    probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                    probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        return base
    raise RuntimeError("no block of free ports")
