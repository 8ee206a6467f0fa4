"""The office's list of revoked certificates over plain http, at the address that its certificates name."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

from aiohttp import web

from erepo.sandbox.office import revoking
from erepo.sandbox.office.errors import ListAddressWrong
from erepo.sandbox.office.service import Office


@asynccontextmanager
async def publishing(office: Office, host: str, url: str) -> AsyncIterator[None]:
    """Serve the list while the block runs; an empty address serves nothing.

    Args:
        office: whose list.
        host: address to listen on.
        url: as in the certificates; its port and path are served.

    Raises:
        ListAddressWrong: it is no `http://host:port/name`.
        OSError: the port is taken.
    """
    if not url:
        yield
        return
    port, path = place(url)

    async def answer(_request: web.Request) -> web.Response:
        octets = await asyncio.to_thread(revoking.publish, office.home, office.authority)
        return web.Response(body=octets, content_type="application/pkix-crl")

    application = web.Application(client_max_size=1024)
    application.router.add_get(path, answer)
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, host, port).start()
        yield
    finally:
        await runner.cleanup()


def place(url: str) -> tuple[int, str]:
    """Return port and path of the list's address.

    Raises:
        ListAddressWrong: it is no `http://host:port/name`.
    """
    try:
        parts = urlsplit(url)
        port = parts.port or 80
    except ValueError:
        raise ListAddressWrong(url=url[:100]) from None
    if parts.scheme != "http" or not parts.hostname or len(parts.path) < 2 or parts.query or "{" in url:
        raise ListAddressWrong(url=url[:100])
    return port, parts.path
