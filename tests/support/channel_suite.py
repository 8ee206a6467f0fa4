"""What every `Channel` must do; an adapter's test inherits it and gives `open_channel`."""

import asyncio
import socket
from abc import ABC, abstractmethod
from contextlib import suppress

import pytest

from erepo.errors import ErepoError, OutcomeUnknown, RemoteBusy, RemoteTimeout, RemoteUnavailable
from erepo.settings import HttpTimeouts, Limits
from erepo.soap.channel import Channel
from erepo.soap.errors import (
    AddressUnknown,
    AnswerEncoded,
    AnswerNotSoap,
    AnswerRefused,
    AnswerTooLarge,
    BadRequestAnswer,
    ForbiddenAnswer,
    RedirectRefused,
    SecureChannelFailed,
    UnsafeChannel,
)
from erepo.soap.message import Packed
from tests.support.soap_messages import Sample, wire
from tests.support.tls_server import Pki, Script, answer, answering, make_pki, read_request, running_peer

PATIENT = HttpTimeouts(connect=60, read=60, write=60, pool=60, total=180)


def hurry(**seconds: float) -> HttpTimeouts:
    """Return time-outs of which only the given ones are short."""
    return PATIENT.model_copy(update=seconds)


GOOD = answer("200 OK", b"<good/>")


def small() -> Packed:
    """Return a message of a few kilobytes."""
    return Sample([b"octets"]).pack(None)


def large() -> Packed:
    """Return a message that no socket buffer holds."""
    return Sample([b"x" * 30_000_000]).pack(None)


class ChannelSuite(ABC):
    """The contract of `erepo.soap.channel`, test by test."""

    @abstractmethod
    def open_channel(
        self, pki: Pki, timeouts: HttpTimeouts = PATIENT, limits: Limits | None = None, connections: int = 16
    ) -> Channel:
        """Return the adapter under test."""

    async def post(self, pki: Pki, script: Script, packed: Packed | None = None, **options: object) -> object:
        """Send one message to a scripted peer."""
        channel = self.open_channel(pki, **options)  # type: ignore[arg-type]
        try:
            async with running_peer(pki, script) as peer:
                return await channel.post(peer.url, packed or small())
        finally:
            await channel.close()

    async def test_one_message_one_answer(self, pki: Pki) -> None:
        """The message arrives octet for octet, asks for no compression, and the answer comes back whole."""
        packed, requests = small(), []
        got = await self.post(pki, answering(answer("200 OK", b"x" * 70_000), requests), packed)
        assert (got.status, got.content_type, got.body) == (200, "application/soap+xml", b"x" * 70_000)
        head, _, body = requests[0].partition(b"\r\n\r\n")
        assert body == wire(packed)
        assert b"accept-encoding: identity" in head.lower()
        assert packed.content_type.encode() in head
        assert b"transfer-encoding" not in head.lower()

    async def test_a_large_message_arrives_whole(self, pki: Pki) -> None:
        """A message larger than all buffers is sent chunk by chunk."""
        requests: list[bytes] = []
        await self.post(pki, answering(GOOD, requests), large())
        assert requests[0].endswith(wire(Sample([]).pack(None))[-4:])
        assert len(requests[0]) > 30_000_000

    async def test_chunked_answers_are_read(self, pki: Pki) -> None:
        """An answer without Content-Length is read to its end."""
        octets = (
            answer("200 OK").replace(b"Content-Length: 0", b"Transfer-Encoding: chunked")
            + b"3\r\nabc\r\n0\r\n\r\n"
        )
        assert (await self.post(pki, answering(octets))).body == b"abc"

    async def test_connections_are_kept_and_shared(self, pki: Pki) -> None:
        """Twenty messages one by one need one connection; twenty at once no more than allowed."""
        channel = self.open_channel(pki, connections=3)
        async with running_peer(pki, answering(GOOD)) as peer:
            for _ in range(20):
                await channel.post(peer.url, small())
            assert peer.connections == 1
            await asyncio.gather(*(channel.post(peer.url, small()) for _ in range(20)))
            assert peer.connections <= 3
            await channel.close()

    async def test_cookies_are_not_kept(self, pki: Pki) -> None:
        """Nothing a service sets comes back with the next message."""
        requests: list[bytes] = []
        channel = self.open_channel(pki)
        async with running_peer(pki, answering(answer("200 OK", b"", "Set-Cookie: a=b"), requests)) as peer:
            for _ in range(2):
                await channel.post(peer.url, small())
            await channel.close()
        assert b"cookie" not in requests[1].lower()

    @pytest.mark.parametrize(
        ("octets", "error"),
        [
            (answer("301 Moved", b"", "Location: https://127.0.0.1/"), RedirectRefused),
            (answer("307 Moved", b"", "Location: http://127.0.0.1/"), RedirectRefused),
            (answer("400 Bad Request", content_type="text/plain"), BadRequestAnswer),
            (answer("413 Large"), BadRequestAnswer),
            (answer("401 Unauthorized"), ForbiddenAnswer),
            (answer("403 Forbidden"), ForbiddenAnswer),
            (answer("404 Not Found"), AddressUnknown),
            (answer("405 Not Allowed"), AddressUnknown),
            (answer("429 Slow"), RemoteBusy),
            (answer("503 Busy"), RemoteBusy),
            (answer("502 Bad Gateway", content_type="text/html"), OutcomeUnknown),
            (answer("500 Error", content_type="text/html"), OutcomeUnknown),
            (answer("200 OK", b"<html/>", content_type="text/html"), AnswerNotSoap),
            (answer("204 No Content"), AnswerNotSoap),
            (answer("200 OK", b"x", "Content-Encoding: gzip"), AnswerEncoded),
            (answer("200 OK", b"x", "Content-Encoding: br"), AnswerEncoded),
            (answer("200 OK").replace(b"Length: 0", b"Length: 999999999"), AnswerTooLarge),
            (b"HTTP/1.1 200 OK\r\nX: " + b"y" * 100_000 + b"\r\n\r\n", AnswerRefused),
            (b"SSH-2.0-OpenSSH\r\n\r\n", AnswerRefused),
            (answer("200 OK").replace(b"Length: 0", b"Length: x"), AnswerRefused),
        ],
    )  # fmt: skip
    async def test_other_answers_have_their_own_errors(
        self, pki: Pki, octets: bytes, error: type[ErepoError]
    ) -> None:
        """Each kind of unusable answer is told apart, in both languages."""
        with pytest.raises(error) as raised:
            await self.post(pki, answering(octets))
        assert type(raised.value) is error
        assert raised.value.explain("pl") != raised.value.explain("en")

    @pytest.mark.parametrize("status", ["400 Bad Request", "500 Internal Server Error"])
    async def test_faults_are_answers(self, pki: Pki, status: str) -> None:
        """A SOAP body with 400 or 500 is handed on: it holds a fault."""
        assert (await self.post(pki, answering(answer(status, b"<f/>")))).status == int(status[:3])

    async def test_an_endless_answer_is_cut_off(self, pki: Pki) -> None:
        """An answer that grows beyond the limit is not read further."""

        async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await read_request(reader)
            writer.write(answer("200 OK").replace(b"Content-Length: 0", b"Transfer-Encoding: chunked"))
            while True:
                writer.write(b"10000\r\n" + b"x" * 0x10000 + b"\r\n")
                await writer.drain()

        with pytest.raises(AnswerTooLarge):
            await self.post(pki, script, limits=Limits(message=1_000_000))

    async def test_nobody_there(self, pki: Pki) -> None:
        """A refused connection means that nothing was sent."""
        async with running_peer(pki, answering(GOOD)) as peer:
            url = peer.url
        channel = self.open_channel(pki)
        with pytest.raises(RemoteUnavailable):
            await channel.post(url, small())
        with pytest.raises(RemoteUnavailable):
            await channel.post("https://no-such-host.invalid/", small())
        await channel.close()

    async def test_cut_while_sending(self, pki: Pki) -> None:
        """A connection that breaks in the middle of the message means that it has not arrived."""

        async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readexactly(100_000)
            writer.transport.abort()

        with pytest.raises(RemoteUnavailable):
            await self.post(pki, script, large())

    @pytest.mark.parametrize("said", [b"", b"HTTP/1.1 200 OK\r\nContent-", GOOD[:-3]])
    async def test_cut_after_sending(self, pki: Pki, said: bytes) -> None:
        """A connection that breaks before the answer is whole leaves the outcome unknown."""

        async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await read_request(reader)
            writer.write(said)
            await writer.drain()

        with pytest.raises(OutcomeUnknown):
            await self.post(pki, script)

    async def test_read_timeout(self, pki: Pki) -> None:
        """Silence after the message ends after `read` seconds; it may have been processed."""

        async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await read_request(reader)
            await asyncio.sleep(60)

        assert await self.phase(pki, script, timeouts=hurry(read=0.3)) == "read"

    async def test_total_timeout(self, pki: Pki) -> None:
        """An answer that trickles for ever ends after `total` seconds."""

        async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await read_request(reader)
            writer.write(answer("200 OK").replace(b"Length: 0", b"Length: 9999"))
            while True:
                writer.write(b"x")
                await asyncio.sleep(0.05)

        assert await self.phase(pki, script, timeouts=hurry(total=0.6)) == "total"

    async def test_write_timeout(self, pki: Pki) -> None:
        """A peer that stops reading ends after `write` seconds; the message has not arrived."""

        async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await asyncio.sleep(60)

        assert await self.phase(pki, script, large(), timeouts=hurry(write=0.3)) == "write"

    async def test_slow_upload_is_no_read_timeout(self, pki: Pki) -> None:
        """While a peer keeps reading, the time for its answer has not begun."""

        async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            head = await reader.readuntil(b"\r\n\r\n")
            left = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
            for _ in range(12):
                left -= len(await reader.readexactly(left // 12 + 1 if left > 12 else left))
                await asyncio.sleep(0.3)
            await reader.readexactly(max(left, 0))
            writer.write(GOOD)
            await writer.drain()

        assert (await self.post(pki, script, large(), timeouts=hurry(read=3))).status == 200

    async def test_connect_timeout(self, pki: Pki) -> None:
        """A handshake that nobody answers ends after `connect` seconds."""
        channel = self.open_channel(pki, hurry(connect=0.3))
        with socket.create_server(("127.0.0.1", 0)) as silent, pytest.raises(RemoteTimeout) as raised:
            await channel.post(f"https://127.0.0.1:{silent.getsockname()[1]}/", small())
        await channel.close()
        assert raised.value.data["phase"] == "connect"

    async def test_pool_timeout(self, pki: Pki) -> None:
        """Waiting for a free connection ends after `pool` seconds."""

        async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await asyncio.sleep(60)

        channel = self.open_channel(pki, hurry(pool=0.3), connections=1)
        async with running_peer(pki, script) as peer:
            busy = asyncio.create_task(channel.post(peer.url, small()))
            await asyncio.sleep(0)
            with pytest.raises(RemoteTimeout) as raised:
                await channel.post(peer.url, small())
            busy.cancel()
            await asyncio.gather(busy, return_exceptions=True)
            await channel.close()
        assert raised.value.data["phase"] == "pool"

    async def phase(
        self, pki: Pki, script: Script, packed: Packed | None = None, **options: object
    ) -> object:
        """Return the phase of the time-out that a peer causes."""
        with pytest.raises(RemoteTimeout) as raised:
            await self.post(pki, script, packed, **options)
        assert raised.value.explain("pl")
        return raised.value.data["phase"]

    async def test_cancelled_calls_leave_the_channel_usable(self, pki: Pki) -> None:
        """A caller that gives up frees its connection."""
        release = asyncio.Event()

        async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await read_request(reader)
            await release.wait()
            writer.write(GOOD)
            await writer.drain()

        channel = self.open_channel(pki, connections=1)
        async with running_peer(pki, script) as peer:
            call = asyncio.create_task(channel.post(peer.url, small()))
            await asyncio.sleep(0.1)
            call.cancel()
            await asyncio.gather(call, return_exceptions=True)
            release.set()
            assert (await channel.post(peer.url, small())).status == 200
            await channel.close()

    async def test_a_closed_channel_sends_nothing(self, pki: Pki) -> None:
        """Closing twice is harmless; afterwards nothing leaves."""
        channel = self.open_channel(pki)
        await channel.close()
        await channel.close()
        with pytest.raises(RemoteUnavailable):
            await channel.post("https://127.0.0.1:1/", small())

    async def test_the_service_must_prove_itself(self, pki: Pki) -> None:
        """A service of another authority, or with another name, gets nothing."""
        stranger = make_pki()
        channel = self.open_channel(Pki(stranger.authority, stranger.server, pki.client))
        async with running_peer(pki, answering(GOOD)) as peer:
            with pytest.raises(SecureChannelFailed):
                await channel.post(peer.url, small())
        await channel.close()

    async def test_the_service_refuses_our_certificate(self, pki: Pki) -> None:
        """A refused client certificate is named as such (manual 2.5), not taken for a broken line."""
        stranger = make_pki()
        channel = self.open_channel(Pki(pki.authority, pki.server, stranger.client))
        async with running_peer(pki, answering(GOOD)) as peer:
            with pytest.raises(SecureChannelFailed):
                await channel.post(peer.url, small())
        await channel.close()

    async def test_plain_http_behind_the_address(self, pki: Pki) -> None:
        """A peer that speaks no TLS gets nothing."""

        async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.read(10)
            writer.write(GOOD)
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()

        plain = await asyncio.start_server(script, "127.0.0.1", 0)
        channel = self.open_channel(pki)
        try:
            with pytest.raises(SecureChannelFailed):
                await channel.post(f"https://127.0.0.1:{plain.sockets[0].getsockname()[1]}/", small())
        finally:
            plain.close()
            await channel.close()

    @pytest.mark.parametrize(
        "url", ["http://127.0.0.1/", "https://user:word@host/", "https://h/ x", "ftp://h", ""]
    )
    async def test_only_plain_https_addresses(self, pki: Pki, url: str) -> None:
        """Nothing leaves for an address that is no plain https address."""
        channel = self.open_channel(pki)
        with pytest.raises(UnsafeChannel):
            await channel.post(url, small())
        await channel.close()
