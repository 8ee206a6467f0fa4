"""Taking documents in: from files to rows, each file with one outcome.

Commit point: content durable, then row committed, then outcome reported, and only if asked the original
deleted. A crash before the commit leaves content without a row, which the next import of the same bytes
uses; a crash after it leaves a document that the next import recognises by its SHA-256.
"""

from erepo.clinic.intake.files import find_files, plain
from erepo.clinic.intake.inbox import finished_files
from erepo.clinic.intake.outcomes import Outcome, Status, Summary
from erepo.clinic.intake.received import Received, Receiver
from erepo.clinic.intake.service import Intake
from erepo.clinic.intake.sidecar import Beside, parse_patient, read_description

__all__ = [
    "Beside",
    "Intake",
    "Outcome",
    "Received",
    "Receiver",
    "Status",
    "Summary",
    "find_files",
    "finished_files",
    "parse_patient",
    "plain",
    "read_description",
]
