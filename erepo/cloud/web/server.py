"""Running the service: uvicorn with mutual TLS, ready line, clean end on SIGTERM and SIGINT."""

import asyncio
import contextlib
import logging
import os
import signal
import socket
import ssl
import sys
from collections.abc import Generator
from urllib.parse import urlsplit

import uvicorn

from erepo.cloud.errors import where
from erepo.cloud.outside.errors import DoorMisconfigured
from erepo.cloud.service import Cloud
from erepo.cloud.web.app import build
from erepo.cloud.web.door import Door, DoorLoop
from erepo.cloud.web.handshakes import HandshakeAlerts
from erepo.cloud.web.malformed import MalformedRequests
from erepo.cloud.web.protocol import MutualTlsProtocol
from erepo.cloud.web.standing import Watch
from erepo.errors import ErepoError
from erepo.pki.bundle import Bundle
from erepo.pki.pem import write_certificates
from erepo.pki.tls import server_context
from erepo.serving import take_descriptors
from erepo.settings import Settings

log = logging.getLogger("erepo.cloud")

#: Seconds that requests under way get to finish after SIGTERM.
_GRACE = 20
_WATCH_SECONDS = 1.0


class _Server(uvicorn.Server):
    """uvicorn that ends with exit code 0 when asked to, and tells when it listens."""

    def __init__(self, config: uvicorn.Config, cloud: Cloud, door: Door) -> None:
        super().__init__(config)
        self._cloud, self._door = cloud, door

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        """Leave signals to `serve`: uvicorn would raise them again at the end."""
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen, then say so."""
        await super().startup(sockets)
        if self.started:
            print(f"erepo cloud ready on {self._cloud.base_url}", flush=True)  # noqa: T201  # the ready line
            log.info("started, process %d", os.getpid())

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End gracefully, then cut what is still open: the loop would wait for it for ever."""
        self._door.close()
        await super().shutdown(sockets)
        self._door.close()
        for connection in list(self.server_state.connections):
            connection.transport.abort()
        log.info("ended")


def serve(settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT; requests under way are finished first.

    Raises:
        CloudNotInitialised: `erepo cloud init` has not run.
    """
    cloud = Cloud(settings)
    cloud.metrics.connections = MutualTlsProtocol.count_open
    MutualTlsProtocol.malformed = staticmethod(MalformedRequests(cloud))
    MutualTlsProtocol.patience = min(MutualTlsProtocol.patience, settings.http.read)
    # Whatever we ask of P1 is told by our own words, if at all.
    logging.getLogger("httpx").setLevel(logging.WARNING)
    context = opened_context(cloud)
    config = uvicorn.Config(
        build(cloud),
        host=settings.host,
        port=settings.cloud_port,
        http=MutualTlsProtocol,
        ws="none",
        lifespan="on",
        ssl_context_factory=lambda _config, _default: context,
        access_log=False,
        # The TLS connection says who is there; a header never does.
        proxy_headers=False,
        log_config=None,
        server_header=False,
        timeout_keep_alive=75,
        timeout_graceful_shutdown=_GRACE,
        backlog=512,
    )
    try:
        take_descriptors()
        with asyncio.Runner(loop_factory=DoorLoop) as runner:
            runner.run(_run(config, cloud, Door(context)))
    finally:
        cloud.close()


def opened_context(cloud: Cloud) -> ssl.SSLContext:
    """Return the context of all connections: accounts', and other providers' where the door is open to them.

    Who asks for the door's own name gets its certificate, where there is one, and needs one of P1's. What a
    certificate opens is not decided here: the name in a handshake is anybody's word.

    Raises:
        DoorMisconfigured: the door's certificate cannot be used.
    """
    if cloud.outside is None:
        return server_context(cloud.tls, cloud.trust.pem)
    given, foreign = cloud.settings.p1, cloud.outside.peers.tls.pem
    context = server_context(cloud.tls, cloud.trust.pem + foreign)
    if given.door_certificate is None:
        return context
    try:
        key = given.door_key.read_bytes() if given.door_key is not None else b""
        door = server_context(Bundle.from_pem(given.door_certificate.read_bytes(), key), foreign)
    except (OSError, ErepoError):
        raise DoorMisconfigured(setting="EREPO_P1__DOOR_CERTIFICATE, EREPO_P1__DOOR_KEY") from None
    name = (urlsplit(given.door_url).hostname or "").lower()

    def choose(connection: ssl.SSLObject, asked: str | None, _context: ssl.SSLContext) -> None:
        if name and asked is not None and asked.lower() == name:
            connection.context = door

    context.sni_callback = choose
    return context


async def _run(config: uvicorn.Config, cloud: Cloud, door: Door) -> None:
    loop, server = asyncio.get_running_loop(), _Server(config, cloud, door)
    assert isinstance(loop, DoorLoop)
    loop.door, door.failed = door, HandshakeAlerts(cloud)
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, lambda: setattr(server, "should_exit", True))
    watchers = [asyncio.create_task(each) for each in (_watch_trust(cloud, door.context), Watch(cloud).run())]
    try:
        await server.serve()
    finally:
        for watcher in watchers:
            watcher.cancel()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.remove_signal_handler(number)
            # Asked once is enough: a second signal must not cut off the end.
            signal.signal(number, signal.SIG_IGN)


async def _watch_trust(cloud: Cloud, context: ssl.SSLContext) -> None:
    """Take up authorities that the operator adds while we run (removing one needs a restart)."""
    told = ""
    while True:
        await asyncio.sleep(_WATCH_SECONDS)
        known = set(cloud.trust.authorities)
        try:
            fresh = await asyncio.to_thread(cloud.home.trusted)
        except (ErepoError, OSError) as error:
            # Somebody is copying a file there by hand, or it is none: the next look must still come.
            if (trouble := where(error)) != told:
                log.warning("the trusted authorities cannot be read, the earlier ones stay: %s", trouble)
            told = trouble
            continue
        told = ""
        added = [each for each in fresh.authorities if each not in known]
        if added:
            context.load_verify_locations(cadata=write_certificates(added).decode("ascii"))
            cloud.trusts(fresh)
            log.info("authorities added: %d", len(added))


def main() -> None:
    """Serve with the settings of the environment (`python -m erepo.cloud.web.server`)."""
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    serve(Settings())


if __name__ == "__main__":
    main()
