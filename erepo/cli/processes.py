"""Processes as the kernel sees them: groups, offspring, ports.

A program we start may start others, in sessions of their own (Prefect's worker does so for every flow run).
What binds them together is a mark in the environment that every descendant inherits, wherever it is moved to.
"""

import contextlib
import ctypes
import os
import signal
import socket
from pathlib import Path

#: Name of the mark that every process below one supervisor carries.
MARK = "EREPO_SUPERVISED_BY"

_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True)


def end_with_parent() -> None:
    """Ask the kernel to send SIGTERM to this process when its parent dies, however it dies (Linux)."""
    _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def marked(value: str) -> list[int]:
    """Return the ids of all living processes of this user that carry the mark `value`, but not our own."""
    wanted = f"{MARK}={value}".encode()
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit() or int(entry.name) == os.getpid():
            continue
        # A process may end, or belong to somebody else, between listing and reading.
        with contextlib.suppress(OSError):
            if wanted in (entry / "environ").read_bytes().split(b"\0"):
                found.append(int(entry.name))
    return found


def command_line(pid: int) -> str:
    """Return the arguments a process was started with, joined by blanks; empty where it has ended."""
    with contextlib.suppress(OSError):
        return (
            Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace").strip()
        )
    return ""


def parent(pid: int) -> int:
    """Return the id of a process's parent; 0 where it has ended."""
    with contextlib.suppress(OSError):
        return int(Path(f"/proc/{pid}/stat").read_text("utf-8", "replace").rpartition(")")[2].split()[1])
    return 0


def family(pid: int, mark: str) -> list[int]:
    """Return the ids of a process and of all its living descendants that carry a mark, parents first."""
    children: dict[int, list[int]] = {}
    for one in marked(mark):
        children.setdefault(parent(one), []).append(one)
    found = [pid]
    for one in found:  # grows while it is walked
        found += children.get(one, [])
    return found


def signal_all(pids: list[int], number: signal.Signals) -> None:
    """Send one signal to each process that still lives."""
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)


def alive(pid: int) -> bool:
    """Tell whether a process of that id lives (a zombie does not)."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return False
    return state.rpartition(")")[2].split()[0] != "Z"


def port_free(host: str, port: int) -> bool:
    """Tell whether we could listen on a port now."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        # As servers do: the remains of closed connections must not count as somebody listening.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True
