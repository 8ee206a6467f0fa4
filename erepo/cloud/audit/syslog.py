"""Handing audit messages to a repository: RFC 5424 in RFC 5425's frames over TLS (IHE ITI-20, TF-2 3.20).

Syslog has no answers. What there is instead: after a batch the connection is ended, and the receiver must
reply to our close_notify (RFC 5425 §4.4) after it has read everything before it. Only then is a batch taken
for delivered. Whatever breaks earlier may have arrived or not, and is sent again.
"""

import re
import socket
import ssl
import time
from codecs import BOM_UTF8
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC
from urllib.parse import urlsplit

from erepo.cloud.audit.dicom import Origin, write_message
from erepo.cloud.audit.errors import SinkCredentialsUnusable, SinkMalformed
from erepo.cloud.audit.events import Event
from erepo.errors import ErepoError
from erepo.pki.bundle import Bundle
from erepo.pki.tls import client_context
from erepo.settings import AuditSink

#: Facility 10 (security), severity 5 (notice).
_PRIORITY = "<85>1"
_APPLICATION = "erepo"
_MESSAGE_ID = "IHE+RFC-3881"
#: RFC 5425's own port.
_PORT = 6514
_SECONDS = 10.0
#: The whole of a batch: a receiver that takes a byte now and then must not hold us for ever.
_BATCH_SECONDS = 30.0


class NotConfirmed(OSError):
    """The receiver closed the connection, but not in the way that confirms a batch."""


@dataclass(frozen=True, slots=True)
class Sink:
    """Where messages go."""

    host: str
    port: int
    context: ssl.SSLContext = field(repr=False)


def open_sink(wanted: AuditSink) -> Sink:
    """Return the sink that the settings name.

    Raises:
        SinkMalformed: `sink` is no `syslog+tls://host:port`.
        SinkCredentialsUnusable: a file is not there or not what it should be.
    """
    place = address_of(wanted.sink)
    if place is None:
        raise SinkMalformed
    return Sink(*place, _context(wanted))


def address_of(text: str) -> tuple[str, int] | None:
    """Return host and port of `syslog+tls://host:port`; None where it is none."""
    try:
        address = urlsplit(text)
        port = address.port or _PORT
    except ValueError:
        return None
    if address.scheme != "syslog+tls" or not address.hostname or address.path not in {"", "/"}:
        return None
    return address.hostname, port


def _context(wanted: AuditSink) -> ssl.SSLContext:
    if wanted.ca is None:
        raise SinkCredentialsUnusable(setting="EREPO_AUDIT__CA")
    setting = "EREPO_AUDIT__CERTIFICATE, EREPO_AUDIT__KEY"
    try:
        bundle = None
        if wanted.certificate is not None and wanted.key is not None:
            bundle = Bundle.from_pem(wanted.certificate.read_bytes(), wanted.key.read_bytes())
        elif wanted.certificate is not None or wanted.key is not None:
            raise SinkCredentialsUnusable(setting=setting)
        setting = "EREPO_AUDIT__CA"
        return client_context(bundle, wanted.ca.read_bytes())
    except (OSError, ValueError, ErepoError) as error:
        if isinstance(error, SinkCredentialsUnusable):
            raise
        raise SinkCredentialsUnusable(setting=setting) from None


def write_syslog(event: Event, origin: Origin, *, bom: bool = False) -> bytes:
    """Return an event as a syslog message in its frame (octet counting).

    Args:
        event: with its outcome.
        origin: who reports.
        bom: whether the text begins with a BOM, as P1 has it; IHE's CP-477 advises none.
    """
    at = event.at.replace(tzinfo=UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
    host = re.sub(r"[^\x21-\x7e]", "", origin.host)[:255] or "-"
    header = f"{_PRIORITY} {at} {host} {_APPLICATION} {event.process} {_MESSAGE_ID} - "
    message = header.encode("ascii") + (BOM_UTF8 if bom else b"") + write_message(event, origin)
    return b"%d %s" % (len(message), message)


def deliver(sink: Sink, frames: Iterable[bytes]) -> None:
    """Send a batch and wait until it is confirmed.

    Raises:
        NotConfirmed: the receiver ended the connection without close_notify.
        OSError: the batch may have arrived in part.
    """
    until = time.monotonic() + _BATCH_SECONDS
    with (
        socket.create_connection((sink.host, sink.port), _SECONDS) as plain,
        sink.context.wrap_socket(plain, server_hostname=sink.host) as connection,
    ):
        for frame in frames:
            if time.monotonic() > until:
                raise TimeoutError
            connection.sendall(frame)
        try:
            connection.unwrap()
        except ssl.SSLEOFError:
            raise NotConfirmed from None
