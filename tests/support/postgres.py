"""A private PostgreSQL server for tests: real, in a folder of its own, ended with who started it.

with database() as url:      # an empty database of its own, dropped at the end
    ...

The server is started at the first question and shared by all tests of one process. It speaks on a Unix socket
and on a free port (a proxy can stand before the port). Its collation is Polish, as an operator's would be:
nothing may depend on the order of the C locale. The role that the service uses owns its database and is no
superuser: row-level security binds it.
"""

import atexit
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql

from tests.support.ports import free_port

ROLE = "erepo"
_SPEED = ("max_connections=200", "shared_buffers=64MB", "max_wal_size=512MB", "autovacuum_naptime=10s")


@dataclass
class Server:
    """One running server."""

    folder: Path
    programs: Path
    port: int
    process: subprocess.Popen[bytes] | None = field(default=None)

    def url(self, name: str, *, tcp: bool = False, port: int = 0) -> str:
        """Address of a database for SQLAlchemy, as the role of the service."""
        if tcp or port:
            return f"postgresql+psycopg://{ROLE}@127.0.0.1:{port or self.port}/{name}"
        return f"postgresql+psycopg://{ROLE}@/{name}?host={self.folder}&port={self.port}"

    @contextmanager
    def superuser(self, name: str = "postgres") -> Iterator[psycopg.Connection[Any]]:
        """Connect as the operator of the server, each statement by itself."""
        with psycopg.connect(
            host=str(self.folder), port=self.port, user="postgres", dbname=name, autocommit=True
        ) as connection:
            yield connection

    def create(self) -> None:
        """Make the cluster and the role."""
        command = [self.programs / "initdb", "-D", self.folder / "data", "-U", "postgres", "--auth=trust"]
        locale = ["--encoding=UTF8", "--locale=C.UTF-8", "--locale-provider=icu", "--icu-locale=pl"]
        subprocess.run([*command, "--no-sync", *locale], check=True, capture_output=True, **_owner())

    def start(self) -> None:
        """Start it and wait until it answers."""
        settings = (*_SPEED, "listen_addresses=127.0.0.1", f"unix_socket_directories={self.folder}")
        command: list[Any] = [self.programs / "postgres", "-D", self.folder / "data", "-p", str(self.port)]
        command += [f"-c{each}" for each in settings]
        # It ends with the tests even when they are killed.
        guard = ["setpriv", "--pdeathsig", "INT"] if shutil.which("setpriv") else []
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen([*guard, *command], stdout=log, stderr=log, **_owner())
        self._await()

    def _await(self) -> None:
        assert self.process is not None
        until = time.monotonic() + 120
        while True:
            try:
                with self.superuser():
                    return
            except psycopg.OperationalError:
                if self.process.poll() is not None or time.monotonic() > until:
                    raise RuntimeError((self.folder / "log").read_text()) from None
                time.sleep(0.02)

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """End it: SIGINT closes all connections and keeps everything, SIGQUIT is a crash."""
        if self.process is not None:
            self.process.send_signal(how)
            self.process.wait(120)
            self.process = None

    def remove(self) -> None:
        """End it and remove its folder."""
        self.stop(signal.SIGQUIT)
        shutil.rmtree(self.folder, ignore_errors=True)


def programs() -> Path | None:
    """Return the folder of the newest `postgres` of this machine."""
    folders = Path("/usr/lib/postgresql").glob("*/bin/postgres")
    found = sorted((path.parent for path in folders), key=lambda path: int(path.parent.name))
    if found:
        return found[-1]
    there = shutil.which("postgres")
    return Path(there).resolve().parent if there else None


def _owner() -> dict[str, Any]:
    """Return who runs it: the server refuses to run as root."""
    if os.geteuid() != 0:
        return {}
    entry = _account()
    return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}


def _account() -> pwd.struct_passwd:
    try:
        return pwd.getpwnam("postgres")
    except KeyError:
        return pwd.getpwnam("nobody")


def new_server() -> Server:
    """Start a server of the caller's own, for tests that stop it; `remove` ends it.

    Skips the test where PostgreSQL is not installed, unless this is CI: there it must be.
    """
    where = programs()
    if where is None:
        if os.environ.get("CI"):
            raise RuntimeError("no PostgreSQL: install the package `postgresql`")
        pytest.skip("PostgreSQL is not installed (package `postgresql`)")
    # Not below pytest's folder: only its owner may enter that, and socket paths must be short.
    folder = Path(tempfile.mkdtemp(prefix="erepo-pg-"))
    if os.geteuid() == 0:
        os.chown(folder, _account().pw_uid, _account().pw_gid)
    created = Server(folder, where, free_port())
    try:
        created.create()
        created.start()
        with created.superuser() as connection:
            connection.execute(sql.SQL("CREATE ROLE {} LOGIN").format(sql.Identifier(ROLE)))
    except BaseException:
        created.remove()
        raise
    return created


@cache
def server() -> Server:
    """Return the server that all tests of this process share."""
    started = new_server()
    atexit.register(started.remove)
    return started


@contextmanager
def database(where: Server | None = None) -> Iterator[str]:
    """Make an empty database; yields its address for SQLAlchemy and drops it at the end."""
    chosen = where or server()
    name = f"erepo_{uuid.uuid4().hex[:12]}"
    with chosen.superuser() as connection:
        owner = sql.Identifier(ROLE)
        connection.execute(sql.SQL("CREATE DATABASE {} OWNER {}").format(sql.Identifier(name), owner))
    try:
        yield chosen.url(name)
    finally:
        with chosen.superuser() as connection:
            connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))
