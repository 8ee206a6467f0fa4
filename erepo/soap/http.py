"""The channel over aiohttp (0.25 ms of CPU a request with 16 in flight, where httpx needs 6.8)."""

import asyncio
import re
import socket
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, Self

import aiohttp
from aiohttp import hdrs
from aiohttp.abc import AbstractStreamWriter
from aiohttp.payload import Payload
from yarl import URL

from erepo.errors import OutcomeUnknown, RemoteTimeout, RemoteUnavailable
from erepo.settings import HttpTimeouts, Limits
from erepo.soap.channel import Answer, check_status
from erepo.soap.errors import AnswerEncoded, AnswerRefused, AnswerTooLarge, SecureChannelFailed, UnsafeChannel
from erepo.soap.message import Packed

if TYPE_CHECKING:
    from types import TracebackType

#: Messages up to this size are handed to the socket in one piece.
_ONE_WRITE = 512 * 1024
#: Seconds given to a service to say that it refuses our certificate.
_PROBE = 1.0
_URL = re.compile(r"(https://[A-Za-z0-9._\[\]:-]+(?:/[A-Za-z0-9._~!$&'()*+,;=:@%/-]*)?)(?:\?[^#\s]*)?")
_TLS_REFUSAL = re.compile("CERTIFICATE|ALERT|VERSION|UNSUPPORTED_PROTOCOL|CIPHER|HANDSHAKE")
_HEADERS = {hdrs.ACCEPT_ENCODING: "identity", hdrs.USER_AGENT: "erepo"}


class AiohttpChannel:
    """Sends messages over mutual TLS with kept-alive connections; see `erepo.soap.channel` for the contract.

    Args:
        ssl_context: client context with our certificate (`erepo.pki.tls.client_context`).
        timeouts: seconds.
        limits: `message` bounds the answer.
        connections: most connections at once.
        keep_alive: seconds an idle connection is kept; below what the service allows.
        sockets: makes the socket for each resolved address, and may refuse it by an OSError of its own.

    Raises:
        UnsafeChannel: the context does not check the peer, or allows less than TLS 1.2.
    """

    def __init__(
        self,
        ssl_context: ssl.SSLContext,
        timeouts: HttpTimeouts,
        limits: Limits,
        connections: int = 16,
        *,
        keep_alive: float = 30,
        sockets: Callable[[Any], socket.socket] | None = None,
    ) -> None:
        _check_context(ssl_context)
        self._ssl, self._timeouts, self._limits = ssl_context, timeouts, limits
        self._connections, self._keep_alive = connections, keep_alive
        self._sockets = sockets
        self._free = asyncio.Semaphore(connections)
        self._session: aiohttp.ClientSession | None = None
        self._closed = self._answered = False

    async def __aenter__(self) -> Self:
        """Nothing is opened before the first `post`."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: "TracebackType | None"
    ) -> None:
        """Close all connections."""
        await self.close()

    async def close(self) -> None:
        """Close all connections."""
        self._closed = True
        if self._session:
            await self._session.close()

    async def post(self, url: str, packed: Packed) -> Answer:
        """Send one message; see `Channel.post`."""
        address = _address(url)
        if self._closed:
            raise RemoteUnavailable(address=address)
        async with self._turn(address):
            body = _Body(packed, self._timeouts.write)
            try:
                return await self._exchange(url, address, body)
            except TimeoutError as error:
                raise self._timeout(error, body, address) from error
            except aiohttp.ClientResponseError as error:
                raise AnswerRefused(address=address, rule="broken HTTP answer") from error
            except (aiohttp.ClientError, OSError) as error:
                raise await self._lost(error, body, address) from error

    async def _exchange(self, url: str, address: str, body: "_Body") -> Answer:
        headers = _HEADERS | {hdrs.CONTENT_TYPE: body.packed.content_type}
        async with (
            asyncio.timeout(None) as body.guard,
            self._open().post(url, data=body, headers=headers, allow_redirects=False) as response,
        ):
            self._answered = True
            content_type = response.headers.get(hdrs.CONTENT_TYPE, "")
            check_status(response.status, content_type, address)
            if response.headers.get(hdrs.CONTENT_ENCODING, "identity").lower() != "identity":
                raise AnswerEncoded(address=address, rule="compressed")
            return Answer(response.status, content_type, await self._read(response, address))

    async def _read(self, response: aiohttp.ClientResponse, address: str) -> bytearray:
        limit = self._limits.message
        if (response.content_length or 0) > limit:
            raise AnswerTooLarge(address=address, limit=limit)
        received = bytearray()
        async for chunk in response.content.iter_any():
            received += chunk
            if len(received) > limit:
                raise AnswerTooLarge(address=address, limit=limit)
        return received

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            # `connect` here begins when a connection is free: waiting for one is bounded by `_turn`.
            timeout = aiohttp.ClientTimeout(
                total=self._timeouts.total, connect=self._timeouts.connect, sock_read=self._timeouts.read
            )
            connector = aiohttp.TCPConnector(
                ssl=self._ssl,
                limit=self._connections,
                keepalive_timeout=self._keep_alive,
                socket_factory=self._sockets,
            )
            self._session = aiohttp.ClientSession(
                connector=connector,
                timeout=timeout,
                cookie_jar=aiohttp.DummyCookieJar(),
                trust_env=False,
                auto_decompress=False,
                requote_redirect_url=False,
            )
        return self._session

    @asynccontextmanager
    async def _turn(self, address: str) -> AsyncIterator[None]:
        try:
            async with asyncio.timeout(self._timeouts.pool):
                await self._free.acquire()
        except TimeoutError:
            raise self._expired("pool", address) from None
        try:
            yield
        finally:
            self._free.release()

    async def _lost(self, error: Exception, body: "_Body", address: str) -> Exception:
        """Say what a broken connection means for the message."""
        reason = tls_reason(error)
        if not reason and (isinstance(error, aiohttp.ClientConnectorError) or not body.finished):
            return RemoteUnavailable(address=address)
        # The probe looks the name up anew, so it is none for addresses that are judged one by one.
        if not reason and not self._answered and self._sockets is None:
            reason = await self._refusal(address)
        if reason:
            return SecureChannelFailed(address=address, reason=reason)
        return OutcomeUnknown(address=address)

    async def _refusal(self, address: str) -> str:
        """Return why the service refuses our certificate, "" if it does not.

        With TLS 1.3 the refusal comes after our side of the handshake, so it meets a message under way; the
        reset that follows swallows the alert, and some servers send none. A connection on which nothing is
        sent and that is closed all the same, twice, is a refusal; a service that died lets nobody connect.
        """
        for _ in range(2):
            try:
                if not await self._closes_at_once(address):
                    return ""
            except OSError as error:
                return tls_reason(error)
        return "CLIENT_CERTIFICATE_REFUSED"

    async def _closes_at_once(self, address: str) -> bool:
        target = URL(address)
        try:
            async with asyncio.timeout(_PROBE):
                reader, writer = await asyncio.open_connection(target.host, target.port, ssl=self._ssl)
                try:
                    return not await reader.read(1)
                except ConnectionError:
                    return True
                finally:
                    writer.transport.abort()
        except TimeoutError:
            return False

    def _timeout(self, error: TimeoutError, body: "_Body", address: str) -> RemoteTimeout:
        if body.guard is not None and body.guard.expired():
            return self._expired("write", address)
        if isinstance(error, aiohttp.ConnectionTimeoutError):
            return self._expired("connect", address)
        if isinstance(error, aiohttp.SocketTimeoutError):
            return self._expired("read", address)
        return self._expired("total", address)

    def _expired(self, phase: str, address: str) -> RemoteTimeout:
        seconds = getattr(self._timeouts, phase)
        return RemoteTimeout(address=address, phase=phase, seconds=seconds, setting=phase.upper())


class _Body(Payload):
    """Writes a packed message chunk by chunk; a stalled write ends the exchange after `write` seconds."""

    def __init__(self, packed: Packed, stall: float) -> None:
        super().__init__(packed, content_type=packed.content_type)
        self.packed, self._stall, self.finished = packed, stall, False
        self.guard: asyncio.Timeout | None = None
        self._size = packed.length

    def decode(self, encoding: str = "utf-8", errors: str = "strict") -> str:
        """Never asked for: only debugging tools of aiohttp do."""
        raise NotImplementedError

    async def write(self, writer: AbstractStreamWriter) -> None:
        """Write the whole message."""
        await self.write_with_length(writer, None)

    async def write_with_length(self, writer: AbstractStreamWriter, content_length: int | None) -> None:  # noqa: ARG002
        """Write the whole message; `content_length` is our own figure."""
        written = 0
        chunks = self.packed.chunks() if self.packed.length > _ONE_WRITE else [b"".join(self.packed.chunks())]
        for chunk in chunks:
            written += len(chunk)
            # From here on the service may hold the whole message.
            self.finished = written >= self.packed.length
            self._expect_progress(self._stall)
            await writer.write(chunk)
        self._expect_progress(None)

    def _expect_progress(self, seconds: float | None) -> None:
        assert self.guard is not None
        self.guard.reschedule(None if seconds is None else asyncio.get_running_loop().time() + seconds)


def _check_context(context: ssl.SSLContext) -> None:
    if context.verify_mode != ssl.CERT_REQUIRED or not context.check_hostname:
        raise UnsafeChannel(rule="the service's certificate is not checked")
    if context.minimum_version < ssl.TLSVersion.TLSv1_2:
        raise UnsafeChannel(rule="less than TLS 1.2 is allowed")


def _address(url: str) -> str:
    found = _URL.fullmatch(url)
    if not found:
        raise UnsafeChannel(rule="the address is no plain https address")
    return found[1]


def tls_reason(error: BaseException | None) -> str:
    """Return the TLS alert or certificate error behind a failure; a mere cut during the handshake is none."""
    while error is not None:
        reason = getattr(error, "reason", None)
        if isinstance(error, ssl.SSLError) and isinstance(reason, str) and _TLS_REFUSAL.search(reason):
            return reason
        error = getattr(error, "os_error", None) or error.__cause__ or error.__context__
    return ""
