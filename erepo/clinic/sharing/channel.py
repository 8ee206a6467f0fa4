"""The way to the service for consents: the account's REST client and signature, on behalf of a person."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TypeVar

from erepo.acting import Actor
from erepo.clinic.actor import actor_of
from erepo.clinic.connection import CloudConnection
from erepo.clinic.database import Database
from erepo.clinic.errors import StaffUnlinked
from erepo.clinic.permissions import NoSuchUser, person
from erepo.clinic.repository import Cloud
from erepo.clinic.rest import AccountClient
from erepo.clinic.rest.consents import (
    RemoteConsent,
    consent_state,
    revoke_consent,
    send_consent,
    signed,
)
from erepo.clinic.rest.speaking import account_client
from erepo.clinic.sharing.errors import CloudNeeded
from erepo.clinic.tables import now

Result = TypeVar("Result")
Clock = Callable[[], datetime]


@dataclass(frozen=True)
class Channel:
    """What sends consents.

    Attributes:
        cloud: the opened connection of the account.
        database: the clinic's.
        clock: tells the time (aware).
    """

    cloud: CloudConnection
    database: Database
    clock: Clock = field(default=now)

    @classmethod
    def of(cls, cloud: Cloud, database: Database, clock: Clock = now) -> "Channel":
        """Return the way to the service of the repository in use.

        Raises:
            CloudNeeded: the eArchiwum is in use.
        """
        if not isinstance(cloud, CloudConnection):
            raise CloudNeeded
        return cls(cloud, database, clock)

    @property
    def account(self) -> str:
        """16 digits."""
        return self.cloud.account

    def signature(self, body: bytes) -> str:
        """Return the account's signature over octets, of this moment."""
        return signed(body, self.cloud.wss, now())

    async def give(self, body: bytes, signature: str, login: str | None) -> RemoteConsent:
        """Give a consent; see `send_consent`."""
        return await self._asked(login, lambda client: send_consent(client, body, signature))

    async def state(self, consent_id: str, login: str | None) -> RemoteConsent:
        """Ask for a consent; see `consent_state`."""
        return await self._asked(login, lambda client: consent_state(client, consent_id))

    async def revoke(self, consent_id: str, body: bytes, signature: str, login: str | None) -> RemoteConsent:
        """Revoke a consent; see `revoke_consent`."""
        return await self._asked(login, lambda client: revoke_consent(client, consent_id, body, signature))

    async def _asked(self, login: str | None, ask: Callable[[AccountClient], Result]) -> Result:
        def asked() -> Result:
            with account_client(replace(self.cloud, actor=self._actor(login))) as client:
                return ask(client)

        return await asyncio.to_thread(asked)

    def _actor(self, login: str | None) -> Actor | None:
        """Return who acts: the person who ordered it; the archiving user where that one is not known there.

        A revocation must not wait because somebody has left.
        """
        if login is not None:
            with self.database.read() as connection, suppress(NoSuchUser, StaffUnlinked):
                return actor_of(person(connection, login), self.account)
        return self.cloud.actor
