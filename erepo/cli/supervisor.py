"""Start programs, wait until they are ready, keep them going, end them and all they started.

A program counts as started when it has a process, as ready when its probe says so. Whatever happens to the
supervisor (an error, Ctrl-C, SIGTERM, even SIGKILL), its programs end: on the way out by `stop`, and where
the supervisor is killed outright by the kernel's word to its children.
"""

import contextlib
import os
import secrets
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType, TracebackType
from typing import Self

import httpx

from erepo.cli import processes
from erepo.cli.errors import PortTaken, ProgramEnded, ProgramNotReady
from erepo.durable import make_folder
from erepo.texts import Text, language, time_words

_STARTED = Text("{program} ready ({took})", "{program} działa ({took})")
_ENDED = Text(
    "{program} ended with status {status}; starting it again, see {log}",
    "{program} zakończył pracę z kodem {status}; jest uruchamiany ponownie, zob. {log}",
)
#: Told the log of this start only; says whether the program is ready.
Probe = Callable[[str], bool]


def says(line: str) -> Probe:
    """Ready when the program has written `line`."""
    return lambda log: line in log


def answers(url: str) -> Probe:
    """Ready when a GET of `url` (plain HTTP) answers 200."""

    def probe(_log: str) -> bool:
        try:
            return httpx.get(url, timeout=2, trust_env=False).status_code == httpx.codes.OK
        except httpx.HTTPError:
            return False

    return probe


@dataclass(frozen=True)
class Program:
    """What to start and how to tell that it is ready."""

    name: str
    arguments: Sequence[str]
    environment: Mapping[str, str] = field(repr=False)
    ready: Probe
    host: str = "127.0.0.1"
    port: int | None = None
    patience: float = 90
    """Seconds until not being ready is an error."""


@dataclass
class Child:
    """One running start of a program."""

    program: Program
    process: subprocess.Popen[bytes]
    log: Path
    log_start: int
    started: float
    restarts: int = 0

    def words(self) -> str:
        """Return what this start has written so far (the last 256 kB)."""
        with self.log.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(self.log_start, size - 256 * 1024))
            return file.read().decode("utf-8", "replace")


class Supervisor:
    """Owner of a few programs; a context manager that leaves none of them behind.

    Args:
        logs: folder for one log file per program, appended to.
        base: the port base, named in the error about a taken port.
        say: told one sentence at a time about what happens.
    """

    def __init__(self, logs: Path, *, base: int = 0, say: Callable[[str], None] = lambda _: None) -> None:
        self.logs = logs
        self.mark = secrets.token_hex(8)
        self.children: list[Child] = []
        self._base = base
        self._say = say

    def start(self, program: Program) -> Child:
        """Start one program in a process group of its own.

        Raises:
            PortTaken: somebody listens on its port already.
        """
        self.check_port(program)
        child = self._spawn(program)
        self.children.append(child)
        return child

    def check_port(self, program: Program) -> None:
        """Make sure the program's port is free.

        Raises:
            PortTaken: it is not.
        """
        if program.port is not None and not processes.port_free(program.host, program.port):
            raise PortTaken(port=program.port, program=program.name, host=program.host, base=self._base)

    def _spawn(self, program: Program) -> Child:
        make_folder(self.logs)
        log = self.logs / f"{program.name}.log"
        with log.open("ab") as out:
            start = out.seek(0, os.SEEK_END)
            process = subprocess.Popen(  # noqa: S603 — our own programs, arguments as a list
                list(program.arguments),
                env={**program.environment, processes.MARK: self.mark},
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                umask=0o077,
                preexec_fn=processes.end_with_parent,  # noqa: PLW1509 — one prctl call, nothing that locks
            )
        log.chmod(0o600)
        return Child(program, process, log, start, time.monotonic())

    def await_ready(self, *children: Child) -> None:
        """Wait until all the given programs are ready, and say so as each one is.

        Raises:
            ProgramEnded: one ended before it was ready.
            ProgramNotReady: one took longer than its patience.
        """
        waiting = list(children)
        while waiting:
            for child in list(waiting):
                if self._ready(child):
                    waiting.remove(child)
                    took = time_words(time.monotonic() - child.started, language())
                    self._say(_STARTED.fill(language(), program=child.program.name, took=took))
            time.sleep(0.1)

    def _ready(self, child: Child) -> bool:
        status = child.process.poll()
        if status is not None:
            raise ProgramEnded(program=child.program.name, status=status, log=str(child.log))
        if child.program.ready(child.words()):
            return True
        if time.monotonic() - child.started > child.program.patience:
            raise ProgramNotReady(
                program=child.program.name, seconds=round(child.program.patience), log=str(child.log)
            )
        return False

    def run(
        self, name: str, arguments: Sequence[str], environment: Mapping[str, str], limit: float = 120
    ) -> str:
        """Run a short program to its end and return what it wrote.

        Raises:
            ProgramEnded: its status was not 0; its words stand in its log.
            ProgramNotReady: it took longer than `limit` seconds, and was ended.
        """
        child = self._spawn(Program(name, arguments, environment, says("")))
        self.children.append(child)
        try:
            status = child.process.wait(limit)
        except subprocess.TimeoutExpired:
            raise ProgramNotReady(program=name, seconds=round(limit), log=str(child.log)) from None
        finally:
            self._end([child], 5)
            self.children.remove(child)
        if status:
            raise ProgramEnded(program=name, status=status, log=str(child.log))
        return child.words()

    def tend(self) -> list[str]:
        """Start again, after a growing delay, what ended by itself; call this once in a while.

        Returns:
            The names of the programs started now.
        """
        restarted = []
        for index, child in enumerate(self.children):
            status = child.process.poll()
            if status is None:
                continue
            # 1, 2, 4 … 60 seconds of life before the next start: a program that cannot live must not spin.
            if time.monotonic() - child.started < min(60, 2**child.restarts):
                continue
            told = {"program": child.program.name, "status": status, "log": child.log}
            self._say(_ENDED.fill(language(), **told))
            again = self._spawn(child.program)
            again.restarts = child.restarts + 1
            self.children[index] = again
            restarted.append(child.program.name)
        return restarted

    def stop(self) -> None:
        """End everything we started, last started first; SIGTERM, then SIGKILL. May be called twice."""
        for child in reversed(self.children):
            self._end([child], 10)
        self.children.clear()
        # Whatever outlived its parent still carries our mark.
        left = processes.marked(self.mark)
        processes.signal_all(left, signal.SIGTERM)
        _wait(lambda: any(map(processes.alive, left)), 5)
        processes.signal_all(processes.marked(self.mark), signal.SIGKILL)

    def _end(self, children: list[Child], grace: float) -> None:
        for child in children:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(child.process.pid, signal.SIGTERM)
        _wait(lambda: any(child.process.poll() is None for child in children), grace)
        for child in children:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(child.process.pid, signal.SIGKILL)
            child.process.wait()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with deaf():
            self.stop()


def _wait(busy: Callable[[], bool], seconds: float) -> None:
    end = time.monotonic() + seconds
    while busy() and time.monotonic() < end:
        time.sleep(0.05)


@contextlib.contextmanager
def interruptible() -> Iterator[None]:
    """Inside, SIGTERM and SIGHUP do what Ctrl-C does, unless they are ignored: KeyboardInterrupt."""

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    wanted = (signal.SIGTERM, signal.SIGHUP)
    # Who starts us under nohup wants us to outlive the terminal.
    with _handling(interrupt, *(one for one in wanted if signal.getsignal(one) is not signal.SIG_IGN)):
        yield


@contextlib.contextmanager
def deaf() -> Iterator[None]:
    """Inside, nobody can interrupt us: ending programs must itself come to an end."""
    with _handling(signal.SIG_IGN, signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        yield


@contextlib.contextmanager
def _handling(
    handler: Callable[[int, FrameType | None], object] | signal.Handlers, *numbers: signal.Signals
) -> Iterator[None]:
    try:
        before = {number: signal.signal(number, handler) for number in numbers}
    except ValueError:  # not the main thread: signals are not ours to handle
        yield
        return
    try:
        yield
    finally:
        for number, old in before.items():
            signal.signal(number, old)
