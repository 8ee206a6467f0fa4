"""The HTTP protocol class for uvicorn that bounds what uvicorn leaves unbounded.

Requests at once are counted by open connections (`limit_concurrency`): whoever opened them all and said
nothing would keep everybody else out, and one head of any length would be held in memory. So a connection has
a time in which the head of its first request must be there, heads have a size, and one address may not have
all connections. Where many have them all and say nothing, whoever comes takes the oldest one's place.
"""

import asyncio
import ipaddress
import resource
from collections import Counter
from typing import ClassVar, Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

#: Octets of a request line with all headers.
HEAD_BYTES: Final = 64 * 1024
#: Connections of one address at once.
MOST_OF_ONE: Final = 256
#: Seconds a client gets to end TLS when we have ended; one that is frozen would hold us up.
_FAREWELL: Final = 2.0
#: Who has one address of IPv6 has at least all of its /64 (RFC 6177), and often a /48.
_SUBSCRIBER: Final = 64
_MOST_FILES: Final = 65_536


def network(address: str, prefix: int = _SUBSCRIBER) -> str:
    """Return what stands for an address wherever somebody is counted: of IPv6 the whole network around it."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(found, ipaddress.IPv6Address):
        if found.ipv4_mapped is not None:
            return str(found.ipv4_mapped)
        return str(ipaddress.ip_network((found, prefix), strict=False))
    return str(found)


def take_descriptors() -> None:
    """Allow this process as many open files as it may have: each connection is one, known or not."""
    usual, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _MOST_FILES if most == resource.RLIM_INFINITY else min(most, _MOST_FILES)
    if resource.RLIM_INFINITY != usual < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, most))


class BoundedProtocol(HttpToolsProtocol):
    """One connection."""

    #: Seconds for the head of a request.
    patience: ClassVar[float] = 20.0
    #: Open connections by address; one event loop a process, so nobody else counts.
    _open: ClassVar[Counter[str]] = Counter()
    #: Connections whose next request has not come yet, the oldest first.
    _silent: ClassVar[dict["BoundedProtocol", None]] = {}

    _address = ""
    _left = HEAD_BYTES
    _in_head = True
    _timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn's own
        """Count the connection; one too many of an address is closed at once."""
        super().connection_made(transport)
        self._address = network(self.client[0]) if self.client else ""
        self._open[self._address] += 1
        if self._open[self._address] > MOST_OF_ONE:
            transport.abort()
            return
        if self.limit_concurrency is not None and len(self.connections) >= self.limit_concurrency:
            oldest = next(iter(self._silent), None)
            if oldest is not None:
                oldest.make_room()
        self._await_head()

    def make_room(self) -> None:
        """End at once; counted out now, as whoever takes the place may have sent its request already."""
        self._stop()
        self.transport.abort()
        self.connections.discard(self)

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop the timer and count the connection out."""
        self._stop()
        self._open[self._address] -= 1
        if not self._open[self._address]:
            del self._open[self._address]
        super().connection_lost(exc)

    def shutdown(self) -> None:
        """Finish the request under way; an idle connection ends soon, whether its client answers or not."""
        super().shutdown()
        if self.transport.is_closing():
            self.loop.call_later(_FAREWELL, self.transport.abort)

    def data_received(self, data: bytes) -> None:
        """Bound a head while it arrives: the parser keeps a header until it is whole."""
        if self._in_head:
            self._left -= len(data)
        super().data_received(data)
        # What came with the end of the head belongs to its body.
        if self._in_head and self._left < 0:
            self.transport.abort()
        # Each octet stops uvicorn's timer of an idle connection, also one that belongs to no request.
        elif getattr(self.cycle, "response_complete", True) and not self.transport.is_closing():
            self._await_head()

    def on_message_begin(self) -> None:
        """Give a request's head its time and size."""
        super().on_message_begin()
        if not self._in_head:
            self._in_head, self._left = True, HEAD_BYTES
        self._await_head()

    def on_headers_complete(self) -> None:
        """Stop the timer, start the request."""
        self._in_head = False
        self._stop()
        super().on_headers_complete()

    def on_response_complete(self) -> None:
        """Go on; a connection that is kept for another request is as good as one that has not sent any."""
        super().on_response_complete()
        if getattr(self.cycle, "response_complete", True) and not self.transport.is_closing():
            self._silent[self] = None

    def _await_head(self) -> None:
        if self._timer is None:
            self._silent[self] = None
            self._timer = self.loop.call_later(self.patience, self.transport.abort)

    def _stop(self) -> None:
        self._silent.pop(self, None)
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
