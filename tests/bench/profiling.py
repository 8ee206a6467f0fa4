"""Samples of what programs do, by py-spy, from outside: the programs run as ever."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

#: Samples a second of each program.
RATE = 250


@dataclass
class Samples:
    """Of one program; full when the block has ended.

    Attributes:
        text: a line for each stack that was seen, with its count.
    """

    text: str = ""


def spying(file: Path) -> list[str]:
    """Return the start of a command that samples the command behind it."""
    return [*_spy(file), "--"]


@contextmanager
def sampled(pid: int, file: Path) -> Iterator[Samples]:
    """Sample a running program while the block runs.

    Args:
        pid: its process.
        file: for the samples.

    Raises:
        RuntimeError: py-spy is not allowed to look at the process, or saw nothing.
    """
    spy = subprocess.Popen(
        [*_spy(file), "--pid", str(pid)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    samples = Samples()
    try:
        yield samples
    finally:
        spy.send_signal(signal.SIGINT)
        told, _ = spy.communicate(timeout=60)
    samples.text = read(file, told)


def read(file: Path, told: str = "") -> str:
    """Return the samples in a file.

    Raises:
        RuntimeError: there are none.
    """
    if not file.exists():
        raise RuntimeError(f"py-spy took no samples: {told[-500:]}")
    return file.read_text(encoding="utf-8")


def _spy(file: Path) -> list[str]:
    program = str(Path(sys.executable).with_name("py-spy"))
    return [
        program, "record", "--rate", str(RATE), "--nonblocking", "--format", "raw", "--full-filenames",
        "--output", str(file), "--duration", "unlimited",
    ]  # fmt: skip
