"""Reading a request's body: one buffer, bounded in size, time and memory.

With a Content-Length the buffer is made once in its final size and filled in place; without one (chunked) it
grows up to the limit. Bodies above `limits.large_body` first wait for their share of the memory budget, so a
large upload waits while small ones pass; a chunked body counts as large, whatever it turns out to be. An
account never holds more than its share, so its stalled senders keep only itself waiting; of bodies larger
than a share there is one at a time.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

from erepo.cloud.budget import FairBudget
from erepo.cloud.errors import BodyTimeout, BodyTooLarge, ContentEncodingRefused, RequestMalformed
from erepo.settings import Settings

Receive = Callable[[], Awaitable[dict[str, Any]]]
Headers = dict[bytes, bytes]
#: Told how large a body was and will be.
Outgrow = Callable[[int, int], Awaitable[None]]


_ANSWER_PATIENCE = 5.0


class ClientGone(Exception):  # not an error: nobody is left to answer
    """The client closed the connection before its request was complete."""

    code = "cloud.client-gone"


class Bodies:
    """Reads bodies within the limits of the settings."""

    def __init__(self, settings: Settings) -> None:
        self._limits = settings.limits
        self._times = settings.http
        self._large = FairBudget(settings.limits.memory_budget)
        # A slow sender of many small bodies must not fill the memory either, nor stand in the way
        # of large ones.
        self._small = FairBudget(max(64 * 1024**2, settings.limits.large_body))
        # An answer that waits lies in memory already, so it does not wait for long.
        self._answers = FairBudget(settings.limits.memory_budget, patience=_ANSWER_PATIENCE)

    @asynccontextmanager
    async def read(
        self, owner: str, headers: Headers, receive: Receive, most: int
    ) -> AsyncIterator[bytearray]:
        """Read the whole body; its memory is counted until the block ends.

        Args:
            owner: whose share of the memory it takes.
            headers: names in lower case.
            receive: the ASGI callable.
            most: largest body accepted here, in bytes.

        Raises:
            ContentEncodingRefused, BodyTooLarge, RequestMalformed, BodyTimeout, ServiceBusy,
                ClientGone: no body.
        """
        if headers.get(b"content-encoding", b"identity").strip().lower() != b"identity":
            raise ContentEncodingRefused
        length = _length(headers)
        if length is not None and length > most:
            raise BodyTooLarge(limit=most)
        expected = most if length is None else length
        budget = self._large if expected > self._limits.large_body else self._small
        async with budget.hold(owner, expected), AsyncExitStack() as place:

            async def outgrow(before: int, size: int) -> None:
                if before <= budget.share < size:
                    await place.enter_async_context(budget.outgrow())

            await outgrow(0, length or 0)
            yield await self._fill(length, receive, most, outgrow)

    @asynccontextmanager
    async def answering(self, owner: str, size: int) -> AsyncIterator[None]:
        """Count the memory of an answer until the block ends, in which it is sent.

        A client that asks for large answers and takes none would fill the memory with them otherwise.

        Raises:
            ServiceBusy: the account has too many on their way.
        """
        if size <= self._limits.large_body:
            yield
            return
        async with self._answers.hold(owner, size):
            yield

    async def _fill(self, length: int | None, receive: Receive, most: int, outgrow: Outgrow) -> bytearray:
        body = bytearray(length or 0)
        filled = 0
        async for chunk in self._chunks(receive):
            end = filled + len(chunk)
            if end > most:
                raise BodyTooLarge(limit=most)
            if length is None:
                await outgrow(filled, end)
            body[filled:end] = chunk
            filled = end
        if length is not None and filled != length:
            raise RequestMalformed(reason="Content-Length")
        return body

    async def _chunks(self, receive: Receive) -> AsyncIterator[bytes]:
        deadline = time.monotonic() + self._times.total
        while True:
            seconds = min(self._times.read, deadline - time.monotonic())
            try:
                async with asyncio.timeout(seconds):
                    message = await receive()
            except TimeoutError:
                raise BodyTimeout(seconds=round(self._times.read)) from None
            if message["type"] == "http.disconnect":
                raise ClientGone
            if chunk := message.get("body"):
                yield chunk
            if not message.get("more_body"):
                return


def _length(headers: Headers) -> int | None:
    text = headers.get(b"content-length")
    if text is None:
        return None
    if not text.isdigit() or len(text) > 15:
        raise RequestMalformed(reason="Content-Length")
    return int(text)
