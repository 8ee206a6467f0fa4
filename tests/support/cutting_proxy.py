"""A TCP proxy that cuts connections on purpose: the network's own crash windows, with real sockets.

TLS runs through it untouched (it sees records, not requests), so a cut is placed by counting octets: a
handshake takes a few thousand, a request with a document many more.
"""

import asyncio
import contextlib
from collections.abc import Callable
from enum import Enum
from types import TracebackType
from typing import Self


class Cut(Enum):
    """Where a connection is cut."""

    NEVER = "never"
    BEFORE_REQUEST = "the connection is closed as soon as it opens"
    MID_REQUEST = "the connection is reset when `octets` of the client have passed"
    BEFORE_ANSWER = "the request passes whole, the answer is thrown away and the connection reset"


class CuttingProxy:
    """Forwards connections to a port of this machine; `decide(n)` says how the n-th connection (from 0) ends.

    Attributes:
        port: where it listens, while open.
        connections: how many have been opened.
        cuts: how many were cut.
    """

    def __init__(self, target: int, decide: Callable[[int], Cut], octets: int = 12_000) -> None:
        self._target, self._decide, self._octets = target, decide, octets
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self.port = self.connections = self.cuts = 0

    async def __aenter__(self) -> Self:
        """Start to listen on a free port."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close everything."""
        assert self._server is not None
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        number, self.connections = self.connections, self.connections + 1
        try:
            await self._forward(self._decide(number), reader, writer)
        finally:
            self._tasks.discard(task)
            with contextlib.suppress(RuntimeError):
                writer.transport.abort()

    async def _forward(self, cut: Cut, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if cut is Cut.BEFORE_REQUEST:
            self.cuts += 1
            return
        there_reader, there_writer = await asyncio.open_connection("127.0.0.1", self._target)
        sent = 0

        async def upstream() -> None:
            nonlocal sent
            while octets := await reader.read(65536):
                sent += len(octets)
                if cut is Cut.MID_REQUEST and sent > self._octets:
                    self.cuts += 1
                    return
                there_writer.write(octets)
                await there_writer.drain()

        async def downstream() -> None:
            while octets := await there_reader.read(65536):
                if cut is Cut.BEFORE_ANSWER and sent > self._octets:
                    self.cuts += 1
                    return
                writer.write(octets)
                await writer.drain()

        pumps = [asyncio.create_task(upstream()), asyncio.create_task(downstream())]
        try:
            await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for pump in pumps:
                pump.cancel()
            await asyncio.gather(*pumps, return_exceptions=True)
            there_writer.transport.abort()
