"""The HTTP protocol class for uvicorn that shows the application the client's certificate.

uvicorn 0.54 has no TLS extension (performance.md §4); this subclass puts `{"tls": {"fingerprint",
"certificate"}}` into `scope["extensions"]`. It also bounds what uvicorn leaves unbounded: the size of a
request's head, the time a connection may take to send one, and the number of connections.
"""

import asyncio
import hashlib
from collections import Counter
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar, cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

if TYPE_CHECKING:
    import ssl

_HEAD_BYTES = 64 * 1024
_HEAD_SECONDS = 30.0
#: Seconds a client gets to end TLS when we have ended; one that is frozen would hold us up.
_FAREWELL_SECONDS = 2.0
#: Connections at once, of all clients and of one certificate; each costs up to 80 kB.
MOST_CONNECTIONS = 2048
MOST_OF_ONE = 512


class HeadTooLarge(Exception):  # httptools turns it into its own error and uvicorn into a 400
    """The request line and headers exceed 64 kB."""


class MutualTlsProtocol(HttpToolsProtocol):
    """One connection of a client whose certificate the handshake has proved."""

    #: Open connections by certificate; one event loop a process, so nobody else counts.
    _open: ClassVar[Counter[str]] = Counter()

    #: Seconds a client gets for a request's head, and for the rest of a request that is answered already.
    patience: ClassVar[float] = _HEAD_SECONDS

    #: Told the certificate and address of a client who sent what is no request; the application never hears.
    malformed: ClassVar[Callable[[str, str], None]] = staticmethod(lambda _fingerprint, _address: None)

    _tls: dict[str, Any] | None = None
    _head = 0
    _head_timer: asyncio.TimerHandle | None = None
    #: Whether a request's head is under way: from here on the application does not know it yet.
    _nobodys = True

    @classmethod
    def count_open(cls) -> int:
        """Return how many connections are open."""
        return cls._open.total()

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Remember the certificate; a connection without TLS, or one too many, is closed at once."""
        super().connection_made(transport)
        tls: ssl.SSLObject | None = transport.get_extra_info("ssl_object")
        der = tls.getpeercert(binary_form=True) if tls is not None else None
        if der is None:
            transport.close()
            return
        fingerprint = hashlib.sha256(der).hexdigest()
        if self._open[fingerprint] >= MOST_OF_ONE or self._open.total() >= MOST_CONNECTIONS:
            transport.abort()
            return
        self._open[fingerprint] += 1
        self._tls = {"fingerprint": fingerprint, "certificate": der}
        self._await_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop the timer and count the connection out."""
        self._head_done()
        if self._tls is not None:
            fingerprint = self._tls["fingerprint"]
            self._open[fingerprint] -= 1
            if not self._open[fingerprint]:
                del self._open[fingerprint]
        super().connection_lost(exc)

    def shutdown(self) -> None:
        """Finish the request under way; an idle connection ends now, whether its client answers or not."""
        super().shutdown()
        if self.transport.is_closing():
            self._farewell()

    def data_received(self, data: bytes) -> None:
        """Bound what belongs to no request under way: each byte of it stops the timer of the idle connection.

        It is the rest of a request that was refused before it was whole, or empty lines. Of a pipelined
        request the answer is still to come: its body has its own time.
        """
        super().data_received(data)
        # Before the first request there is no cycle.
        if getattr(self.cycle, "response_complete", True) and not self.transport.is_closing():
            self._await_head()

    def on_message_begin(self) -> None:
        """Add the certificate to the scope."""
        super().on_message_begin()
        self._head, self._nobodys = 0, True
        self._await_head()
        self.scope["extensions"] = {"tls": cast("dict[object, object]", self._tls)}

    def on_url(self, url: bytes) -> None:
        """Count the bytes of the request line."""
        self._count(len(url))
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        """Count the bytes of a header."""
        self._count(len(name) + len(value) + 4)
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """Stop the timer, start the request."""
        self._head_done()
        super().on_headers_complete()
        self._nobodys = False

    def on_message_complete(self) -> None:
        """What comes now belongs to the next request."""
        super().on_message_complete()
        self._nobodys = True

    def send_400_response(self, msg: str) -> None:
        """Refuse what is no HTTP; a request that the application has is recorded there."""
        if self._nobodys and self._tls is not None:
            type(self).malformed(self._tls["fingerprint"], (self.client or ("",))[0])
        super().send_400_response(msg)

    def _count(self, size: int) -> None:
        self._head += size
        if self._head > _HEAD_BYTES:
            raise HeadTooLarge

    def _await_head(self) -> None:
        if self._head_timer is None:
            self._head_timer = self.loop.call_later(self.patience, self._head_late)

    def _head_done(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None

    def _head_late(self) -> None:
        if not self.transport.is_closing():
            self.transport.close()
            self._farewell()

    def _farewell(self) -> None:
        self.loop.call_later(_FAREWELL_SECONDS, self.transport.abort)
