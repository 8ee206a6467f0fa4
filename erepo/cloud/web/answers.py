"""What goes back over HTTP: a status, headers, and a body in memory or in chunks."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field, replace
from typing import Any

import orjson

from erepo.cloud.national.indexing.errors import IndexProblem
from erepo.content import Buffer
from erepo.errors import ErepoError

Send = Callable[[dict[str, Any]], Awaitable[None]]
#: Bytes written at once.
_PIECE = 256 * 1024


@dataclass(frozen=True, slots=True)
class Answer:
    """One HTTP answer; `stream` follows `body` when the content is too large to hold."""

    status: int
    content_type: str
    body: Buffer = b""
    stream: AsyncIterator[Buffer] | None = None
    length: int | None = None
    """Bytes of body and stream together; needed with a stream."""
    headers: tuple[tuple[bytes, bytes], ...] = field(default=())

    async def send(self, send: Send, patience: float = 60) -> None:
        """Write the answer to the client.

        Args:
            send: the ASGI callable.
            patience: longest stall of the client, in seconds.

        Raises:
            TimeoutError: the client takes nothing any more.
        """
        length = len(self.body) if self.length is None else self.length
        headers = [
            (b"content-type", self.content_type.encode("latin-1")),
            (b"content-length", b"%d" % length),
            (b"x-content-type-options", b"nosniff"),
            *self.headers,
        ]
        await send({"type": "http.response.start", "status": self.status, "headers": headers})
        if self.stream is None and len(self.body) <= _PIECE:
            await send({"type": "http.response.body", "body": self.body, "more_body": False})
            return
        # Piece by piece: what is written at once lies in the connection's buffer until the client takes it.
        async for chunk in self.pieces():
            async with asyncio.timeout(patience):
                await send({"type": "http.response.body", "body": chunk, "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def pieces(self) -> AsyncIterator[Buffer]:
        """Yield body and stream as they are written."""
        view = memoryview(self.body)
        for start in range(0, len(view), _PIECE):
            yield view[start : start + _PIECE]
        if self.stream is not None:
            async for chunk in self.stream:
                yield chunk


def json_answer(status: int, content: Any, *, close: bool = False) -> Answer:
    """Return an answer in JSON."""
    headers = ((b"connection", b"close"),) if close else ()
    return Answer(status, "application/json", orjson.dumps(content), headers=headers)


def error_answer(
    status: int,
    error: ErepoError,
    *,
    close: bool = False,
    headers: tuple[tuple[bytes, bytes], ...] = (),
) -> Answer:
    """Return an error as `{"code", "cause": {pl, en}, "cure": {pl, en}}`; nothing else of it goes out.

    Only a problem of indexing tells its phase and rule as well, and whether trying again helps. An error
    class may name in `shown` what of its data a program needs: it stands beside these.
    """
    polish, english = error.explain("pl"), error.explain("en")
    content = {
        "code": error.code,
        "cause": {"pl": polish[0], "en": english[0]},
        "cure": {"pl": polish[1], "en": english[1]},
        **(error.details if isinstance(error, IndexProblem) else {}),
        **{name: error.data[name] for name in getattr(error, "shown", ())},
    }
    answer = json_answer(status, content, close=close)
    return replace(answer, headers=(*answer.headers, *headers)) if headers else answer
