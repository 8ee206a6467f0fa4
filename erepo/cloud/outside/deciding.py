"""Asking SOZ in the owner's name whether documents may be given to the bearer of a token.

Each document is asked about by itself. A decision is good for the request that asked and is never kept;
what is kept for a minute are connections. **Whatever is no decision is no permission**, and ends the whole
request.
"""

import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Final

from erepo.cloud.errors import where
from erepo.cloud.national.errors import P1Overdue
from erepo.cloud.national.indexing.p1 import bounded
from erepo.cloud.national.indexing.port import Provider
from erepo.cloud.national.port import CALL_SECONDS
from erepo.cloud.outside.errors import DecisionUnavailable
from erepo.errors import ErepoError
from erepo.p1 import Decision, P1Addresses, P1Client, Token
from erepo.p1.addresses import trust_of
from erepo.settings import Settings

log = logging.getLogger("erepo.cloud")

#: Clients that wait for their next request, and seconds they do so: making one costs 0.1 s of CPU.
_MOST: Final = 16
_SECONDS: Final = 60.0
_Key = tuple[int, str]


class Deciders:
    """Clients of SOZ, one request each at a time; any thread may use it."""

    def __init__(self, settings: Settings, clock: Callable[[], float] = time.monotonic) -> None:
        self._settings, self._clock = settings, clock
        self._idle: OrderedDict[_Key, tuple[float, P1Client]] = OrderedDict()
        self._turn = threading.Lock()

    def decide(self, provider: Provider, token: Token, unique_ids: Sequence[str]) -> Mapping[str, Decision]:
        """Return SOZ's decision about each document. Blocks: call it off the event loop.

        Args:
            provider: the owner.
            token: of the bearer who wants them.
            unique_ids: of the documents.

        Raises:
            DecisionUnavailable: SOZ did not decide about each.
        """
        try:
            with self._client(provider) as client:
                return dict(self._decided(client, token, unique_ids))
        except DecisionUnavailable:
            raise
        except ErepoError as error:
            raise DecisionUnavailable(reason=error.code) from error
        except Exception as error:  # noqa: BLE001  # whatever it is, it is no permission
            log.error("SOZ was not understood: %s", where(error))  # noqa: TRY400  # texts may hold patient data
            raise DecisionUnavailable(reason="p1.answer-invalid") from None

    def _decided(
        self, client: P1Client, token: Token, unique_ids: Sequence[str]
    ) -> Iterator[tuple[str, Decision]]:
        until = self._clock() + CALL_SECONDS
        for each in unique_ids:
            if self._clock() > until:  # nobody waits for the others any more
                raise DecisionUnavailable(reason=P1Overdue.code)
            yield each, client.decide([each], token)

    def close(self) -> None:
        """Close the connections."""
        with self._turn:
            for _, client in self._idle.values():
                client.close()
            self._idle.clear()

    @contextmanager
    def _client(self, provider: Provider) -> Iterator[P1Client]:
        key = (provider.tenant_id, provider.fingerprint)
        client = self._taken(key) or self._made(provider)
        try:
            yield client
        except BaseException:
            client.close()
            raise
        with self._turn:
            before = self._idle.pop(key, None)
            self._idle[key] = (self._clock() + _SECONDS, client)
            if before is not None:
                before[1].close()
            while len(self._idle) > _MOST:
                self._idle.popitem(last=False)[1][1].close()

    def _taken(self, key: _Key) -> P1Client | None:
        with self._turn:
            for old in [each for each, (until, _) in self._idle.items() if until < self._clock()]:
                self._idle.pop(old)[1].close()
            found = self._idle.pop(key, None)
        return found[1] if found is not None else None

    def _made(self, provider: Provider) -> P1Client:
        servers, signers = trust_of(self._settings)
        return P1Client(
            P1Addresses.of(self._settings),
            provider.credentials.tls,
            provider.credentials.wss,
            servers,
            wss_trust_pem=signers,
            timeouts=bounded(self._settings.http),
            wss_limits=self._settings.wss,
        )
