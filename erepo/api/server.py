"""Running the interface: uvicorn, TLS where others can reach it, ready line, clean end on SIGTERM."""

import contextlib
import ipaddress
import logging
import signal
import socket
import ssl
import sys
from collections.abc import Generator

import uvicorn

from erepo.api.app import build
from erepo.api.errors import TlsMissing, TlsUnusable
from erepo.clinic.database import open_clinic
from erepo.serving import BoundedProtocol
from erepo.settings import Settings

#: Seconds that requests under way get to finish after SIGTERM.
_GRACE = 20
#: Requests at once; more are told to come again.
_MOST = 512
_FILES = "EREPO_API__CERTIFICATE, EREPO_API__KEY"
_SIGNALS = (signal.SIGTERM, signal.SIGINT)


def serve(settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT; requests under way are finished first.

    Raises:
        TlsMissing: others could read what is said.
        TlsUnusable: the certificate or its key cannot be used.
        DatabaseAddressWrong, OSError: the clinic's database cannot be opened.
    """
    context = tls_of(settings)
    check_authorities(settings)
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    BoundedProtocol.patience = min(BoundedProtocol.patience, settings.http.read)
    with contextlib.closing(open_clinic(settings)) as database:
        config = uvicorn.Config(
            build(settings, database),
            host=settings.api.host,
            port=settings.api_port,
            http=BoundedProtocol,
            lifespan="on",
            ws="none",
            access_log=False,
            log_config=None,
            server_header=False,
            proxy_headers=False,
            limit_concurrency=_MOST,
            timeout_graceful_shutdown=_GRACE,
        )
        if context is not None:
            # A method of its own would read the files again and ask at the terminal for passwords.
            config.ssl_context_factory = lambda _config, _default: context
        _Server(config, settings.api_url).run()


def tls_of(settings: Settings) -> ssl.SSLContext | None:
    """Return the TLS context; None where only this machine can connect and no certificate is set.

    Raises:
        TlsMissing, TlsUnusable: see `serve`.
    """
    api = settings.api
    if api.certificate is None and api.key is None:
        if not _is_loopback(api.host):
            raise TlsMissing(host=api.host)
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        if api.certificate is None or api.key is None:
            raise TlsUnusable(names=_FILES, problem="-")
        context.load_cert_chain(api.certificate, api.key, password=lambda: b"")
    except (OSError, ValueError) as error:
        raise TlsUnusable(names=_FILES, problem=_words(error)) from None
    return context


def check_authorities(settings: Settings) -> None:
    """Check the authorities that webhooks are trusted by.

    Raises:
        TlsUnusable: none in the file.
    """
    try:
        ssl.create_default_context(cafile=settings.api.webhook_ca)
    except (OSError, ValueError) as error:
        raise TlsUnusable(names="EREPO_API__WEBHOOK_CA", problem=_words(error)) from None


def _words(error: Exception) -> str:
    return getattr(error, "strerror", None) or type(error).__name__


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


class _Server(uvicorn.Server):
    """uvicorn that tells when it listens, and ends with exit code 0 when asked to."""

    def __init__(self, config: uvicorn.Config, address: str) -> None:
        super().__init__(config)
        self._address = address

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        """End when asked to; uvicorn itself would raise the signal again at the end."""
        kept = {number: signal.signal(number, self.handle_exit) for number in _SIGNALS}
        try:
            yield
        finally:
            for number, handler in kept.items():
                signal.signal(number, handler)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen, then say so."""
        await super().startup(sockets)
        if self.started:
            print(f"erepo api ready on {self._address}", flush=True)  # noqa: T201  # the ready line
