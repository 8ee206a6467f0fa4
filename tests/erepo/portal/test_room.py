"""Pages and zips that lie in memory while a slow reader takes them."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from erepo.cloud.bodies import Bodies
from erepo.cloud.budget import FairBudget
from erepo.cloud.errors import ServiceBusy
from erepo.portal.routes.documents import Counted
from erepo.settings import Settings

_SIZE = 2 * 1024**2


async def octets() -> AsyncIterator[bytes]:
    """Yield a page."""
    yield bytes(_SIZE)


def answer(bodies: Bodies, owner: str) -> Counted:
    """Return a page that was made for somebody."""
    return Counted(bodies, owner, octets(), {"content-length": str(_SIZE)})


async def test_slow_readers_do_not_fill_the_memory() -> None:
    """Who takes nothing of one page gets no second; others get theirs, and so do they afterwards."""
    bodies = Bodies(Settings())
    bodies._answers = FairBudget(8 * 1024**2, patience=0.05)
    scope: Any = {"type": "http", "asgi": {"spec_version": "2.4"}}
    under_way, taken = asyncio.Event(), asyncio.Event()
    sent: list[str] = []

    async def stalled(message: Any) -> None:
        under_way.set()
        await taken.wait()

    async def quick(message: Any) -> None:
        sent.append(message["type"])

    async def receive() -> Any:
        await asyncio.Event().wait()

    async with asyncio.TaskGroup() as group:
        group.create_task(answer(bodies, "patient 1")(scope, receive, stalled))
        await under_way.wait()
        with pytest.raises(ServiceBusy):
            await answer(bodies, "patient 1")(scope, receive, quick)
        assert sent == []
        await answer(bodies, "patient 2")(scope, receive, quick)
        assert sent[0] == "http.response.start"
        taken.set()
    await answer(bodies, "patient 1")(scope, receive, quick)
