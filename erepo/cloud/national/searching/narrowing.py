"""A patient with more documents than P1 reads in its time: asked for in halves of time, newest first.

P1 says `minor: Timeout` instead of answering. A window that is too large is cut in two, again and again, down
to a day; the number of questions and their whole time are bounded, because a person waits for the answer.
"""

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from erepo.cloud.national.searching.errors import AbroadOverrun
from erepo.cloud.national.searching.port import Window
from erepo.errors import ErepoError
from erepo.xds.model import DocumentEntry

Ask = Callable[[Window], Awaitable[tuple[DocumentEntry, ...]]]

#: Most questions of one search, and seconds after which no further one begins.
_MOST: Final = 24
_SECONDS: Final = 90.0
#: Code of P1's client: P1 ran out of time itself. Its module would load a library that few requests need.
_OVERRUN: Final = "p1.overrun"
_DAY: Final = timedelta(days=1)
#: Where a window without a beginning is cut first: P1's index is younger.
_OLD: Final = datetime(2015, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Narrowed:
    """What came, and how many questions it took."""

    documents: tuple[DocumentEntry, ...]
    questions: int


async def narrowed(
    ask: Ask, window: Window, now: datetime, clock: Callable[[], float] = time.monotonic
) -> Narrowed:
    """Ask for a window; where P1 runs out of time, for its halves.

    Args:
        ask: one question; raises an error of the code `p1.overrun` where it is too much.
        window: what is wanted.
        now: aware.
        clock: seconds that only go on.

    Raises:
        AbroadOverrun: a day is too much, or all of it would take too long.
        ErepoError: whatever else `ask` raises.
    """
    until, pending = clock() + _SECONDS, [window]
    found: dict[str, DocumentEntry] = {}
    for questions in range(1, _MOST + 1):
        one = pending.pop()
        try:
            found |= {entry.entry_uuid: entry for entry in await ask(one)}
        except ErepoError as error:
            parts = halves(one, now) if error.code == _OVERRUN else None
            if parts is None:
                raise
            if not parts:
                break
            pending += parts
        if not pending:
            return Narrowed(tuple(found.values()), questions)
        if clock() > until:
            break
    raise AbroadOverrun(phase="ask")


def halves(window: Window, now: datetime) -> list[Window]:
    """Return two windows that are one together, the later one last; nothing for one of a day."""
    since, until = window.since, window.until
    if until is None:
        cut = now.replace(hour=0, minute=0, second=0, microsecond=0) + _DAY
        return [] if since is not None and since >= cut else _cut(window, cut)
    if since is None:
        return [] if until <= _OLD else _cut(window, _OLD)
    days = (until - since) // _DAY
    return _cut(window, since + days // 2 * _DAY) if days > 1 else []


def _cut(window: Window, at: datetime) -> list[Window]:
    return [Window(window.since, at), Window(at, window.until)]
