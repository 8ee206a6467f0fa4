"""(b) The bare pipeline: the sender of the archive without database and without Prefect.

Described documents lie in memory, their octets in files. What is measured: building the metadata, packing,
signing, sending 16 at once, the verified answers. Nothing is remembered, so it is no way to archive.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

import uvloop

from erepo.clinic.account import load_connection
from erepo.clinic.archiving.ledger import new_unique_id
from erepo.clinic.archiving.verdicts import Verdict
from erepo.clinic.bare import describe
from erepo.clinic.connection import CloudConnection
from erepo.clinic.database import Database, open_clinic
from erepo.clinic.metadata import Deposit, Depositor, submission_of
from erepo.clinic.pipeline import Delivery, Parcel, Pipeline
from erepo.clinic.structure import check_ready
from erepo.clinic.tables import now
from erepo.content import FileContent, MemoryContent
from erepo.settings import Settings
from erepo.xds.iti41 import Submission
from tests.bench.child import Job, answer
from tests.bench.meter import Meter, Timed

Described = Sequence[tuple[Path, Deposit]]


def depositor_of(database: Database, source_id: str) -> Depositor:
    """Return who deposits, from a clinic's structure."""
    with database.read() as connection:
        return Depositor(source_id, check_ready(connection))


def build(path: Path, deposit: Deposit, depositor: Depositor) -> Submission:
    """Read one document and describe its submission."""
    return submission_of(new_unique_id(), [(deposit, MemoryContent(path.read_bytes()))], depositor, now=now())


async def send(connection: CloudConnection, described: Described, depositor: Depositor) -> int:
    """Send everything, many at once; return how many were stored."""
    ended: Counter[Verdict] = Counter()

    async def report(delivery: Delivery) -> None:
        ended[delivery.judgement.verdict] += 1

    def parcels() -> Iterator[Parcel]:
        for number, (path, deposit) in enumerate(described):
            yield Parcel(number, deposit.size, partial(build, path, deposit, depositor))

    settings = connection.settings
    async with connection:
        await Pipeline(connection.provide, settings.in_flight, settings.limits, report=report).run(parcels())
    return ended[Verdict.STORED]


def work(job: Job) -> Timed:
    """Send a portion; what is measured begins with the first connection."""
    settings = Settings()
    database = open_clinic(settings)
    try:
        connection = load_connection(database, settings)
        depositor = depositor_of(database, connection.source_id)
    finally:
        database.close()
    described = [(path, describe(FileContent(path), now=now())) for path in job.documents()]
    meter = Meter(job.roots)
    meter.start()
    return meter.stop(uvloop.run(send(connection, described, depositor)))


if __name__ == "__main__":
    answer(work)
