"""The worker inside `erepo api serve` that works off standing orders to migrate.

Whatever ends it, the ledger says how far each document has come, and the next start goes on there.
"""

import asyncio
import logging
from collections.abc import Sequence
from typing import Final

from erepo.api.problems import where
from erepo.clinic.archiving.results import Problem
from erepo.clinic.database import Database
from erepo.clinic.migrating import migrate_batch, note_problem, waiting
from erepo.clinic.migrating.errors import MigrationLost, MigrationTaken
from erepo.clinic.migrating.standing import Waiting
from erepo.clinic.repositories import opening
from erepo.settings import Settings

log = logging.getLogger("erepo.api")

#: Seconds between two looks at the orders.
LOOK: Final = 1.0
#: Seconds until the next attempt where something keeps an order from going on.
_REST: Final = 15.0


async def work_off(database: Database, settings: Settings) -> None:
    """Work off standing orders until cancelled; whatever goes wrong is noted and tried again."""
    while True:
        clean = True
        try:
            if batches := await asyncio.to_thread(waiting, database):
                clean = await _work_off(database, settings, batches)
        except Exception as error:  # noqa: BLE001  # whatever it is, the next look must still come
            log.error("migrations rest: %s", where(error))  # noqa: TRY400  # texts may hold anything
            clean = False
        await asyncio.sleep(LOOK if clean else _REST)


async def _work_off(database: Database, settings: Settings, batches: Sequence[Waiting]) -> bool:
    """Work on batches, one after another; tell whether nothing stood in the way."""
    try:
        async with await asyncio.to_thread(opening, database, settings) as cloud:
            for one in batches:
                try:
                    result = await migrate_batch(cloud, database, one.batch)
                except (MigrationTaken, MigrationLost):
                    continue  # another one brings it to an end
                problem = result.problem.code if result.problem else None
                await asyncio.to_thread(note_problem, database, one.migration, problem)
                if problem:
                    return False
    except Exception as error:  # noqa: BLE001  # no repository, a maintenance window: told to who asks
        for name in {one.migration for one in batches}:
            await asyncio.to_thread(note_problem, database, name, Problem.of(error).code)
        return False
    return True
