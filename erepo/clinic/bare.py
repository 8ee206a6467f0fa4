"""Deposits without a database: documents described straight from their bytes, remembering nothing.

`make bench` measures the cost of sending alone with them. After a crash nobody knows what has arrived, so it
is no way to archive.
"""

from datetime import datetime

from erepo.cda.header import read_header
from erepo.cda.kinds import recognise
from erepo.clinic.metadata import Deposit
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
