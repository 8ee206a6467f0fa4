"""The door: who has not proven himself in TLS yet is counted, and known by his address.

Connections are accepted here and brought into TLS one by one. A TLS server of asyncio or uvloop does both at
once and tells nobody about those who are not through: how many they are, who they are, why they failed.

There is room for `MOST_ARRIVALS` handshakes under way. Where one more arrives, the oldest is cut off: it has
had longer than an honest client needs, so a crowd of those who never begin cannot keep others out, as it
would if the newest were turned away. Each is cut off after `HANDSHAKE_SECONDS` in any case.
"""

import asyncio
import errno
import logging
import socket
import ssl
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from typing import Any, Final

import uvloop

log = logging.getLogger("erepo.cloud")

#: Seconds for a TLS handshake; an honest one takes milliseconds, over a bad line a second.
HANDSHAKE_SECONDS: Final = 10.0
#: Handshakes under way at once in a process; each costs some 60 kB.
MOST_ARRIVALS: Final = 512
#: Connections taken from the queue at one go, so that requests under way have their turn.
_AT_ONCE: Final = 64
#: Seconds without accepting when the machine has no room for another connection.
_REST: Final = 1.0

Make = Callable[[], asyncio.Protocol]


class Door:
    """Brings accepted connections into TLS; belongs to one event loop.

    Attributes:
        context: of the TLS connections.
        failed: told OpenSSL's reason and the other side's address for each handshake that fails by itself.
    """

    def __init__(self, context: ssl.SSLContext) -> None:
        self.context = context
        self.failed: Callable[[str, str], None] = lambda _reason, _address: None
        # In order of arrival; a dictionary keeps it.
        self._arrivals: dict[asyncio.Task[None], socket.socket] = {}

    @property
    def arrivals(self) -> int:
        """Handshakes under way."""
        return len(self._arrivals)

    def admit(self, make: Make, connection: socket.socket, address: str) -> None:
        """Begin the handshake of an accepted connection; the protocol of `make` gets it once it is proven."""
        if len(self._arrivals) >= MOST_ARRIVALS:
            self.make_room()
        task = asyncio.get_running_loop().create_task(self._greet(make, connection, address))
        self._arrivals[task] = connection
        task.add_done_callback(self._leave)

    def make_room(self) -> bool:
        """Cut off the one who has been on the way in for longest; tell whether there was one."""
        oldest = next(iter(self._arrivals), None)
        if oldest is not None:
            self._cut_off(oldest)
        return oldest is not None

    def close(self) -> None:
        """Cut off all who are not in yet."""
        for task in list(self._arrivals):
            self._cut_off(task)

    async def _greet(self, make: Make, connection: socket.socket, address: str) -> None:
        loop = asyncio.get_running_loop()
        try:
            await loop.connect_accepted_socket(
                make, connection, ssl=self.context, ssl_handshake_timeout=HANDSHAKE_SECONDS
            )
        except ssl.SSLError as error:
            self.failed(error.reason or "", address)
        except OSError:
            pass  # gone, cut off, or too slow

    def _cut_off(self, task: asyncio.Task[None]) -> None:
        connection = self._arrivals.pop(task, None)
        task.cancel()
        if connection is not None:
            # Where the handshake has begun the loop holds it open until it has let go of it itself.
            connection.close()

    def _leave(self, task: asyncio.Task[None]) -> None:
        self._arrivals.pop(task, None)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("a connection failed, %s", type(error).__name__)


class Listener:
    """Listening sockets whose connections go through a door; as uvicorn expects a server of its loop.

    Attributes:
        sockets: one for each address of the host.
    """

    def __init__(self, door: Door, make: Make, sockets: Sequence[socket.socket]) -> None:
        self.sockets = tuple(sockets)
        self._door, self._make = door, make
        self._loop = asyncio.get_running_loop()
        for each in self.sockets:
            self._loop.add_reader(each, self._accept, each)

    def close(self) -> None:
        """Accept nobody any more."""
        for each in self.sockets:
            if each.fileno() >= 0:
                self._loop.remove_reader(each)
                each.close()

    async def wait_closed(self) -> None:
        """Return at once: connections are ended by those who serve them."""

    def _accept(self, listening: socket.socket) -> None:
        for _ in range(_AT_ONCE):
            try:
                connection, address = listening.accept()
            except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                return
            except OSError as error:
                if error.errno in (errno.EMFILE, errno.ENFILE) and self._door.make_room():
                    return  # asked again at once
                # No room for another open file: those who wait in the queue wait a little longer.
                log.error("no connection can be accepted for now, %s", error.strerror)  # noqa: TRY400  # says all
                self._loop.remove_reader(listening)
                self._loop.call_later(_REST, self._resume, listening)
                return
            connection.settimeout(0)
            self._door.admit(self._make, connection, str(address[0]))

    def _resume(self, listening: socket.socket) -> None:
        if listening.fileno() >= 0:
            self._loop.add_reader(listening, self._accept, listening)


class DoorLoop(uvloop.Loop):
    """uvloop whose TLS servers let nobody in but through the door; uvicorn has no setting for it."""

    door: Door

    async def create_server(self, *args: Any, **options: Any) -> Any:
        """Listen."""
        if options.get("ssl") is None:
            return await super().create_server(*args, **options)
        sockets = listen(options["host"], options["port"], options["backlog"])
        return Listener(self.door, args[0], sockets)


def listen(host: str, port: int, backlog: int) -> list[socket.socket]:
    """Return listening sockets for every address of a host.

    Raises:
        OSError: the address is taken, or not ours; none is open then.
    """
    found = socket.getaddrinfo(host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    with ExitStack() as opened:
        sockets = []
        for family, kind, protocol, _, address in dict.fromkeys(found):
            try:
                each = opened.enter_context(socket.socket(family, kind, protocol))
            except OSError as error:
                if (
                    error.errno != errno.EAFNOSUPPORT
                ):  # a name may have an address of IPv6, and the machine none
                    raise
                continue
            each.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if family == socket.AF_INET6:
                each.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            each.bind(address)
            each.listen(backlog)
            each.settimeout(0)
            sockets.append(each)
        opened.pop_all()
    return sockets
