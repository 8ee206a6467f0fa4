"""Running the patients' side: uvicorn over TLS, ready line, clean end on SIGTERM."""

import asyncio
import contextlib
import logging
import signal
import socket
import ssl
from collections.abc import Generator

import uvicorn

from erepo.cloud.patients.keys import PatientKeys
from erepo.cloud.service import Cloud
from erepo.cloud.tenancy.home import Home
from erepo.cloud.web.door import Door, DoorLoop
from erepo.pki.tls import load_bundle
from erepo.portal.app import build, carriers_of
from erepo.portal.errors import TlsUnusable
from erepo.portal.office import Office
from erepo.serving import BoundedProtocol, take_descriptors
from erepo.settings import Settings

log = logging.getLogger("erepo.portal")

#: Seconds that requests under way get to finish after SIGTERM.
_GRACE = 20
#: Connections at once; where there are more, one that says nothing has to go.
_MOST = 2048
_SIGNALS = (signal.SIGTERM, signal.SIGINT)


def serve(settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT; requests under way are finished first.

    Raises:
        CloudNotInitialised: `erepo cloud init` has not run.
        TlsUnusable, CarrierUnusable: the settings name what cannot be used.
        MasterKeyMissing, MasterKeyUnknown: sealed rows cannot be opened.
    """
    context, carriers = tls_of(settings), carriers_of(settings)
    if not settings.portal.smtp_host:
        log.warning("no SMTP server is set: mails to patients are laid into %s", settings.portal_mail)
    BoundedProtocol.patience = min(BoundedProtocol.patience, settings.http.read)
    cloud = Cloud(settings)
    try:
        office = Office(cloud, PatientKeys(cloud.database, cloud.vault), carriers)
        take_descriptors()
        Server(configured(office, context), settings.portal_url).run()
    finally:
        cloud.close()


def configured(office: Office, context: ssl.SSLContext, port: int | None = None) -> uvicorn.Config:
    """Return how the application is served."""
    settings = office.settings
    return uvicorn.Config(
        build(office),
        host=settings.portal_host,
        port=settings.portal_port if port is None else port,
        http=BoundedProtocol,
        lifespan="on",
        ws="none",
        access_log=False,
        log_config=None,
        server_header=False,
        # From where somebody comes is what the connection says.
        proxy_headers=False,
        limit_concurrency=_MOST,
        timeout_graceful_shutdown=_GRACE,
        ssl_context_factory=lambda _config, _default: context,
    )


def tls_of(settings: Settings) -> ssl.SSLContext:
    """Return the TLS context: of the certificate that the settings name, or one of the service's authority.

    Raises:
        TlsUnusable: the files cannot be used.
        CloudNotInitialised: neither is there.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    wanted = settings.portal
    if wanted.certificate is None and wanted.key is None:
        load_bundle(context, Home(settings).bundle("portal"))
        return context
    try:
        if wanted.certificate is None or wanted.key is None:
            raise TlsUnusable(problem="-")
        context.load_cert_chain(wanted.certificate, wanted.key, password=lambda: b"")
    except (OSError, ValueError) as error:
        raise TlsUnusable(problem=getattr(error, "strerror", None) or type(error).__name__) from None
    return context


class Server(uvicorn.Server):
    """uvicorn that tells when it listens, and ends with exit code 0 when asked to."""

    def __init__(self, config: uvicorn.Config, address: str) -> None:
        super().__init__(config)
        self._address = address
        self._door: Door | None = None

    def run(self, sockets: list[socket.socket] | None = None) -> None:
        """Serve until asked to end; nobody is let in but through the door."""
        with asyncio.Runner(loop_factory=DoorLoop) as runner:
            runner.run(self._behind_door(sockets))

    async def _behind_door(self, sockets: list[socket.socket] | None) -> None:
        self.config.load()
        loop, context = asyncio.get_running_loop(), self.config.ssl
        assert isinstance(loop, DoorLoop)
        assert context is not None
        loop.door = self._door = Door(context)
        await self.serve(sockets)

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        """End when asked to; uvicorn itself would raise the signal again at the end."""
        try:
            kept = {number: signal.signal(number, self.handle_exit) for number in _SIGNALS}
        except ValueError:  # not the main thread: whoever runs us there ends us
            yield
            return
        try:
            yield
        finally:
            for number, handler in kept.items():
                signal.signal(number, handler)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen, then say so."""
        await super().startup(sockets)
        if self.started:
            print(f"erepo portal ready on {self._address}", flush=True)  # noqa: T201  # the ready line

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End gracefully, then cut what is still open: the loop would wait for it for ever."""
        assert self._door is not None
        self._door.close()
        await super().shutdown(sockets)
        self._door.close()
        for connection in list(self.server_state.connections):
            connection.transport.abort()
