"""The worker inside `erepo api serve`: reads the history, sends, and forgets what is old.

Each receiver is served by a task of its own, so one that hangs keeps only itself waiting.
"""

import asyncio
import logging
import time
from contextlib import suppress
from itertools import groupby
from typing import Final

from erepo.api.problems import where
from erepo.api.requests import forget_old
from erepo.api.webhooks.feeding import feed
from erepo.api.webhooks.leading import Leadership
from erepo.api.webhooks.outbox import Delivery, due, forget_delivered, note_outcome
from erepo.api.webhooks.registering import lock_all
from erepo.api.webhooks.sending import UNREACHED, Sender
from erepo.clinic.database import Database
from erepo.settings import PassphraseMissing, Settings

log = logging.getLogger("erepo.api")

#: Seconds between two looks at the history, and between two sweeps.
LOOK, SWEEP = 1.0, 3600.0
#: Seconds after a fault, of the database for instance.
_REST: Final = 5.0
#: Messages on their way to one receiver.
_LANES: Final = 4


async def work(database: Database, settings: Settings) -> None:
    """Deliver until cancelled; whatever goes wrong is tried again."""
    leadership = Leadership(database)
    try:
        async with Sender(settings.api) as sender, asyncio.TaskGroup() as receivers:
            worker = _Worker(database, settings, sender, receivers)
            while True:
                try:
                    await worker.look(leadership)
                except Exception as error:  # noqa: BLE001  # whatever it is, the next look must still come
                    log.error("webhooks rest: %s", where(error))  # noqa: TRY400  # texts may hold an address
                    await asyncio.sleep(_REST)
    finally:
        await asyncio.shield(asyncio.to_thread(leadership.give_back))


class _Worker:
    def __init__(
        self, database: Database, settings: Settings, sender: Sender, receivers: asyncio.TaskGroup
    ) -> None:
        self._database, self._settings, self._sender = database, settings.api, sender
        self._passphrase = settings.present_passphrase
        self._receivers, self._wake = receivers, asyncio.Event()
        self._busy: set[str] = set()
        self._swept = time.monotonic() - SWEEP

    async def look(self, leadership: Leadership) -> None:
        """Start sending what is due to receivers that are free, then wait for one to be free, or a moment."""
        self._wake.clear()
        if await asyncio.to_thread(_prepare, self._database, leadership):
            waiting = await asyncio.to_thread(due, self._database, self._passphrase, frozenset(self._busy))
            by_receiver = sorted(waiting, key=lambda one: one.webhook_id)
            for webhook_id, deliveries in groupby(by_receiver, key=lambda one: one.webhook_id):
                self._busy.add(webhook_id)
                self._receivers.create_task(self._serve(webhook_id, list(deliveries)))
        if time.monotonic() - self._swept > SWEEP:
            self._swept = time.monotonic()
            await asyncio.to_thread(self._sweep)
        with suppress(TimeoutError):
            await asyncio.wait_for(self._wake.wait(), LOOK)

    async def _serve(self, webhook_id: str, deliveries: list[Delivery]) -> None:
        """Send to one receiver, each outcome noted as soon as it is known; stop where nobody answers."""
        lanes, away = asyncio.Semaphore(_LANES), False

        async def one(delivery: Delivery) -> None:
            nonlocal away
            async with lanes:
                if away:
                    return
                problem = await self._sender.send(delivery)
                if problem in UNREACHED:
                    away = True
                await asyncio.to_thread(note_outcome, self._database, delivery, problem, self._settings)

        try:
            await asyncio.gather(*map(one, deliveries))
        except Exception as error:  # noqa: BLE001  # not noted: it is sent again
            log.error("webhooks rest: %s", where(error))  # noqa: TRY400  # texts may hold an address
            await asyncio.sleep(_REST)
        finally:
            self._busy.discard(webhook_id)
            self._wake.set()

    def _sweep(self) -> None:
        with suppress(PassphraseMissing):  # a clinic that has no keys yet
            lock_all(self._database, self._passphrase())
        forget_old(self._database, self._settings.key_days)
        forget_delivered(self._database, self._settings.key_days)


def _prepare(database: Database, leadership: Leadership) -> bool:
    """Bring the outbox up to date, which any process may do; tell whether we are the one that sends."""
    while feed(database):
        pass
    return leadership.held()
