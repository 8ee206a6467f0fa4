"""P1's index as it is: SAML token by WS-Trust, ITI-18, ITI-42, ITI-57 with the provider's certificates."""

import asyncio
from collections import OrderedDict
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Final

from erepo.cloud.national.abroad import Abroad
from erepo.cloud.national.indexing.port import Acting, Found, Provider, Session
from erepo.cloud.national.port import CALL_SECONDS
from erepo.errors import AccessRefused
from erepo.identifiers import oids
from erepo.pki.tls import client_context
from erepo.pki.trust import TrustStore
from erepo.settings import HttpTimeouts, Limits, Settings
from erepo.soap.http import AiohttpChannel
from erepo.xds import iti18
from erepo.xds.iti42 import Registration
from erepo.xds.iti57 import Update

if TYPE_CHECKING:
    from erepo.p1 import EdmClient, Token

#: Acting people whose tokens are remembered.
_MOST: Final = 1000
_Key = tuple[int, str, Acting]


@dataclass(slots=True)
class _Kept:
    """A token, and whose turn it is to ask for one: several requests of a person ask once."""

    turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    token: "Token | None" = None


class P1Index:
    """Asks P1; a `NationalIndex`. Belongs to one event loop.

    Tokens are kept by account and certificate as well: P1 proved the provider to that account only.
    """

    def __init__(self, settings: Settings, abroad: Abroad) -> None:
        self._settings, self._abroad = settings, abroad
        self._tokens: OrderedDict[_Key, _Kept] = OrderedDict()
        self._timeouts = bounded(settings.http)

    @asynccontextmanager
    async def session(self, provider: Provider, acting: Acting) -> AsyncIterator[Session]:
        """See `NationalIndex`."""
        # Loaded when it is needed, and beside the event loop: its library of SOAP takes half a second.
        await asyncio.to_thread(_load)
        from erepo.p1 import EdmClient, P1Addresses  # noqa: PLC0415
        from erepo.p1.addresses import trust_of  # noqa: PLC0415
        from erepo.p1.packing import p1_signer  # noqa: PLC0415
        from erepo.p1.verifying import P1Verifier, others_than  # noqa: PLC0415

        key = (provider.tenant_id, provider.fingerprint, acting)
        servers, signers = trust_of(self._settings)
        token = await self._token(key, provider, servers, signers)
        own, wss, heard = provider.credentials, self._settings.wss, _Heard()
        verifier = P1Verifier(
            TrustStore.from_pem(signers),
            life=wss.life,
            skew=wss.skew,
            accept=others_than(own.wss.certificate),
        )
        channel = AiohttpChannel(client_context(own.tls, servers), self._timeouts, Limits(), 1)
        async with channel:
            addresses = P1Addresses.of(self._settings)
            client = EdmClient(channel, addresses, p1_signer(own.wss), verifier, wss.life, heard.note)
            try:
                yield _Session(client, token, heard)
            except AccessRefused:
                self._tokens.pop(key, None)
                raise

    async def token(self, provider: Provider, acting: Acting) -> "Token":
        """Return a token, the one at hand while it lasts.

        Raises:
            ErepoError: see `erepo.p1.errors`.
        """
        await asyncio.to_thread(_load)
        from erepo.p1.addresses import trust_of  # noqa: PLC0415

        key = (provider.tenant_id, provider.fingerprint, acting)
        return await self._token(key, provider, *trust_of(self._settings))

    def forget(self, provider: Provider, acting: Acting) -> None:
        """Ask for a new token next time: P1 refused the one at hand."""
        self._tokens.pop((provider.tenant_id, provider.fingerprint, acting), None)

    async def _token(self, key: _Key, provider: Provider, servers: bytes, signers: bytes) -> "Token":
        kept = self._tokens.setdefault(key, _Kept())
        self._tokens.move_to_end(key)
        while len(self._tokens) > _MOST:
            self._tokens.popitem(last=False)
        async with kept.turn:
            if kept.token is None or not kept.token.usable(datetime.now(UTC)):
                ask = partial(self._ask, key[2], provider, servers, signers)
                kept.token = await self._abroad.call(ask)
            return kept.token

    def _ask(self, acting: Acting, provider: Provider, servers: bytes, signers: bytes) -> "Token":
        from erepo.p1 import Identified, P1Addresses, P1Client, TokenRequest  # noqa: PLC0415

        request = TokenRequest(
            organisation=Identified(oids.PROVIDER, acting.organisation),
            place=Identified(oids.CELL, acting.place),
            user=Identified(*acting.user),
            role=acting.role,
            patient=Identified(*acting.patient) if acting.patient else None,
            purpose=acting.purpose,
        )
        own = provider.credentials
        with P1Client(
            P1Addresses.of(self._settings),
            own.tls,
            own.wss,
            servers,
            wss_trust_pem=signers,
            timeouts=self._timeouts,
            wss_limits=self._settings.wss,
        ) as client:
            return client.token(request)


@dataclass(slots=True)
class _Heard:
    """How far P1's clock is ahead of ours, by its last proven answer."""

    ahead: float = 0.0

    def note(self, created: datetime) -> None:
        self.ahead = (created - datetime.now(UTC)).total_seconds()


@dataclass(frozen=True, slots=True)
class _Session:
    client: "EdmClient"
    token: "Token"
    heard: _Heard

    async def find(self, unique_ids: Sequence[str]) -> Found:
        result = await self.client.query(iti18.get_documents(unique_ids), self.token)
        return Found(result.metadata.documents, self.heard.ahead)

    async def register(self, registration: Registration) -> None:
        await self.client.register(registration, self.token)

    async def update(self, update: Update) -> None:
        await self.client.update(update, self.token)


def bounded(wait: HttpTimeouts) -> HttpTimeouts:
    """Return the time-outs of one call: no longer than a call to P1 may take here."""
    return HttpTimeouts(
        connect=min(wait.connect, CALL_SECONDS / 2),
        read=min(wait.read, CALL_SECONDS),
        write=min(wait.write, CALL_SECONDS),
        pool=min(wait.pool, CALL_SECONDS),
        total=min(wait.total, CALL_SECONDS),
    )


def _load() -> None:
    import erepo.p1  # noqa: F401, PLC0415
