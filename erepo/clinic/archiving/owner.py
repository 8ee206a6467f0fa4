"""Who holds a lease: a name that tells whether its process is still alive.

A lease has an expiry, so a lost machine frees its batch by itself. Waiting for it after every crash would be
a pity, though: on the same machine a process can be seen to be dead, and its lease is then free at once.
"""

import os
import secrets
import socket
from functools import cache
from pathlib import Path


def new_owner() -> str:
    """Return a name for one claim: machine, process, its start, and a fencing token of its own."""
    return f"{_here()}|{os.getpid()}|{_started(os.getpid())}|{secrets.token_hex(6)}"


def is_dead(owner: str) -> bool:
    """Tell whether the owner's process is known to have ended; False when it cannot be known from here."""
    here, _, rest = owner.partition("|")
    process, _, rest = rest.partition("|")
    started = rest.partition("|")[0]
    if here != _here() or not process.isdigit() or not started:
        return False
    return _started(int(process)) != started


@cache
def _here() -> str:
    """Name what process ids are unique in: this boot of this machine, this container."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        space = Path("/proc/self/ns/pid").readlink().name
    except OSError:
        # No such files (not Linux): expiry alone frees the leases of the dead.
        return f"{socket.gethostname()}-{secrets.token_hex(4)}"
    return f"{socket.gethostname()}-{boot[:8]}-{space}"


def _started(process: int) -> str:
    """Return when a process started, in ticks since boot; empty when there is none."""
    try:
        state = Path(f"/proc/{process}/stat").read_text()
    except OSError:
        return ""
    fields = state.rpartition(")")[2].split()
    # A zombie has ended; only its parent has not noticed yet.
    return "" if fields[0] in "ZX" else fields[19]
