"""What the measurement ran on: no names of hosts or folders, only what matters for the figures."""

import os
import platform
import sqlite3
import ssl
import statistics
import tempfile
import time
from importlib.metadata import version
from pathlib import Path

import psutil

_PACKAGES = (
    "lxml", "cryptography", "aiohttp", "uvloop", "uvicorn", "SQLAlchemy", "prefect", "zeep", "requests",
    "xmlsec",
)  # fmt: skip


def describe(key_type: str) -> dict[str, str]:
    """Return label and value of each fact, in the order of the table."""
    return {
        "CPU": f"{_cpu()}, {psutil.cpu_count(logical=False) or '?'} cores, {psutil.cpu_count()} threads",
        "Memory": f"{psutil.virtual_memory().total / 1e9:.0f} GB",
        "Disk": f"{_file_system()}, {_flush_time():.2f} ms for a write of 4 kB with fsync",
        "System": f"{_system()}, Linux {platform.release().split('-')[0]}",
        "Python": f"{platform.python_version()}, {ssl.OPENSSL_VERSION}, SQLite {sqlite3.sqlite_version}",
        "Keys": f"{key_type} for TLS and for signatures, on both sides",
        "Packages": ", ".join(f"{name} {version(name)}" for name in _PACKAGES),
    }


def _cpu() -> str:
    for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        if line.startswith("model name"):
            return " ".join(line.partition(":")[2].split())
    return platform.machine()


def _system() -> str:
    return str(platform.freedesktop_os_release().get("PRETTY_NAME", "Linux"))


def _file_system() -> str:
    here = Path(tempfile.gettempdir()).resolve()
    mounts = [one for one in psutil.disk_partitions(all=True) if here.is_relative_to(one.mountpoint)]
    return max(mounts, key=lambda one: len(one.mountpoint)).fstype if mounts else "unknown file system"


def _flush_time(samples: int = 100) -> float:
    """Return the median of writing 4 kB durably, in milliseconds: what each commit waits for."""
    taken = []
    with tempfile.TemporaryFile() as file:
        for _ in range(samples):
            begun = time.perf_counter()
            file.write(bytes(4096))
            file.flush()
            os.fsync(file.fileno())
            taken.append(1000 * (time.perf_counter() - begun))
    return statistics.median(taken)
