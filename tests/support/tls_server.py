"""A scripted HTTPS peer with mutual TLS: it does to the wire what a test tells it to."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

from erepo.pki.authority import Authority
from erepo.pki.bundle import Bundle
from erepo.pki.keys import new_key
from erepo.pki.tls import client_context, server_context

Script = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@dataclass
class Peer:
    """A running peer.

    Attributes:
        url: its https address.
        connections: TLS connections it has accepted.
        requests: whole requests it has read, as raw octets.
    """

    url: str = ""
    connections: int = 0
    requests: list[bytes] = field(default_factory=list)


@dataclass(frozen=True)
class Pki:
    """One authority, a server certificate for this machine and a client certificate."""

    authority: Authority
    server: Bundle
    client: Bundle

    def client_context(self):  # noqa: ANN201 — ssl.SSLContext
        """Return the TLS context of a client that is known to the peer."""
        return client_context(self.client, self.authority.pem)


def make_pki() -> Pki:
    """Make throw-away certificates."""
    authority = Authority.create("tls test authority")
    server, client = new_key("ec-p256"), new_key("ec-p256")
    return Pki(
        authority,
        Bundle(server, authority.issue_server(server, ["127.0.0.1", "localhost"], "test server"), ()),
        Bundle(client, authority.issue_signer(client, "0000000000001003 TLS"), ()),
    )


async def read_request(reader: asyncio.StreamReader) -> bytes:
    """Read one whole request; raises `IncompleteReadError` where the client stops early."""
    head = await reader.readuntil(b"\r\n\r\n")
    length = next(line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
    return head + await reader.readexactly(int(length.split(b":")[1]))


def answer(
    status: str, body: bytes = b"", *headers: str, content_type: str = "application/soap+xml"
) -> bytes:
    """Return the octets of an HTTP answer."""
    lines = [f"HTTP/1.1 {status}", f"Content-Type: {content_type}", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


@asynccontextmanager
async def running_peer(pki: Pki, script: Script) -> AsyncIterator[Peer]:
    """Run a peer on a free port; `script` is called for each connection."""
    peer = Peer()
    tasks: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        peer.connections += 1
        try:
            await script(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()
            with suppress(ConnectionError, OSError):
                await writer.wait_closed()

    context = server_context(pki.server, pki.authority.pem)
    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)
    peer.url = f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}/services/1/xds"
    try:
        yield peer
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def answering(octets: bytes, peer_requests: list[bytes] | None = None) -> Script:
    """Return a script that answers every request on a kept-alive connection with the same octets."""

    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while not reader.at_eof():
            request = await read_request(reader)
            if peer_requests is not None:
                peer_requests.append(request)
            writer.write(octets)
            await writer.drain()

    return script
