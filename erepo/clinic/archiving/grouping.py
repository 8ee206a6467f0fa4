"""Which documents travel together. Pure decisions, no input or output.

XDS wants one patient per submission set (ITI TF-3 4.2.1.4), and a submission is all or nothing. So documents
of one patient travel together while they are small; a large one travels alone.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

#: Most documents of one submission; more gains nothing (measured).
DOCUMENTS = 25
#: Most octets of one submission of several documents.
OCTETS = 5 * 1024**2


class Waiting(NamedTuple):
    """A document that waits to be planned: row id, patient, octets."""

    id: int
    patient: object
    size: int


def group(
    waiting: Iterable[Waiting], *, documents: int = DOCUMENTS, octets: int = OCTETS
) -> Iterator[list[Waiting]]:
    """Group documents into submissions, in the order of each patient's first document.

    Args:
        waiting: in the order of arrival.
        documents: most documents of one submission.
        octets: most octets of one submission; a larger document travels alone.
    """
    patients: dict[object, list[Waiting]] = {}
    for document in waiting:
        patients.setdefault(document.patient, []).append(document)
    for together in patients.values():
        yield from _split(together, documents, octets)


def _split(together: Sequence[Waiting], documents: int, octets: int) -> Iterator[list[Waiting]]:
    current: list[Waiting] = []
    size = 0
    for document in together:
        if current and (len(current) >= documents or size + document.size > octets):
            yield current
            current, size = [], 0
        current.append(document)
        size += document.size
    if current:
        yield current


def pack(submissions: Iterable[list[Waiting]], documents: int) -> Iterator[list[list[Waiting]]]:
    """Put submissions into batches of about `documents` documents."""
    batch: list[list[Waiting]] = []
    count = 0
    for submission in submissions:
        if batch and count + len(submission) > documents:
            yield batch
            batch, count = [], 0
        batch.append(submission)
        count += len(submission)
    if batch:
        yield batch
