"""HTTP exchanges by httpx that end in time, whatever the other side does, and go only where they may.

httpx bounds each read; a peer that gives one octet of its headers a minute keeps to that for ever. Here every
read and write of an exchange, the handshake and the headers included, has what is left of one time for all.

Where a name leads is decided once, here: the address that was judged is the one that is connected to, so a
name that changes its mind in between (DNS rebinding) gains nothing.
"""

import socket
import ssl
import time
from collections.abc import Callable, Iterable
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import Any, Final

import httpcore
import httpx

Address = IPv4Address | IPv6Address
#: Returns if an address may be connected to; raises its own error otherwise.
Judge = Callable[[str, Address], None]

_IDLE: Final = 5.0
#: All of IPv6 that is given out for the internet (IANA, RFC 4291 §2.4). What stands before and behind it is
#: site-local, carries an IPv4 address for a translator, or was never given out.
_UNICAST: Final = IPv6Network("2000::/3")


def is_of_the_internet(address: Address) -> bool:
    """Tell whether an address is one of the public internet, by its own form; not by what it carries."""
    if address.is_multicast or not address.is_global:
        return False
    return isinstance(address, IPv4Address) or address in _UNICAST


class Budget:
    """The time of one exchange; belongs to one client, used by one thread at a time."""

    def __init__(self) -> None:
        self._until = float("inf")

    def begin(self, seconds: float) -> None:
        """Start an exchange of at most so many seconds."""
        self._until = time.monotonic() + seconds

    @property
    def over(self) -> bool:
        """Whether the time is used up."""
        return time.monotonic() >= self._until

    def left(self, timeout: float | None, late: type[Exception]) -> float:
        """Return the seconds that one step may take.

        Raises:
            Exception: `late`; nothing is left.
        """
        rest = self._until - time.monotonic()
        if rest <= 0:
            raise late
        return rest if timeout is None else min(timeout, rest)


class BoundedTransport(httpx.HTTPTransport):
    """Carries httpx's requests within a budget.

    Args:
        budget: of the exchange under way.
        context: of TLS; None knows the system's authorities.
        judge: asked about each address before it is connected to.
    """

    def __init__(
        self, budget: Budget, context: ssl.SSLContext | None = None, judge: Judge | None = None
    ) -> None:
        # The pool below knows the system's authorities only when it needs them: loading them takes a while.
        super().__init__(verify=context or ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT), trust_env=False)
        self._pool.close()
        # httpx has no argument for it, httpcore has.
        self._pool = httpcore.ConnectionPool(
            ssl_context=context,
            keepalive_expiry=_IDLE,
            network_backend=_Backend(budget, judge),
        )


class _Backend(httpcore.NetworkBackend):
    def __init__(self, budget: Budget, judge: Judge | None) -> None:
        self._budget, self._judge = budget, judge
        self._inner = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        failed: Exception = httpcore.ConnectError("no address")
        for place in self._places(host, port):
            left = self._budget.left(timeout, httpcore.ConnectTimeout)
            try:
                stream = self._inner.connect_tcp(place, port, left, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failed = error
            else:
                return _Stream(stream, self._budget)
        raise failed

    def _places(self, host: str, port: int) -> list[str]:
        if self._judge is None:
            return [host]
        try:
            found = socket.getaddrinfo(host.strip("[]"), port, type=socket.SOCK_STREAM)
        except OSError as error:
            raise httpcore.ConnectError(str(error)) from None
        places = list(dict.fromkeys(str(entry[4][0]) for entry in found))
        for place in places:
            self._judge(host, ip_address(place))
        return places


class _Stream(httpcore.NetworkStream):
    def __init__(self, inner: httpcore.NetworkStream, budget: Budget) -> None:
        self._inner, self._budget = inner, budget

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._inner.read(max_bytes, self._budget.left(timeout, httpcore.ReadTimeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._inner.write(buffer, self._budget.left(timeout, httpcore.WriteTimeout))

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        left = self._budget.left(timeout, httpcore.ConnectTimeout)
        return _Stream(self._inner.start_tls(ssl_context, server_hostname, left), self._budget)

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)
