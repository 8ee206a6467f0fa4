"""Cheap processes to be killed: one process has everything imported and forks a child for each piece of work.

with Forks() as forks:
    child = forks.start({"job": "archive", "home": …, "passphrase": …})    # returns once it is at work
    child.kill(); child.wait()                     # "" when it was killed, else how it ended

The children are real: processes that open the database and the line to the service by themselves.
"""

import asyncio
import json
import os
import select
import signal
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

ROOT = Path(__file__).resolve().parents[2]
LOGIN = "archiwum"


@dataclass
class Child:
    """One process at work."""

    forks: "Forks"
    pid: int

    def kill(self) -> None:
        """End it as kill -9 does."""
        self._send(signal.SIGKILL)

    def stop(self) -> None:
        """Let it stand still, as a machine does that was put to sleep."""
        self._send(signal.SIGSTOP)

    def go_on(self) -> None:
        """Let it go on."""
        self._send(signal.SIGCONT)

    def wait(self) -> str:
        """Wait until it has ended: "done", the name of what it raised, or "" when it was killed."""
        return str(self.forks.ask({"wait": self.pid})["end"])

    def _send(self, number: signal.Signals) -> None:
        # Its parent waits for it only when asked to: until then the number is nobody else's.
        os.kill(self.pid, number)


@dataclass
class Forks:
    """The process that forks."""

    _process: subprocess.Popen[str] | None = field(default=None, init=False)

    def __enter__(self) -> Self:
        """Start it; the first answer comes when everything is imported."""
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.support.forking"],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End it."""
        assert self._process is not None
        self._process.communicate(timeout=120)

    def start(self, order: dict[str, Any]) -> Child:
        """Start a child; returns when it is at work, or has ended already."""
        return Child(self, int(self.ask({"start": order})["pid"]))

    def ask(self, order: dict[str, Any]) -> dict[str, Any]:
        """Give one order and return the answer."""
        assert self._process is not None
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        answer: dict[str, Any] = json.loads(self._process.stdout.readline())
        return answer


def serve() -> None:
    """Fork a child for each order that comes in."""
    pipes: dict[int, int] = {}
    for line in sys.stdin:
        order = json.loads(line)
        if "wait" in order:
            answer: dict[str, Any] = {"end": _wait(order["wait"], pipes.pop(order["wait"]))}
        else:
            reader, writer = os.pipe()
            pid = os.fork()
            if pid == 0:
                _child(order["start"], writer)
            os.close(writer)
            pipes[pid] = reader
            # One octet says that it is at work; the end of the pipe, that it has ended before.
            if select.select([reader], [], [], 300)[0]:
                os.read(reader, 1)
            answer = {"pid": pid}
        print(json.dumps(answer), flush=True)


def _wait(pid: int, reader: int) -> str:
    with os.fdopen(reader, "rb") as told:
        end = told.read().decode()
    _, status = os.waitpid(pid, 0)
    return "" if os.WIFSIGNALED(status) else end


def _child(order: dict[str, Any], writer: int) -> None:
    end = "unknown"
    try:
        asyncio.run(_work(order, writer))
        end = "done"
    except BaseException as error:  # noqa: BLE001 - told to whoever waits
        end = type(error).__name__
    finally:
        os.write(writer, end.encode())
        os._exit(0)


async def _work(order: dict[str, Any], writer: int) -> None:
    if "lease" in order:
        for module in (leases, archiving, migration_leases):
            for name, value in (("LIFE", order["lease"]), ("RENEWAL", order["lease"] / 4)):
                if hasattr(module, name):
                    setattr(module, name, value)
    settings = Settings(_env_file=None, **order["settings"])
    database = open_clinic(settings)
    if order["job"] == "index":
        # What a killed request still holds at the service is not waited for here: the next run does.
        rest_indexing.BUSY_FOR, rest_indexing.BUSY_PAUSE = 1.0, 0.2
        connection = load_connection(database, settings)
        with account_client(connection) as client:
            os.write(writer, b".")
            run(client, database, settings, connection.account, Choice(limit=order["limit"]))
        return
    async with load_connection(database, settings) as cloud:
        os.write(writer, b".")
        match order["job"]:
            case "archive":
                await reconcile(cloud, database)
                for batch in plan(database, settings, now=now()).batches:
                    await send_batch(cloud, database, batch)
            case "purge":
                await purge(cloud, database)
            case _:
                await migrate(cloud, database, Selection(everything=True), LOGIN)


if __name__ == "__main__":
    from erepo.clinic.account import load_connection
    from erepo.clinic.archiving import leases, plan, reconcile, send_batch
    from erepo.clinic.archiving import work as archiving
    from erepo.clinic.database import open_clinic
    from erepo.clinic.indexing import Choice, run
    from erepo.clinic.migrating import Selection, migrate
    from erepo.clinic.migrating import leases as migration_leases
    from erepo.clinic.purging import purge
    from erepo.clinic.rest import indexing as rest_indexing
    from erepo.clinic.rest.speaking import account_client
    from erepo.clinic.tables import now
    from erepo.settings import Settings

    serve()
