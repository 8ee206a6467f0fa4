"""HTTP to P1: mutual TLS by httpx, everything bounded, nothing followed.

What a failure means for the request: `P1Unavailable` and the phases connect and pool of `P1Timeout` say that
nothing arrived; everything else that is retryable may have been done.
"""

import re
import socket
import ssl
from dataclasses import dataclass, field
from typing import Final

import httpx

from erepo.bounded import BoundedTransport, Budget
from erepo.errors import ErepoError
from erepo.p1.errors import (
    P1AccessRefused,
    P1AnswerInvalid,
    P1Busy,
    P1ChannelFailed,
    P1Misconfigured,
    P1OutcomeUnknown,
    P1Refused,
    P1Timeout,
    P1Unavailable,
)
from erepo.settings import HttpTimeouts
from erepo.soap.http import tls_reason

#: Largest answer of the typed services; a token has about 10 kB.
MOST: Final = 1024**2
#: Seconds given to P1 to say that it refuses our certificate.
_PROBE: Final = 1.0
_URL = re.compile(r"https://[A-Za-z0-9._\[\]:-]+(?:/[A-Za-z0-9._~/-]*)?")
_PHASES: Final = {
    httpx.ConnectTimeout: "connect",
    httpx.ReadTimeout: "read",
    httpx.WriteTimeout: "write",
    httpx.PoolTimeout: "pool",
}
_BUSY = frozenset({408, 425, 429, 503})


@dataclass(frozen=True)
class Answer:
    """An HTTP answer that holds a SOAP 1.1 message."""

    status: int
    body: bytes = field(repr=False)


class P1Http:
    """One client's connections to P1.

    Args:
        context: TLS with the provider's certificate (`erepo.pki.tls.client_context`).
        timeouts: seconds.
        most: bytes of an answer.
    """

    def __init__(self, context: ssl.SSLContext, timeouts: HttpTimeouts, most: int = MOST) -> None:
        self._context, self._timeouts, self._most = context, timeouts, most
        self._budget = Budget()
        limit = httpx.Timeout(
            connect=timeouts.connect, read=timeouts.read, write=timeouts.write, pool=timeouts.pool
        )
        self._client = httpx.Client(
            transport=BoundedTransport(self._budget, context),
            timeout=limit,
            follow_redirects=False,
            trust_env=False,
            headers={"accept-encoding": "identity", "user-agent": "erepo"},
        )

    def close(self) -> None:
        """Close all connections."""
        self._client.close()

    def post(self, url: str, action: str, octets: bytes) -> Answer:
        """Send one SOAP 1.1 message, once, and return the answer.

        Raises:
            P1Unavailable, P1Timeout, P1Busy, P1OutcomeUnknown: it may succeed later.
            P1ChannelFailed, P1Misconfigured: TLS, or the address.
            P1AccessRefused, P1Refused, P1AnswerInvalid: P1 refuses, or answers something else.
        """
        if not _URL.fullmatch(url):
            raise P1Misconfigured(rule="the address is no plain https address")
        headers = {"content-type": "text/xml; charset=utf-8", "soapaction": f'"{action}"'}
        self._budget.begin(self._timeouts.total)
        try:
            with self._client.stream("POST", url, content=octets, headers=headers) as response:
                check_status(response.status_code, response.headers.get("content-type", ""), url)
                if response.headers.get("content-encoding", "identity").lower() != "identity":
                    raise P1AnswerInvalid(address=url, rule="compressed")
                return Answer(response.status_code, self._read(response, url))
        except httpx.TimeoutException as error:
            phase = "total" if self._budget.over else _PHASES.get(type(error), "read")
            raise self._expired(phase, url) from None
        except httpx.HTTPError as error:
            raise self._lost(error, url) from None

    def _read(self, response: httpx.Response, url: str) -> bytes:
        received = bytearray()
        for chunk in response.iter_raw():
            received += chunk
            if len(received) > self._most:
                raise P1AnswerInvalid(address=url, rule=f"larger than {self._most} bytes")
        return bytes(received)

    def _lost(self, error: httpx.HTTPError, url: str) -> ErepoError:
        """Say what a broken connection means for the request."""
        reason = tls_reason(error)
        if not reason and isinstance(error, httpx.ConnectError):
            return P1Unavailable(address=url)
        if reason := reason or self._refusal(url):
            return P1ChannelFailed(address=url, reason=reason)
        return P1OutcomeUnknown(address=url)

    def _refusal(self, url: str) -> str:
        """Return why P1 refuses our certificate, "" if it does not.

        With TLS 1.3 the refusal comes after our side of the handshake and meets a request under way; the
        reset that follows swallows the alert. See `erepo.soap.http`, which asks in the same way.
        """
        for _ in range(2):
            try:
                if not self._closes_at_once(url):
                    return ""
            except OSError as error:
                return tls_reason(error)
        return "CLIENT_CERTIFICATE_REFUSED"

    def _closes_at_once(self, url: str) -> bool:
        target = httpx.URL(url)
        place = target.host, target.port or 443
        with (
            socket.create_connection(place, self._timeouts.connect) as raw,
            self._context.wrap_socket(raw, server_hostname=target.host) as connection,
        ):
            connection.settimeout(_PROBE)
            try:
                return not connection.recv(1)
            except TimeoutError:
                return False
            except ConnectionError:
                return True

    def _expired(self, phase: str, url: str) -> P1Timeout:
        seconds = getattr(self._timeouts, phase)
        return P1Timeout(address=url, phase=phase, seconds=seconds, setting=phase.upper())


def check_status(status: int, content_type: str, url: str) -> None:
    """Return if the answer is to be read as SOAP 1.1; else raise what its status means."""
    if status in (200, 400, 500) and content_type.partition(";")[0].strip().lower() == "text/xml":
        return
    if status in (401, 403):
        raise P1AccessRefused(reason=f"HTTP {status}")
    if status in _BUSY:
        raise P1Busy(address=url, reason=f"HTTP {status}")
    if status >= 500:
        # A gateway may answer so while the service behind it goes on.
        raise P1OutcomeUnknown(address=url)
    if status >= 400:
        raise P1Refused(reason=f"HTTP {status}")
    raise P1AnswerInvalid(address=url, rule=f"no SOAP message (HTTP {status})")
