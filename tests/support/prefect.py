"""A Prefect server for tests, and what it has written down, all of it."""

import base64
import json
import re
import sqlite3
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest import mock

import httpx
from prefect.server.api import server as prefects
from prefect.server.api.server import SubprocessASGIServer
from prefect.settings import (
    PREFECT_API_REQUEST_TIMEOUT,
    PREFECT_FLOWS_HEARTBEAT_FREQUENCY,
    PREFECT_HOME,
    PREFECT_LOCAL_STORAGE_PATH,
    PREFECT_SERVER_DATABASE_CONNECTION_URL,
    temporary_settings,
)
from prefect.testing import utilities
from prefect.testing.utilities import prefect_test_harness

from tests.support.ports import free_port

#: Seconds within which the server stands, on a loaded machine.
_STARTING = 240


@contextmanager
def prefect_server(home: Path) -> Iterator[Path]:
    """Run a Prefect server for this process; give the file of its database.

    Args:
        home: an empty folder: Prefect's home and storage.
    """
    ours = {
        PREFECT_HOME: home,
        PREFECT_API_REQUEST_TIMEOUT: 180.0,
        PREFECT_LOCAL_STORAGE_PATH: home / "storage",
        # Otherwise each flow waits a second at its end for the thread that beats.
        PREFECT_FLOWS_HEARTBEAT_FREQUENCY: None,
    }
    # Not a port that the system gives to somebody else while the killed server is away.
    ports = mock.patch.object(utilities, "_find_available_port", free_port)
    with temporary_settings(ours), ports, _patience(), prefect_test_harness(server_startup_timeout=_STARTING):
        yield Path(PREFECT_SERVER_DATABASE_CONNECTION_URL.value().partition("///")[2])


def kill_and_restart_server() -> None:
    """Kill -9 the server of `prefect_server`, as a power cut does, and start it on the same database."""
    kill_server()
    restart_server()


def kill_server() -> None:
    """Kill -9 the server of `prefect_server`."""
    server = SubprocessASGIServer._instances[None]
    assert server.server_process is not None
    server.server_process.kill()
    server.server_process.communicate()


def restart_server() -> None:
    """Start the killed server on the same port and database."""
    server = SubprocessASGIServer._instances[None]
    server.running = False
    with _patience():
        server.start(timeout=_STARTING)


def _patience() -> AbstractContextManager[Any]:
    """Let Prefect ask a server again that is slow to answer: by itself it gives up after five seconds."""
    asking = SimpleNamespace(Client=partial(httpx.Client, timeout=60), ConnectError=httpx.TransportError)
    return mock.patch.object(prefects, "httpx", asking)


def written(database: Path, *folders: Path) -> Iterator[tuple[str, str]]:
    """Yield (where, text) of everything: each row of each table, each file with what is wrapped in it."""
    with sqlite3.connect(f"file:{database}?mode=ro", uri=True) as connection:
        connection.text_factory = lambda octets: octets.decode("utf-8", "replace")
        tables = [row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        for table in tables:
            for row in connection.execute(f'SELECT * FROM "{table}"'):
                yield f"table {table}", " ".join(_plain(value) for value in row)
    connection.close()
    for folder in folders:
        for file in sorted(folder.rglob("*")):
            if file.is_file() and not file.name.startswith(database.name):
                yield str(file), _unwrapped(file.read_bytes())


def _plain(value: object) -> str:
    text = value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
    # JSON in a column may hold letters as \\uXXXX.
    return text + (" " + _unescaped(text) if "\\u" in text else "")


def _unescaped(text: str) -> str:
    try:
        return json.dumps(json.loads(text), ensure_ascii=False)
    except ValueError:
        # Not by Python's own codec, which complains of what octets may hold by chance.
        return re.sub(r"\\u([0-9a-fA-F]{4})", lambda found: chr(int(found[1], 16)), text)


def _unwrapped(octets: bytes) -> str:
    """Return a file's text and, for a result of Prefect, its pickle laid open."""
    text = octets.decode("utf-8", "replace")
    try:
        wrapped = json.loads(text)["result"]
        return text + base64.b64decode(wrapped).decode("utf-8", "replace")
    except (ValueError, KeyError, TypeError):
        return _plain(text)
