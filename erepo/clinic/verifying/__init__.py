"""Proving the archive: documents are asked for, and read back; what is not right gets a repair plan.

`verify` takes everything, `verify_rolling` a night's share. What is equal gets the time of the check; what is
not is named by its opaque id, written into the audit, and stands in the plan until it is repaired.
"""

import asyncio

from erepo.clinic.coverage import Coverage, coverage
from erepo.clinic.database import Database
from erepo.clinic.repository import Cloud
from erepo.clinic.rereading import Archived
from erepo.clinic.verifying import selecting
from erepo.clinic.verifying.checking import Progress, check
from erepo.clinic.verifying.report import Difference, VerifyReport
from erepo.clinic.verifying.rolling import Night, verify_rolling

__all__ = [
    "Archived",
    "Coverage",
    "Difference",
    "Night",
    "Progress",
    "VerifyReport",
    "count",
    "coverage",
    "verify",
    "verify_rolling",
]


async def verify(
    cloud: Cloud, database: Database, *, read_back: bool = False, progress: Progress | None = None
) -> VerifyReport:
    """Compare hash and size of every archived document with the registry.

    Args:
        cloud: an opened connection.
        database: the clinic's.
        read_back: also fetch every document and compare its SHA-256.
        progress: called, from a thread, with documents just checked.

    Returns:
        The report; `problem` tells why documents stayed unchecked, if any did.
    """
    chosen = selecting.slices(selecting.everything(database))
    return await check(cloud, database, chosen, read_back=read_back, progress=progress)


async def count(database: Database) -> int:
    """Return how many documents `verify` will check."""
    return await asyncio.to_thread(selecting.count, database)
