"""The office's SMTP server: real mail in (RFC 5321), bounded in size and time."""

import asyncio
import logging
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

from aiosmtpd.smtp import SMTP, Envelope, Session

from erepo.sandbox.office import revoking
from erepo.sandbox.office.errors import SenderUnusable
from erepo.sandbox.office.publishing import publishing
from erepo.sandbox.office.service import Office

#: A letter with two requests is below 10 kB.
LARGEST_LETTER = 256 * 1024
#: Seconds of silence after which a connection is closed.
PATIENCE = 60
#: Seconds between two looks into the outbox.
POSTING = 5

_log = logging.getLogger(__name__)


class Handler:
    """What the SMTP dialogue calls."""

    def __init__(self, office: Office) -> None:
        self._office = office
        self._one_at_a_time = asyncio.Lock()

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802 (aiosmtpd's name)
        """Answer one letter; 250 only when the answer is durable."""
        octets = envelope.content if isinstance(envelope.content, bytes) else b""
        try:
            async with self._one_at_a_time:
                answer = await asyncio.to_thread(self._office.answer, octets)
        except SenderUnusable as error:
            return f"550 {error.code}"
        except RecursionError:
            return "554 nested too deeply"
        except OSError:
            _log.exception("a letter could not be answered")
            return "451 try again later"
        _log.info("letter answered: %s", answer.name)
        return "250 OK"

    async def handle_exception(self, error: Exception) -> str:
        """Say nothing of our inside to the peer."""
        _log.error("dialogue failed: %s", type(error).__name__)
        return "451 internal error"


@asynccontextmanager
async def running(office: Office, host: str, port: int, **options: Any) -> AsyncIterator[int]:
    """Serve in the current event loop while the block runs.

    Args:
        office: who answers.
        host: address to listen on.
        port: 0 takes any free one.
        options: for aiosmtpd's SMTP, such as `tls_context`.

    Yields:
        The port.
    """
    handler = Handler(office)
    loop = asyncio.get_running_loop()

    def dialogue() -> SMTP:
        return SMTP(
            handler,
            data_size_limit=LARGEST_LETTER,
            timeout=PATIENCE,
            enable_SMTPUTF8=True,
            hostname="office.example",
            ident="erepo office",
            loop=loop,
            **options,
        )

    server = await loop.create_server(dialogue, host, port)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        # Newer Pythons wait for open dialogues here; an idle client must not keep the office from ending.
        with suppress(TimeoutError):
            await asyncio.wait_for(server.wait_closed(), 2)


async def serve(office: Office, host: str, port: int, crl_url: str = "") -> None:
    """Serve until SIGTERM or SIGINT; prints the ready line when the first letter can come.

    Args:
        office: who answers.
        host: address to listen on.
        port: of SMTP.
        crl_url: where the revocation list is served; empty: nowhere.
    """
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    async with publishing(office, host, crl_url), running(office, host, port) as actual:
        print(f"erepo office ready on smtp://{host}:{actual}", flush=True)  # noqa: T201 (the supervisor reads it)
        while not stop.is_set():
            await asyncio.to_thread(office.post)
            await asyncio.to_thread(revoking.renew, office.home, office.authority)
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), POSTING)
