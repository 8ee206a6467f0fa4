"""A share of the archive each night, so that every document is read back within a set number of days.

The idea is restic's `check --read-data-subset`, with the choice kept in the database instead of drawn: the
document that was not read back for longest comes first. A night takes `ceil(documents / days)`; whatever
would be overdue before the next night is taken beyond that, so missed nights are made good, within the
night's limits of time and octets. What a night costs depends on the share, not on the archive.
"""

import math
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice

from erepo.clinic.coverage import Coverage, count_archived, coverage
from erepo.clinic.database import Database
from erepo.clinic.repository import Cloud
from erepo.clinic.rereading import Archived
from erepo.clinic.tables import now
from erepo.clinic.verifying.checking import Progress, check
from erepo.clinic.verifying.report import VerifyReport
from erepo.clinic.verifying.selecting import Aged, oldest_first, slices
from erepo.settings import VerifySettings

#: Documents of the oldest that are put in order by patient, for questions of one patient each.
_TOGETHER = 500


@dataclass(frozen=True)
class Night:
    """One night's share.

    Attributes:
        report: of what was checked.
        share: documents that a night takes in the ordinary course.
        ended: `done`, or which limit ended it: `time`, `bytes`.
        coverage: afterwards.
    """

    report: VerifyReport
    share: int
    ended: str
    coverage: Coverage


async def verify_rolling(
    cloud: Cloud, database: Database, *, progress: Progress | None = None, at: datetime | None = None
) -> Night:
    """Read back tonight's share: registry compared, octets fetched and hashed.

    Args:
        cloud: an opened connection; its settings say how many days, and a night's limits.
        database: the clinic's.
        progress: called, from a thread, with documents just checked.
        at: the moment; now, if not given.

    Returns:
        What was checked and how the archive stands now.
    """
    started, settings = now(), cloud.settings.verify
    at = at or started
    with database.read() as connection:
        share = math.ceil(count_archived(connection) / settings.days)
    chooser = _Chooser(settings, share, at)
    chosen = slices(_by_patient(chooser.choose(oldest_first(database, started))))
    report = await check(cloud, database, chosen, read_back=True, progress=progress)
    with database.read() as connection:
        return Night(report, share, chooser.ended, coverage(connection, settings.days))


class _Chooser:
    def __init__(self, settings: VerifySettings, share: int, at: datetime) -> None:
        self._settings, self._share = settings, share
        self._due = at + timedelta(days=1) - timedelta(days=settings.days)
        self._end = time.monotonic() + settings.night_minutes * 60
        self.ended = "done"

    def choose(self, aged: Iterator[Aged]) -> Iterator[Archived]:
        octets = 0
        for taken, (age, one) in enumerate(aged):
            if taken >= self._share and age > self._due:
                return
            if time.monotonic() >= self._end:
                self.ended = "time"
                return
            octets += one.size
            # A document larger than the whole limit must have its night, too.
            if self._settings.night_bytes and octets > self._settings.night_bytes and taken:
                self.ended = "bytes"
                return
            yield one


def _by_patient(chosen: Iterator[Archived]) -> Iterator[Archived]:
    while some := list(islice(chosen, _TOGETHER)):
        yield from sorted(some, key=lambda one: (one.patient_key, one.id))
