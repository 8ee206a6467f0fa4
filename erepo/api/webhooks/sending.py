"""One attempt to deliver: signed, bounded, without redirects, only to addresses that may be called."""

import ssl
import time
from types import TracebackType
from typing import Final, Self

import aiohttp

from erepo.api.errors import WebhookAddressRefused
from erepo.api.webhooks.guarding import AddressForbidden, check_url, public_socket
from erepo.api.webhooks.outbox import Delivery
from erepo.api.webhooks.signing import sign
from erepo.settings import ApiSettings

#: Seconds a receiver has for everything.
PATIENCE: Final = 20
#: Connections open at once, to all receivers.
_MOST: Final = 32
#: Outcomes without an answer of the receiver.
REFUSED, TIMEOUT, ABSENT = "address refused", "timeout", "no connection"
#: Outcomes after which the next message to the same receiver would fare no better.
UNREACHED: Final = frozenset({REFUSED, TIMEOUT, ABSENT})


class Sender:
    """Sends deliveries; `async with` opens and closes its connections."""

    def __init__(self, settings: ApiSettings, patience: float = PATIENCE) -> None:
        self._settings, self._patience = settings, patience

    async def __aenter__(self) -> Self:
        """Make ready."""
        connector = aiohttp.TCPConnector(
            limit=_MOST,
            ssl=ssl.create_default_context(cafile=self._settings.webhook_ca),
            # Each attempt looks at the address it goes to.
            force_close=True,
            use_dns_cache=False,
            socket_factory=None if self._settings.webhook_private else public_socket,
        )
        self._session = aiohttp.ClientSession(
            connector=connector,
            timeout=aiohttp.ClientTimeout(total=self._patience),
            cookie_jar=aiohttp.DummyCookieJar(),
            headers={"user-agent": "erepo-webhooks"},
            auto_decompress=False,
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close."""
        await self._session.close()

    async def send(self, one: Delivery) -> str:
        """Deliver one message; return an empty text if the receiver took it, else what happened."""
        body, moment = one.body.encode(), int(time.time())
        headers = {
            "content-type": "application/json",
            "webhook-id": one.message_id,
            "webhook-timestamp": str(moment),
            "webhook-signature": sign(one.secret, one.message_id, moment, body),
        }
        try:
            # The setting may have been narrowed since the webhook was made.
            url = check_url(one.url, private=self._settings.webhook_private)
            async with self._session.post(url, data=body, headers=headers, allow_redirects=False) as answer:
                return "" if 200 <= answer.status < 300 else f"HTTP {answer.status}"
        except WebhookAddressRefused:
            return REFUSED
        except TimeoutError:
            return TIMEOUT
        except aiohttp.ClientConnectorError as error:
            return REFUSED if isinstance(error.os_error, AddressForbidden) else ABSENT
        except (aiohttp.ClientError, OSError, ValueError) as error:
            return REFUSED if isinstance(error, AddressForbidden) else type(error).__name__[:60]
