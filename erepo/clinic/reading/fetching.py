"""The octets of one document: from the clinic's store if they are there and right, else from the repository.

Whatever their way, they are handed on only if they are those that were taken in: SHA-256 and size of the
document's row.
"""

import asyncio
import hashlib
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Literal, NamedTuple

from erepo.clinic.content import ContentStore
from erepo.clinic.errors import ContentDamaged
from erepo.clinic.reading.errors import DocumentGone, DocumentMoving, OctetsDiffer, OctetsMissing
from erepo.clinic.reading.finding import Found
from erepo.clinic.repository import Cloud
from erepo.clinic.states import State
from erepo.content import read_all
from erepo.xds.iti43 import DocumentRequest
from erepo.xds.responses import raise_for_status
from erepo.xds.vocabulary import Xds

Connect = Callable[[], AbstractAsyncContextManager[Cloud]]
"""Opens the repository, on behalf of who reads."""

Place = Literal["local", "repository"]
#: States in which the repository holds a document.
_THERE = frozenset({State.ARCHIVED, State.REMOTE})


class Fetched(NamedTuple):
    """Octets, and where they were."""

    octets: bytes
    place: Place


async def fetch(found: Found, store: ContentStore, connect: Connect) -> Fetched:
    """Return the octets of a document.

    Args:
        found: the document.
        store: the clinic's own.
        connect: called only if the repository has to be asked.

    Raises:
        DocumentGone, DocumentMoving: by its state.
        OctetsDiffer, OctetsMissing: they are not what they should be, or nowhere.
        RetryableError, XdsFailure, AccountMissing…: the repository cannot be asked.
    """
    if found.state is State.DELETED:
        raise DocumentGone(document=found.public_id)
    if found.state is State.MIGRATING:
        raise DocumentMoving(document=found.public_id)
    if found.state is not State.REMOTE and (octets := await asyncio.to_thread(_local, found, store)):
        return Fetched(octets, "local")
    if found.state not in _THERE:
        raise OctetsMissing(document=found.public_id)
    async with connect() as cloud:
        return Fetched(await _remote(found, cloud), "repository")


def _local(found: Found, store: ContentStore) -> bytes | None:
    try:
        octets = read_all(store.open(found.sha256))
    except (ContentDamaged, FileNotFoundError):
        return None
    return octets if _is_it(found, octets) else None


async def _remote(found: Found, cloud: Cloud) -> bytes:
    repository = found.repository_unique_id or cloud.repository_unique_id
    result = await cloud.retrieve([DocumentRequest(repository, found.unique_id)])
    got = [one.content for one in result.documents if one.document_unique_id == found.unique_id]
    if not got:
        serious = [error for error in result.errors if error.is_error]
        if all(error.code == Xds.DOCUMENT_UNIQUE_ID for error in serious):
            raise OctetsMissing(document=found.public_id)
        raise_for_status(result.status, result.errors)
        raise OctetsMissing(document=found.public_id)
    octets = await asyncio.to_thread(read_all, got[0])
    if not _is_it(found, octets):
        raise OctetsDiffer(document=found.public_id, size=len(octets), expected=found.size)
    return octets


def _is_it(found: Found, octets: bytes) -> bool:
    return len(octets) == found.size and hashlib.sha256(octets).hexdigest() == found.sha256
