"""The account's REST services for documents of other providers: find them in P1, fetch one of them."""

import time
from collections.abc import Callable
from datetime import date
from typing import Annotated, Any, Final

import httpx
from pydantic import AfterValidator, BeforeValidator, Field

from erepo.acting import Tokens
from erepo.clinic.connection import CloudConnection
from erepo.clinic.rest.answers import Answer
from erepo.clinic.rest.client import AccountClient, _refusal
from erepo.content import Buffer
from erepo.errors import RemoteTimeout, RemoteUnavailable
from erepo.settings import HttpTimeouts
from erepo.soap.errors import AnswerTooLarge

#: Seconds in which the service answers: it asks P1 several times, and another provider.
_PATIENCE: Final = 150.0
_Blank = BeforeValidator(lambda value: "" if value is None else value)
_Text = Annotated[str, _Blank, Field(max_length=256)]


class Institution(Answer):
    """Who made a document."""

    name: _Text = ""
    root: _Text = ""
    extension: _Text = ""


class FoundAbroad(Answer):
    """A document as P1's index names it."""

    unique_id: str = Field(min_length=1, max_length=256)
    repository_unique_id: str = Field(pattern=r"^[0-2](\.(0|[1-9][0-9]*))+$", max_length=256)
    entry_uuid: str = Field(max_length=64)
    class_code: _Text = ""
    type_code: _Text = ""
    mime_type: _Text = ""
    creation_time: _Text = ""
    size: int | None = Field(None, ge=0)
    hash: Annotated[str, _Blank, AfterValidator(str.lower)] = Field("", pattern=r"^([0-9a-fA-F]{40})?$")
    institution: Institution | None = None


class Abroad(Answer):
    """What P1's index has of a patient."""

    documents: tuple[FoundAbroad, ...] = Field(max_length=1000)
    more: bool
    questions: int = Field(1, ge=0)


class AbroadClient(AccountClient):
    """Speaks for one account about documents of other providers."""

    def search(
        self,
        why: dict[str, Any],
        kinds: list[str] | None = None,
        since: date | None = None,
        until: date | None = None,
    ) -> Abroad:
        """Find a patient's documents in P1; reads only.

        Args:
            why: `patient`, `purpose`, `reason`, as the service wants them.
            kinds: codes of P1; None: all.
            since: created on this Polish day or later.
            until: created on this Polish day or earlier.

        Raises:
            ServiceRefusal: with a code `p1.abroad-…`: why not.
            ServiceTrouble: P1 does not answer the service; repeat it.
            As `AccountClient.activate`.
        """
        days = {"from": since.isoformat() if since else None, "to": until.isoformat() if until else None}
        return self._exchange("POST", f"{self._address}/p1/search", Abroad, {**why, "kinds": kinds, **days})

    def fetch(self, wanted: dict[str, Any], take: Callable[[Buffer], None], most: int) -> None:
        """Fetch the octets of a document piece by piece; reads only.

        Args:
            wanted: `patient`, `purpose`, `reason`, `repositoryUniqueId`, `uniqueId`, `hash`, `size`.
            take: given each piece.
            most: octets.

        Raises:
            As `search`; AnswerTooLarge: there are more octets. And whatever `take` raises.
        """
        address = f"{self._address}/p1/documents"
        deadline = time.monotonic() + self._timeouts.total
        headers = {"accept": "*/*", "authorization": f"Bearer {self._token()}" if self._token else ""}
        try:
            with self._client.stream("POST", address, json=wanted, headers=headers) as response:
                if response.status_code != httpx.codes.OK:
                    raise _refusal(address, response.status_code, self._read(response, address, deadline))
                self._take(response, address, deadline, take, most)
        except httpx.TimeoutException:
            seconds = self._timeouts.read
            raise RemoteTimeout(address=address, phase="read", seconds=seconds, setting="READ") from None
        except httpx.TransportError as error:
            raise self._broken(address, error) from None

    def _take(
        self,
        response: httpx.Response,
        address: str,
        deadline: float,
        take: Callable[[Buffer], None],
        most: int,
    ) -> None:
        if response.headers.get("content-encoding", "identity").lower() != "identity":
            raise RemoteUnavailable(address=address)
        taken = 0
        for piece in response.iter_raw():
            taken += len(piece)
            if taken > most:
                raise AnswerTooLarge(address=address, limit=most)
            if time.monotonic() > deadline:
                seconds = self._timeouts.total
                raise RemoteTimeout(address=address, phase="total", seconds=seconds, setting="TOTAL")
            take(piece)


def abroad_client(connection: CloudConnection) -> AbroadClient:
    """Return a client that speaks for the account of a connection, as `account_client` does."""
    actor, wait = connection.actor, connection.settings.http
    timeouts = HttpTimeouts(
        connect=wait.connect,
        read=max(wait.read, _PATIENCE),
        write=wait.write,
        pool=wait.pool,
        total=max(wait.total, _PATIENCE),
    )
    return AbroadClient(
        connection.service_url,
        connection.account,
        connection.tls,
        connection.trust_pem,
        timeouts,
        Tokens(actor, connection.wss, connection.service_url) if actor else None,
    )
