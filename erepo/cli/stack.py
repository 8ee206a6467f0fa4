"""The programs of one installation, in the order they need each other.

    office ─ init ─┐
    cloud ── init ─┴─ trust the office ─ serve ─┐
                      patients' side ─── serve ─┤
                      office ─────────── serve ─┤
    P1 ───── init ─── a provider's .p12 ─ serve ─┼─ ready
    Prefect server ─ orphans ended ─ register ──┤
                                     worker ────┘

What can run side by side does: the Prefect server needs most of the time and everything else fits into it.
"""

import contextlib
import fcntl
import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

from erepo.cda.samples.people import PROVIDER
from erepo.cli import processes
from erepo.cli.errors import AlreadyRunning, PrefectUnavailable
from erepo.cli.supervisor import Program, Supervisor, answers, says
from erepo.cli.surroundings import POOL, Surroundings
from erepo.cli.trigger import Prefect
from erepo.durable import make_folder, write_durably

#: How Prefect's worker starts the process of a run.
_RUN = "prefect.engine"


@dataclass
class Stack:
    """Everything `erepo up` starts."""

    around: Surroundings
    supervisor: Supervisor
    orphaned: datetime | None = None
    """When the worker had to be started again and runs may have lost their process."""

    def start(self) -> None:
        """Start all programs and wait until they are ready.

        Raises:
            PortTaken: a port is in use; nothing was started.
            ProgramEnded, ProgramNotReady: a program did not come up; see its log.
        """
        self.around.secrets.make()
        make_folder(self.around.inbox)
        make_folder(self.around.scratch)
        for program in (self.prefect(), self.cloud(), self.office(), self.api(), self.portal(), *self.p1()):
            self.supervisor.check_port(program)
        prefect = self.supervisor.start(self.prefect())
        self._prepare()
        cloud = self.supervisor.start(self.cloud())
        office = self.supervisor.start(self.office())
        p1 = [self.supervisor.start(program) for program in self.p1()]
        api = self.supervisor.start(self.api())
        portal = self.supervisor.start(self.portal())
        self.supervisor.await_ready(cloud, office, api, portal, *p1, prefect)
        self._end_orphans(datetime.now(UTC))
        self.supervisor.run(
            "prefect-register", [sys.executable, "-m", "deployments.register"], self.around.prefect_client()
        )
        self.supervisor.await_ready(self.supervisor.start(self.worker()))

    def tend(self) -> None:
        """Start again what ended by itself, and end the runs that a killed worker left without a process."""
        if "prefect-worker" in self.supervisor.tend():
            self.orphaned = datetime.now(UTC)
        if self.orphaned is None or any(map(self._stray, processes.marked(self.supervisor.mark))):
            # A run whose worker died goes on by itself, and ends well; only what nobody works on is ended.
            return
        with contextlib.suppress(PrefectUnavailable):
            self._end_orphans(self.orphaned)
            self.orphaned = None

    def _stray(self, pid: int) -> bool:
        """Tell whether a process is a run's and its worker is gone."""
        return _RUN in processes.command_line(pid) and processes.parent(pid) not in {
            child.process.pid for child in self.supervisor.children
        }

    def _end_orphans(self, before: datetime) -> None:
        with Prefect(self.around.prefect_url, self.around.prefect_login()) as client:
            client.end_orphans(POOL, before)

    def _prepare(self) -> None:
        """Make authorities, keys and databases where they are missing."""
        self._erepo("office-init", "office", "init")
        self._erepo("cloud-init", "cloud", "init")
        self._erepo("cloud-init", "cloud", "trust", "add", str(self.around.office_authority))
        if self.around.p1_is_ours:
            self._prepare_p1()

    def _prepare_p1(self) -> None:
        """Set the sandbox's P1 up, with certificates of the provider that the samples are about."""
        self._erepo("p1-init", "p1-sandbox", "init")
        files = self.around.p1_provider
        # Written last: without it the others are of no use.
        if not (files / "passwords.json").exists():
            self._erepo("p1-init", "p1-sandbox", "provider", "add", PROVIDER.book, "--out", str(files))

    def _erepo(self, log: str, *arguments: str) -> str:
        return self.supervisor.run(log, self.around.erepo(*arguments), self.around.environment())

    def cloud(self) -> Program:
        """Return the repository service."""
        return Program(
            "cloud",
            self.around.erepo("cloud", "serve"),
            {**self.around.environment(), **self.around.p1_door},
            says("erepo cloud ready"),
            self.around.settings.host,
            self.around.settings.cloud_port,
        )

    def office(self) -> Program:
        """Return the sandbox's certificate office."""
        return Program(
            "office",
            self.around.erepo("office", "serve", "--service-ca", str(self.around.service_authority)),
            self.around.environment(),
            says("erepo office ready"),
            self.around.settings.host,
            self.around.settings.office_port,
        )

    def api(self) -> Program:
        """Return the interface for the clinic's other systems."""
        settings = self.around.settings
        return Program(
            "api",
            self.around.erepo("api", "serve"),
            self.around.environment(),
            says("erepo api ready"),
            settings.api.host,
            settings.api_port,
        )

    def portal(self) -> Program:
        """Return the patients' side of the service."""
        settings = self.around.settings
        return Program(
            "portal",
            self.around.erepo("portal", "serve"),
            self.around.environment(),
            says("erepo portal ready"),
            settings.portal_host,
            settings.portal_port,
        )

    def p1(self) -> list[Program]:
        """Return the sandbox's P1; nothing where the settings name another."""
        if not self.around.p1_is_ours:
            return []
        settings = self.around.settings
        command, ready = self.around.erepo("p1-sandbox", "serve"), says("erepo p1-sandbox ready")
        return [
            Program("p1-sandbox", command, self.around.environment(), ready, settings.host, settings.p1_port)
        ]

    def prefect(self) -> Program:
        """Return the Prefect server with its UI."""
        settings = self.around.settings
        address = ("--host", settings.host, "--port", str(settings.prefect_port))
        return Program(
            "prefect-server",
            [sys.executable, "-m", "prefect", "server", "start", *address],
            self.around.prefect_server(),
            answers(f"{self.around.prefect_api}/health"),
            settings.host,
            settings.prefect_port,
            patience=180,
        )

    def worker(self) -> Program:
        """Return the worker that runs the flows, each in a process of its own."""
        name = f"worker-{self.around.settings.port_base}"
        return Program(
            "prefect-worker",
            [
                sys.executable,
                "-m",
                "prefect",
                "worker",
                "start",
                "--pool",
                POOL,
                "--type",
                "process",
                "--name",
                name,
            ],
            self.around.prefect_client(),
            says("started!"),
        )


@contextlib.contextmanager
def running(around: Surroundings, say: Callable[[str], None]) -> Iterator[Stack]:
    """Start the stack, keep its state file while the block runs, end it all on leaving.

    Raises:
        AlreadyRunning: another process runs the stack of this home.
    """
    with _lock(around), Supervisor(around.logs, base=around.settings.port_base, say=say) as supervisor:
        stack = Stack(around, supervisor)
        stack.start()
        state = {"pid": os.getpid(), "port_base": around.settings.port_base, "since": time.time()}
        write_durably(around.state_file, [json.dumps(state).encode()])
        try:
            yield stack
        finally:
            around.state_file.unlink(missing_ok=True)


def order_account(around: Surroundings, account: str, credentials: Path | None = None) -> None:
    """Order an account in the service, as its operator would; one that is there already stays as it is.

    Args:
        around: the installation.
        account: 16 digits.
        credentials: folder for keys and certificates of an account that is active at once; None orders only.
    """
    given = ("--credentials", str(credentials)) if credentials else ()
    if credentials and (credentials / "account.json").exists():
        return
    with Supervisor(around.logs) as supervisor:

        def operator(*arguments: str) -> str:
            return supervisor.run(
                "cloud-tenant", around.erepo("cloud", "tenant", *arguments), around.environment()
            )

        if not any(known["account"] == account for known in json.loads(operator("list", "--json"))):
            operator("add", account, *given)
        elif given:
            operator("renew", account, *given)


def already_up(around: Surroundings) -> bool:
    """Tell whether an `erepo up` of this home runs and is complete."""
    try:
        state = json.loads(around.state_file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return processes.alive(state["pid"]) and state["port_base"] == around.settings.port_base and _held(around)


def _lock_file(around: Surroundings) -> Path:
    return around.state_file.with_name("up.lock")


@contextlib.contextmanager
def _lock(around: Surroundings) -> Iterator[None]:
    """Own this home as long as the block runs; the kernel takes the lock back whatever happens to us."""
    file = _lock_file(around)
    make_folder(file.parent)
    with file.open("a+", encoding="ascii") as handle:
        if not _take(handle):
            handle.seek(0)
            raise AlreadyRunning(pid=handle.read().strip() or "?", home=str(around.home))
        handle.truncate(0)
        handle.write(str(os.getpid()))
        handle.flush()
        yield


def _take(handle: IO[str]) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _held(around: Surroundings) -> bool:
    try:
        with _lock_file(around).open("r+", encoding="ascii") as handle:
            return not _take(handle)
    except FileNotFoundError:
        return False
