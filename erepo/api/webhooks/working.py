"""The worker inside `erepo api serve`: reads the history, sends, and forgets what is old."""

import asyncio
import logging
import time
from typing import Final

from erepo.api.problems import where
from erepo.api.requests import forget_old
from erepo.api.webhooks.feeding import feed
from erepo.api.webhooks.leading import Leadership
from erepo.api.webhooks.outbox import Delivery, due, forget_delivered, note_outcomes
from erepo.api.webhooks.sending import AT_ONCE, Sender
from erepo.clinic.database import Database
from erepo.settings import ApiSettings

log = logging.getLogger("erepo.api")

#: Seconds between two looks at the history, and between two sweeps.
LOOK, SWEEP = 1.0, 3600.0
#: Seconds after a fault of the database.
_REST: Final = 5.0


async def work(database: Database, settings: ApiSettings) -> None:
    """Deliver until cancelled; whatever goes wrong is tried again."""
    leadership, swept = Leadership(database), -SWEEP
    try:
        async with Sender(settings) as sender:
            while True:
                try:
                    busy = await asyncio.to_thread(_prepare, database, leadership) and await _deliver(
                        database, settings, sender
                    )
                    if time.monotonic() - swept > SWEEP:
                        swept = time.monotonic()
                        await asyncio.to_thread(_sweep, database, settings)
                except Exception as error:  # noqa: BLE001  # whatever it is, the next look must still come
                    log.error("webhooks rest: %s", where(error))  # noqa: TRY400  # texts may hold an address
                    await asyncio.sleep(_REST)
                else:
                    await asyncio.sleep(0 if busy else LOOK)
    finally:
        await asyncio.shield(asyncio.to_thread(leadership.give_back))


def _prepare(database: Database, leadership: Leadership) -> bool:
    """Bring the outbox up to date, which any process may do; tell whether we are the one that sends."""
    while feed(database):
        pass
    return leadership.held()


async def _deliver(database: Database, settings: ApiSettings, sender: Sender) -> bool:
    """Send what is due, each outcome noted as soon as it is known; tell whether there was anything."""
    waiting = await asyncio.to_thread(due, database)
    lanes = asyncio.Semaphore(AT_ONCE)

    async def one(delivery: Delivery) -> None:
        async with lanes:
            problem = await sender.send(delivery)
            await asyncio.to_thread(note_outcomes, database, [(delivery, problem)], settings)

    async with asyncio.TaskGroup() as group:
        for delivery in waiting:
            group.create_task(one(delivery))
    return bool(waiting)


def _sweep(database: Database, settings: ApiSettings) -> None:
    forget_old(database, settings.key_days)
    forget_delivered(database, settings.key_days)
