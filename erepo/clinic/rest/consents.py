"""Consents on the wire (manual 1.4): given, asked for, revoked. Each change is signed over its exact octets.

What is sent is made and kept elsewhere (`erepo.clinic.sharing`): here a body is octets, so that a repeated
request is the same request.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Annotated, Literal

from pydantic import AwareDatetime, Field

from erepo.acting import write_detached
from erepo.clinic.rest.answers import Answer
from erepo.clinic.rest.client import AccountClient
from erepo.clinic.rest.errors import (
    ConsentConflict,
    ConsentInvalid,
    ConsentUnfit,
    ConsentUnknown,
    ServiceRefusal,
)
from erepo.clinic.rest.request import Request
from erepo.pki.bundle import Bundle

_TYPED: dict[str, type[ServiceRefusal]] = {
    "consent.unknown": ConsentUnknown,
    "consent.conflict": ConsentConflict,
    "consent.documents-unfit": ConsentUnfit,
    "consent.invalid": ConsentInvalid,
}


class Accesses(Answer):
    """How often documents were looked at by a consent."""

    count: int = Field(ge=0)
    last: AwareDatetime | None = None


class RemoteConsent(Answer):
    """A consent as the service tells it."""

    id: Annotated[str, Field(pattern=r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")]
    state: Literal["scheduled", "active", "expired", "revoked"]
    valid_from: AwareDatetime
    valid_until: AwareDatetime
    created_at: AwareDatetime
    revoked_at: AwareDatetime | None = None
    documents: tuple[str, ...] = Field((), repr=False)
    accesses: Accesses = Accesses(count=0)


def signed(body: bytes, wss: Bundle, now: datetime) -> str:
    """Return the signature over a body; the service takes it for ten minutes and not later.

    Args:
        body: the very octets that will be sent.
        wss: the account's key and certificate.
        now: the time (aware).
    """
    return write_detached(body, wss, now=now)


def send_consent(client: AccountClient, body: bytes, signature: str) -> RemoteConsent:
    """Give a consent; the very same again changes nothing and is answered alike.

    Args:
        client: speaks for the account, on behalf of a person.
        body: octets that say what is shared.
        signature: over them, see `signed`.

    Raises:
        ConsentInvalid, ConsentConflict, ConsentUnfit: refused for good; nothing was kept.
        ServiceRefusal, ServiceTrouble, AnswerInvalid: see `AccountClient.activate`.
        ForbiddenAnswer, AddressUnknown, SecureChannelFailed: likewise.
        RemoteUnavailable, RemoteBusy, RemoteTimeout: it may have arrived; ask, or send the same again.
    """
    with _typed():
        return client.ask(Request("POST", "/consents", body, signature), RemoteConsent)


def consent_state(client: AccountClient, consent_id: str) -> RemoteConsent:
    """Ask for one consent.

    Raises:
        ConsentUnknown: the service has none of this id.
        As `send_consent` otherwise.
    """
    with _typed():
        return client.ask(Request("GET", f"/consents/{consent_id}"), RemoteConsent)


def revoke_consent(client: AccountClient, consent_id: str, body: bytes, signature: str) -> RemoteConsent:
    """End a consent now; from its answer on nobody sees anything by it, downloads under way included.

    Args:
        client: speaks for the account, on behalf of a person.
        consent_id: UUID.
        body: octets of the revocation.
        signature: over them, see `signed`.

    Raises:
        ConsentUnknown: the service has none of this id (yet).
        As `send_consent` otherwise.
    """
    with _typed():
        return client.ask(Request("DELETE", f"/consents/{consent_id}", body, signature), RemoteConsent)


@contextmanager
def _typed() -> Iterator[None]:
    try:
        yield
    except ServiceRefusal as refusal:
        kind = _TYPED.get(str(refusal.data.get("code")))
        if kind is None:
            raise
        told = kind(**refusal.data)
        told.named = refusal.named
        raise told from None
