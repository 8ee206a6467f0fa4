"""(d) The archive without Prefect: the same service functions that the flow's tasks call."""

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager

import uvloop

from erepo.clinic.account import load_connection
from erepo.clinic.archiving import plan, reconcile, send_batch
from erepo.clinic.connection import CloudConnection
from erepo.clinic.database import Database, open_clinic
from erepo.clinic.tables import now
from erepo.settings import Settings
from tests.bench.child import Job, answer
from tests.bench.meter import Meter, Timed


class Steps:
    """Seconds by the name of a step."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Count the block's time."""
        begun = time.perf_counter()
        yield
        self.seconds[name] = self.seconds.get(name, 0.0) + time.perf_counter() - begun


async def archive(connection: CloudConnection, database: Database, settings: Settings, steps: Steps) -> int:
    """Archive everything that is due; return how many documents were archived."""
    archived = 0
    async with connection:
        with steps.step("reconcile"):
            await reconcile(connection, database)
        with steps.step("plan"):
            planned = await asyncio.to_thread(plan, database, settings, now=now())
        with steps.step("send"):
            for batch in planned.batches:
                archived += (await send_batch(connection, database, batch)).archived
    return archived


def work(job: Job) -> Timed:
    """Archive a portion that was taken in before."""
    settings, steps = Settings(), Steps()
    database = open_clinic(settings)
    try:
        connection = load_connection(database, settings)
        meter = Meter(job.roots)
        meter.start()
        archived = uvloop.run(archive(connection, database, settings, steps))
        return meter.stop(archived, **steps.seconds)
    finally:
        database.close()


if __name__ == "__main__":
    answer(work)
