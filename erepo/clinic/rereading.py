"""Reading documents back from the repository (ITI-43) and comparing what came with what was sent."""

import hashlib
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from erepo.clinic.archiving.comparing import Finding
from erepo.clinic.pipeline import ByteBudget
from erepo.clinic.repository import Cloud
from erepo.xds.iti43 import DocumentRequest
from erepo.xds.vocabulary import Xds

#: Octets of one retrieval of several documents.
OCTETS = 4 * 1024**2


class Archived(NamedTuple):
    """An archived document as it should be."""

    id: int
    public_id: str
    unique_id: str
    sha1: str
    sha256: str
    size: int
    patient_key: int
    #: Whether the registry must show it as replaced by a newer version; None: it may.
    replaced: bool | None = None


async def read_back(
    cloud: Cloud, wanted: Sequence[Archived], budget: ByteBudget
) -> dict[int, Finding | None]:
    """Fetch documents and compare their SHA-256.

    Args:
        cloud: an opened connection.
        wanted: documents that the registry knows.
        budget: octets in memory, shared with whoever else reads.

    Returns:
        For each internal id: EQUAL; MISSING where nothing came; None where other octets came.

    Raises:
        RetryableError, XdsFailure: nobody delivered.
    """
    findings: dict[int, Finding | None] = {}
    for group in _by_octets(wanted):
        taken = await budget.take(sum(one.size for one in group))
        try:
            findings |= await _read_group(cloud, group)
        finally:
            await budget.give_back(taken)
    return findings


async def _read_group(cloud: Cloud, group: Sequence[Archived]) -> dict[int, Finding | None]:
    repository = cloud.repository_unique_id
    result = await cloud.retrieve([DocumentRequest(repository, one.unique_id) for one in group])
    got = {one.document_unique_id: one.content for one in result.documents}
    # A repository that has found its own octets damaged says so and does not give them out.
    damaged = {error.location for error in result.errors if error.code == Xds.REPOSITORY_ERROR}
    findings: dict[int, Finding | None] = {}
    for one in group:
        if one.unique_id not in got:
            findings[one.id] = None if one.unique_id in damaged else Finding.MISSING
            continue
        digest = hashlib.sha256()
        for chunk in got[one.unique_id].chunks():
            digest.update(chunk)
        findings[one.id] = Finding.EQUAL if digest.hexdigest() == one.sha256 else None
    return findings


def _by_octets(wanted: Sequence[Archived]) -> Iterator[Sequence[Archived]]:
    together: list[Archived] = []
    size = 0
    for one in wanted:
        if together and size + one.size > OCTETS:
            yield together
            together, size = [], 0
        together.append(one)
        size += one.size
    if together:
        yield together
