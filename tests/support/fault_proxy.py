"""A proxy between a clinic and its service that sees whole HTTP exchanges and goes wrong as told.

It ends TLS with the service's own certificate and goes on with the account's, so it can do what a cut of the
line cannot: throw an answer away after the service has committed, answer in the service's stead, say a wrong
length, deliver a request many times, hold answers back so that they arrive in another order.
"""

import asyncio
import contextlib
import random
import ssl
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from enum import Enum
from types import TracebackType
from typing import Self

import pytest

from erepo.pki.tls import server_context
from erepo.settings import HttpTimeouts
from tests.support.cloud import RunningCloud, TenantCredentials


class Fault(Enum):
    """What happens to one exchange; the numbers are those of the list of tests (N1 to N11)."""

    NONE = "passes as it is"
    RESET_AT_ONCE = "N1 reset at byte 0"
    RESET_IN_HEADERS = "N1 reset within the headers"
    RESET_IN_BODY = "N1 reset in the middle of the body"
    RESET_AFTER_LAST = "N1 reset after the last byte, nothing delivered"
    ANSWER_LOST = "N2 delivered, the answer lost"
    ANSWER_HALF = "N3 delivered, half of the answer, then the end"
    ANSWER_LONGER = "N3 delivered, the answer promises more than it has"
    ANSWER_ENDS = "N3 delivered, the end instead of an answer"
    TRICKLE = "N4 delivered, the answer comes byte by byte"
    HANG = "N5 delivered, no answer ever"
    HANG_BEFORE = "N5 not delivered, no answer ever"
    BAD_GATEWAY = "N6 502 by a proxy"
    UNAVAILABLE = "N6 503 with Retry-After"
    TOO_MANY = "N6 429 with Retry-After"
    LOGIN_PAGE = "N7 200 with a login page"
    REDIRECT_PLAIN = "N8 redirect to http"
    REDIRECT_AWAY = "N8 redirect to another host"
    MANY_TIMES = "N10 delivered a hundred times"
    LATER = "N11 delivered, the answer overtaken by others"


#: Each of these costs a whole time-out, or a hundred requests.
SLOW = {Fault.TRICKLE, Fault.HANG, Fault.HANG_BEFORE, Fault.MANY_TIMES}
#: Short, so that a hang costs little; what is slow only because the machine is comes in another run.
_HURRIED = HttpTimeouts(connect=5, read=2, write=5, pool=10, total=3)


def times_of(request: pytest.FixtureRequest) -> HttpTimeouts:
    """Return the time-outs for a test: the usual ones, short where its `fault` is one that hangs."""
    callspec = getattr(request.node, "callspec", None)
    fault = callspec.params.get("fault") if callspec else None
    return _HURRIED if fault in SLOW - {Fault.MANY_TIMES} else HttpTimeouts()


_PAGE = b"<html><body><form>Login</form></body></html>"
_ANSWERS = {
    Fault.BAD_GATEWAY: b"HTTP/1.1 502 Bad Gateway\r\ncontent-length: 0\r\n\r\n",
    Fault.UNAVAILABLE: b"HTTP/1.1 503 Service Unavailable\r\nretry-after: 1\r\ncontent-length: 0\r\n\r\n",
    Fault.TOO_MANY: b"HTTP/1.1 429 Too Many Requests\r\nretry-after: 1\r\ncontent-length: 0\r\n\r\n",
    Fault.LOGIN_PAGE: b"HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: %d\r\n\r\n%s"
    % (len(_PAGE), _PAGE),
    Fault.REDIRECT_PLAIN: b"HTTP/1.1 307 Moved\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n",
    Fault.REDIRECT_AWAY: b"HTTP/1.1 308 Moved\r\nlocation: https://x.example/\r\ncontent-length: 0\r\n\r\n",
}
_TIMES = 100


@dataclass(frozen=True)
class Message:
    """One HTTP message: its head with the empty line, and its body as it was on the wire."""

    head: bytes
    body: bytes

    @property
    def octets(self) -> bytes:
        """The whole of it."""
        return self.head + self.body


Decide = Callable[[bytes], Fault]
"""Told the path of a request; says what becomes of it."""


def at_some(fault: Fault, chance: random.Random, most: int, wanted: str = "") -> Decide:
    """Decide that some exchanges, perhaps of one address only, meet a fault: the first or second in any case.

    Args:
        fault: which.
        chance: draws them.
        most: how many at most.
        wanted: how the address ends.
    """
    left, sure = most, chance.randrange(2)

    def decide(path: bytes) -> Fault:
        nonlocal left, sure
        if not path.decode().endswith(wanted):
            return Fault.NONE
        meets = left > 0 and (sure == 0 or chance.random() < 0.6)
        left, sure = left - meets, sure - 1
        return fault if meets else Fault.NONE

    return decide


@dataclass
class FaultProxy:
    """Stands before a service; `async with` opens it.

    Attributes:
        cloud: the service.
        tenant: whose certificate it shows there.
        decide: what happens to each exchange.
        port: where it listens, while open.
        met: exchanges that met a fault.
        most: most exchanges under way at once.
    """

    cloud: RunningCloud
    tenant: TenantCredentials
    decide: Decide
    port: int = 0
    met: int = 0
    most: int = 0
    _under_way: int = 0
    _server: asyncio.Server | None = None
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    async def __aenter__(self) -> Self:
        """Start to listen on a free port."""
        home = self.cloud.home
        context = server_context(home.bundle("tls"), home.trusted().pem + self.tenant.ca_pem)
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=context)
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
        try:
            # Cancelled when the proxy ends: asyncio's streams would report that as an error of ours.
            with contextlib.suppress(
                OSError, ssl.SSLError, asyncio.IncompleteReadError, asyncio.CancelledError
            ):
                while await self._exchange(reader, writer):
                    pass
        finally:
            self._tasks.discard(task)
            with contextlib.suppress(RuntimeError):
                writer.transport.abort()

    async def _exchange(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """Handle one request; tell whether the connection may serve another one."""
        first = await reader.readexactly(1)
        self._under_way += 1
        self.most = max(self.most, self._under_way)
        try:
            line = await reader.readuntil(b"\r\n")
            fault = self.decide(line.split(b" ")[1])
            self.met += fault is not Fault.NONE
            if fault is Fault.RESET_AT_ONCE or fault is Fault.RESET_IN_HEADERS:
                return False
            head = first + line + await reader.readuntil(b"\r\n\r\n")
            if fault is Fault.RESET_IN_BODY:
                await reader.readexactly(_length(head) // 2)
                return False
            request = Message(head, await _body(reader, head))
            return await _DEEDS.get(fault, _answer_instead(fault))(self, request, writer)
        finally:
            self._under_way -= 1

    async def forward(self, request: Message) -> Message:
        """Deliver a request to the service and read its answer, on a connection of its own."""
        reader, writer = await asyncio.open_connection(
            "127.0.0.1",
            self.cloud.settings.cloud_port,
            ssl=self.tenant.tls_context(),
            server_hostname="127.0.0.1",
        )
        try:
            writer.write(request.octets)
            await writer.drain()
            head = await reader.readuntil(b"\r\n\r\n")
            return Message(head, await _body(reader, head))
        finally:
            writer.transport.abort()


_Deed = Callable[[FaultProxy, Message, asyncio.StreamWriter], Awaitable[bool]]


async def _pass(proxy: FaultProxy, request: Message, writer: asyncio.StreamWriter) -> bool:
    writer.write((await proxy.forward(request)).octets)
    await writer.drain()
    return True


async def _nothing(proxy: FaultProxy, request: Message, writer: asyncio.StreamWriter) -> bool:
    return False


async def _lose(proxy: FaultProxy, request: Message, writer: asyncio.StreamWriter) -> bool:
    await proxy.forward(request)
    return False


async def _half(proxy: FaultProxy, request: Message, writer: asyncio.StreamWriter) -> bool:
    answer = (await proxy.forward(request)).octets
    return await _end_after(writer, answer[: len(answer) // 2])


async def _longer(proxy: FaultProxy, request: Message, writer: asyncio.StreamWriter) -> bool:
    answer = await proxy.forward(request)
    told = b"content-length: %d" % (len(answer.body) + 100)
    lines = [
        told if line.lower().startswith(b"content-length:") else line for line in answer.head.split(b"\r\n")
    ]
    return await _end_after(writer, b"\r\n".join(lines) + answer.body)


async def _end(proxy: FaultProxy, request: Message, writer: asyncio.StreamWriter) -> bool:
    await proxy.forward(request)
    return await _end_after(writer, b"")


async def _trickle(proxy: FaultProxy, request: Message, writer: asyncio.StreamWriter) -> bool:
    for octet in (await proxy.forward(request)).octets:
        writer.write(bytes([octet]))
        await writer.drain()
        await asyncio.sleep(0.2)
    return True


async def _hang(proxy: FaultProxy, request: Message, writer: asyncio.StreamWriter) -> bool:
    await proxy.forward(request)
    return await _hang_before(proxy, request, writer)


async def _hang_before(proxy: FaultProxy, request: Message, writer: asyncio.StreamWriter) -> bool:
    await asyncio.Event().wait()
    return False


async def _many(proxy: FaultProxy, request: Message, writer: asyncio.StreamWriter) -> bool:
    answers = await asyncio.gather(*(proxy.forward(request) for _ in range(_TIMES)))
    # Which of them comes back is the line's choice, not ours.
    writer.write(random.choice(answers).octets)
    await writer.drain()
    return True


async def _later(proxy: FaultProxy, request: Message, writer: asyncio.StreamWriter) -> bool:
    answer = await proxy.forward(request)
    await asyncio.sleep(random.uniform(0, 0.3))
    writer.write(answer.octets)
    await writer.drain()
    return True


def _answer_instead(fault: Fault) -> _Deed:
    async def answer(proxy: FaultProxy, request: Message, writer: asyncio.StreamWriter) -> bool:
        writer.write(_ANSWERS[fault])
        await writer.drain()
        return True

    return answer


_DEEDS: dict[Fault, _Deed] = {
    Fault.NONE: _pass,
    Fault.RESET_AFTER_LAST: _nothing,
    Fault.ANSWER_LOST: _lose,
    Fault.ANSWER_HALF: _half,
    Fault.ANSWER_LONGER: _longer,
    Fault.ANSWER_ENDS: _end,
    Fault.TRICKLE: _trickle,
    Fault.HANG: _hang,
    Fault.HANG_BEFORE: _hang_before,
    Fault.MANY_TIMES: _many,
    Fault.LATER: _later,
}


async def _end_after(writer: asyncio.StreamWriter, octets: bytes) -> bool:
    """Send this much, then end the connection in good order: no reset tells that something is missing."""
    writer.write(octets)
    await writer.drain()
    writer.close()
    with contextlib.suppress(OSError, ssl.SSLError):
        await writer.wait_closed()
    return False


async def _body(reader: asyncio.StreamReader, head: bytes) -> bytes:
    if b"transfer-encoding: chunked" not in head.lower():
        return await reader.readexactly(_length(head))
    found = b""
    while True:
        line = await reader.readuntil(b"\r\n")
        chunk = await reader.readexactly(int(line.split(b";")[0], 16) + 2)
        found += line + chunk
        if chunk == b"\r\n":
            return found


def _length(head: bytes) -> int:
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            return int(value)
    return 0
