"""The audit repository of the sandbox's P1: syslog over mutual TLS (RFC 5425), for providers' certificates.

What was read is in the database before the end of a connection is confirmed (close_notify), so whoever hears
that may forget what it sent. A message that came in part is dropped: its sender sends it again.
"""

import hashlib
import logging
import re
import socket
import threading
from contextlib import suppress
from typing import Final

from erepo.pki.names import CertificatePurpose
from erepo.pki.tls import server_context
from erepo.sandbox.p1.home import Home

log = logging.getLogger("erepo.p1-sandbox")

#: Octets of one message at most, seconds of silence, connections at once.
_LARGEST: Final = 1024**2
_SECONDS: Final = 30.0
_MOST: Final = 32
_LENGTH: Final = re.compile(rb"([1-9][0-9]{0,6}) ")


class AuditSink:
    """Takes messages until `close`; connections are threads of their own."""

    def __init__(self, home: Home, host: str, port: int) -> None:
        self._store = home.store
        self._context = server_context(home.bundle("tls"), home.providers.pem)
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._listening = socket.create_server((host, port), family=family)
        self.port: int = self._listening.getsockname()[1]
        self._room = threading.BoundedSemaphore(_MOST)
        threading.Thread(target=self._accept, name="p1-audit", daemon=True).start()

    def close(self) -> None:
        """Take nothing more."""
        # Closing alone would not wake a thread that waits in accept.
        with suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()

    def _accept(self) -> None:
        while True:
            try:
                plain, _ = self._listening.accept()
            except OSError:
                return
            self._room.acquire()
            threading.Thread(target=self._serve, args=(plain,), daemon=True).start()

    def _serve(self, plain: socket.socket) -> None:
        try:
            with suppress(OSError, ValueError), plain:
                self._receive(plain)
        finally:
            self._room.release()

    def _receive(self, plain: socket.socket) -> None:
        plain.settimeout(_SECONDS)
        fault = self._store.take_fault("audit")
        kind = fault.kind if fault else ""
        if kind == "refuse":
            return
        with self._context.wrap_socket(plain, server_side=True, suppress_ragged_eofs=False) as connection:
            der = connection.getpeercert(binary_form=True) or b""
            owner = self._store.owner(hashlib.sha256(der).hexdigest(), CertificatePurpose.TLS)
            if not owner:
                log.info("audit: a certificate of nobody")
                return
            rest = bytearray()
            while chunk := connection.recv(65536):
                rest += chunk
                messages = _whole(rest)
                self._store.add_audit(owner, messages[:1] if kind == "half" else messages)
                if kind == "half" and messages:
                    return
            if kind != "unconfirmed":
                connection.unwrap()


def _whole(octets: bytearray) -> list[bytes]:
    """Take the whole messages from the begin of what was read.

    Raises:
        ValueError: it is no frame, or too large.
    """
    found = []
    while octets:
        head = _LENGTH.match(octets)
        if head is None:
            if len(octets) > 8:
                raise ValueError("no frame")
            break
        length, start = int(head[1]), head.end()
        if length > _LARGEST:
            raise ValueError("too large")
        if len(octets) < start + length:
            break
        found.append(bytes(octets[start : start + length]))
        del octets[: start + length]
    return found
