"""The bare pipeline: documents straight from their bytes to the repository, remembering nothing.

What it shows is the cost of sending alone; `make bench` sets the real thing beside it. After a crash nobody
knows what has arrived, so it is no way to archive.
"""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from functools import partial

from erepo.cda.header import read_header
from erepo.cda.kinds import recognise
from erepo.clinic.archiving.ledger import new_unique_id
from erepo.clinic.archiving.verdicts import Verdict
from erepo.clinic.connection import Cloud
from erepo.clinic.metadata import Deposit, Depositor, submission_of
from erepo.clinic.pipeline import Delivery, Parcel, Pipeline
from erepo.content import Content, digest, read_all
from erepo.identifiers import oids
from erepo.identifiers.hl7 import CX


def describe(content: Content, *, now: datetime) -> Deposit:
    """Describe a CDA document as intake would.

    Raises:
        InvalidInput: it is no CDA document with a patient.
    """
    header = read_header(read_all(content))
    digests = digest(content)
    usable = [one for one in header.patient.ids if one.extension]
    patient = next((one for one in usable if one.root == oids.PESEL), usable[0])
    return Deposit(
        unique_id=header.document_id.unique_id,
        sha1=digests.sha1,
        sha256=digests.sha256,
        size=digests.size,
        mime_type="text/xml",
        kind=recognise(header),
        patient=CX(patient.extension, patient.root),
        person=header.patient,
        header=header,
        title=header.title,
        created=now,
    )


async def send_bare(
    cloud: Cloud, depositor: Depositor, documents: Sequence[tuple[Deposit, Content]], *, now: datetime
) -> Counter[Verdict]:
    """Send each document in a submission of its own, many at once.

    Args:
        cloud: an opened connection.
        depositor: who deposits.
        documents: described, with their content.
        now: time of submission.

    Returns:
        How many ended how.
    """
    counts: Counter[Verdict] = Counter()

    async def report(delivery: Delivery) -> None:
        counts[delivery.judgement.verdict] += 1

    parcels = (
        Parcel(
            number,
            deposit.size,
            partial(submission_of, new_unique_id(), [(deposit, content)], depositor, now=now),
        )
        for number, (deposit, content) in enumerate(documents)
    )
    await Pipeline(cloud.provide, cloud.settings.in_flight, cloud.settings.limits, report=report).run(parcels)
    return counts
