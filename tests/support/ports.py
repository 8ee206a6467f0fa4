"""Free ports: one, or a block of them for whole stacks.

They lie below those that the system gives to outgoing connections: who is killed and started again finds its
port free, and where nobody shall listen, nobody does. Each process of the tests hands out a share of its own,
block after block, so that none is given twice in a while, nor anything that stands beside another's first.
"""

import itertools
import os
import random
import socket
from collections.abc import Iterator
from functools import cache

_FIRST, _END = 10_000, 32_000
#: As many as a stack has programs.
BLOCK = 8


def free_port() -> int:
    """Return a port that was free a moment ago."""
    return free_port_base(1)


def free_port_base(size: int = BLOCK) -> int:
    """Return the first of `size` neighbouring ports that were free a moment ago, BLOCK at most."""
    for base in itertools.islice(_blocks(), (_END - _FIRST) // BLOCK):
        if all(map(_is_free, range(base, base + size))):
            return base
    raise RuntimeError("no block of free ports")


@cache
def _blocks() -> Iterator[int]:
    """Return the blocks of this process's share, round and round, from anywhere."""
    workers = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    mine = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    share = range(_FIRST, _END, BLOCK)[mine::workers]
    begin = random.SystemRandom().randrange(len(share))
    return itertools.cycle([*share[begin:], *share[:begin]])


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        # As servers do: the remains of closed connections must not count as somebody listening.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
