"""Connections that say nothing, or too much: they end, and keep nobody else out."""

import socket
from collections.abc import Iterator
from contextlib import ExitStack, suppress

import pytest

from erepo.serving import HEAD_BYTES, MOST_OF_ONE
from tests.support.api import RunningApi, running_api

HELLO = b"GET /health HTTP/1.1\r\nHost: x\r\n"


@pytest.fixture(scope="module")
def hasty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningApi]:
    """An interface that waits for a second."""
    with running_api(tmp_path_factory.mktemp("hasty"), start=False) as api:
        api.environment["EREPO_HTTP__READ"] = "1"
        api.start()
        yield api


def connect(api: RunningApi, source: str = "127.0.0.1") -> socket.socket:
    """Open a connection from an address of this machine."""
    place = ("127.0.0.1", api.settings.api_port)
    return socket.create_connection(place, timeout=120, source_address=(source, 0))


def rest(connection: socket.socket) -> bytes:
    """Return what comes until the other side ends it."""
    received = b""
    try:
        while piece := connection.recv(65536):
            received += piece
    except ConnectionError:
        pass
    return received


def test_silent_connections_end_and_keep_nobody_out(hasty: RunningApi) -> None:
    """One address cannot have all connections, and none of them for long."""
    with ExitStack() as stack:
        many = [stack.enter_context(connect(hasty)) for _ in range(MOST_OF_ONE + 300)]
        for one in many[: MOST_OF_ONE // 2]:
            one.sendall(HELLO)
        other = stack.enter_context(connect(hasty, "127.0.0.2"))
        other.sendall(HELLO + b"Connection: close\r\n\r\n")
        assert rest(other).startswith(b"HTTP/1.1 200 ")
        assert {rest(one) for one in many} == {b""}
    with connect(hasty) as again:
        again.sendall(HELLO + b"Connection: close\r\n\r\n")
        assert rest(again).startswith(b"HTTP/1.1 200 ")


def test_a_head_has_an_end(hasty: RunningApi) -> None:
    """A header without end is not collected; one below the limit is served, with any body behind it."""
    with connect(hasty) as flood:
        with suppress(ConnectionError):
            flood.sendall(HELLO + b"X: " + b"a" * (64 * HEAD_BYTES))
        assert not rest(flood).startswith(b"HTTP/1.1 200 ")
    with connect(hasty) as large:
        head = b"POST /api/documents HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 500000\r\n"
        large.sendall(head + b"X: " + b"a" * (HEAD_BYTES // 2) + b"\r\n\r\n" + b"b" * 500_000)
        assert rest(large).startswith(b"HTTP/1.1 401 ")


def test_octets_that_belong_to_no_request_keep_no_connection(hasty: RunningApi) -> None:
    """After an answer, empty lines without a request behind them do not keep a connection open."""
    with connect(hasty) as trickle:
        trickle.sendall(HELLO + b"\r\n")
        assert trickle.recv(65536).startswith(b"HTTP/1.1 200 ")
        trickle.sendall(b"\r\n")
        assert b"HTTP" not in rest(trickle)
