"""Running the sandbox's P1: uvicorn with mutual TLS, ready line, clean end on SIGTERM and SIGINT."""

import asyncio
import contextlib
import logging
import signal
import socket
from collections.abc import Generator

import uvicorn

from erepo.cloud.web.protocol import MutualTlsProtocol
from erepo.pki.tls import server_context
from erepo.sandbox.p1.desk import Desk
from erepo.sandbox.p1.home import Home
from erepo.sandbox.p1.sink import AuditSink
from erepo.sandbox.p1.web import ConnectionCut, build

#: Seconds that requests under way get to finish after SIGTERM; a fault of a long silence is cut.
_GRACE = 5


class _Server(uvicorn.Server):
    """uvicorn that tells when it listens, and leaves signals to us."""

    sink: AuditSink

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        """Leave signals to `serve`: uvicorn would raise them again at the end."""
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen, then say so."""
        await super().startup(sockets)
        if self.started:
            port = self.servers[0].sockets[0].getsockname()[1]
            host = f"[{self.config.host}]" if ":" in self.config.host else self.config.host
            print(f"erepo p1-sandbox ready on https://{host}:{port}", flush=True)  # noqa: T201
            print(f"erepo p1-sandbox takes audit on syslog+tls://{host}:{self.sink.port}", flush=True)  # noqa: T201

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End gracefully, then cut what is still open."""
        await super().shutdown(sockets)
        for connection in list(self.server_state.connections):
            connection.transport.abort()


def _is_wished(record: logging.LogRecord) -> bool:
    """Tell whether a log record is of a connection cut on request."""
    return record.exc_info is not None and isinstance(record.exc_info[1], ConnectionCut)


def serve(home: Home, host: str, port: int, audit_port: int) -> None:
    """Serve until SIGTERM or SIGINT.

    Args:
        home: the sandbox.
        host: address to listen on.
        port: 0 takes a free one.
        audit_port: of the audit repository; 0 takes a free one.
    """
    # Providers and the administrator; nobody else gets in.
    context = server_context(home.bundle("tls"), home.providers.pem + home.services.pem)
    logging.getLogger("uvicorn.error").addFilter(lambda record: not _is_wished(record))
    desk, sink = Desk(home), AuditSink(home, host, audit_port)
    config = uvicorn.Config(
        build(home, desk),
        host=host,
        port=port,
        http=MutualTlsProtocol,
        ws="none",
        lifespan="off",
        ssl_context_factory=lambda _config, _default: context,
        access_log=False,
        proxy_headers=False,
        log_config=None,
        server_header=False,
        timeout_graceful_shutdown=_GRACE,
    )
    try:
        server = _Server(config)
        server.sink = sink
        asyncio.run(_run(server))
    finally:
        sink.close()
        desk.close()


async def _run(server: _Server) -> None:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, lambda: setattr(server, "should_exit", True))
    await server.serve()
