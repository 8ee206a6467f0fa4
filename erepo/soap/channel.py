"""The port through which messages leave, and what HTTP statuses mean.

Contract of a `Channel`:

* `post` sends one message and returns the whole answer. It never sends twice by itself, never follows a
  redirect, never unpacks a compressed body, never reads more than the limits allow, and always ends: each
  wait is bounded.
* It may be called by many coroutines at once; what exceeds the connections waits for a free one.
* It raises `RemoteUnavailable` only if the whole message cannot have arrived, `OutcomeUnknown` if it may
  have: after that the caller has to ask before sending again. `RemoteTimeout` names its phase: after
  `connect`, `pool` and `write` the message has not arrived as a whole, after `read` and `total` it may
  have.
* `close` may be called more than once; afterwards `post` raises `RemoteUnavailable`.
"""

from dataclasses import dataclass, field
from typing import Protocol

from erepo.errors import OutcomeUnknown, RemoteBusy
from erepo.soap.errors import (
    AddressUnknown,
    AnswerNotSoap,
    BadRequestAnswer,
    ForbiddenAnswer,
    RedirectRefused,
)
from erepo.soap.message import Packed
from erepo.soap.names import MULTIPART_TYPE, SOAP_TYPE


@dataclass(frozen=True)
class Answer:
    """A SOAP answer; with status 400 or 500 its Body holds a fault."""

    status: int
    content_type: str
    body: bytearray = field(repr=False)


class Channel(Protocol):
    """Sends messages; see the module for the contract."""

    async def post(self, url: str, packed: Packed) -> Answer:
        """Send one message to an https address and return the answer.

        Raises:
            RemoteUnavailable, OutcomeUnknown, RemoteTimeout, RemoteBusy: it may succeed later.
            SecureChannelFailed, UnsafeChannel: TLS or its settings.
            ForbiddenAnswer, AddressUnknown, BadRequestAnswer: the service refuses.
            AnswerRefused: the answer cannot be accepted.
        """
        ...

    async def close(self) -> None:
        """Close all connections."""
        ...


def check_status(status: int, content_type: str, address: str) -> None:
    """Return if the answer is to be read as SOAP; else raise what its status means (manual 2.3, 2.4, 2.7)."""
    soap = content_type.partition(";")[0].strip().lower() in (SOAP_TYPE, MULTIPART_TYPE)
    if status in (200, 400, 500) and soap:
        return
    if status in (401, 403):
        raise ForbiddenAnswer(address=address, status=status)
    if status in (404, 405, 410):
        raise AddressUnknown(address=address, status=status)
    if status in (408, 425, 429, 503):
        raise RemoteBusy(address=address, status=status)
    if 300 <= status < 400:
        raise RedirectRefused(address=address, rule=f"redirect ({status})")
    if 400 <= status < 500:
        raise BadRequestAnswer(address=address, status=status)
    if status >= 500:
        # A gateway may answer so while the service behind it goes on.
        raise OutcomeUnknown(address=address, status=status)
    raise AnswerNotSoap(address=address, rule=f"no SOAP message (HTTP {status})")
