"""Having the octets of documents here, durable, read back and equal (manual 1.5; reliability I3)."""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from erepo.clinic.content import ContentStore
from erepo.clinic.errors import ContentDamaged
from erepo.clinic.migrating.errors import RemoteDamaged, RemoteMissing
from erepo.clinic.migrating.ledger import Doc
from erepo.clinic.removal import RepositoryDiffers
from erepo.clinic.repository import Cloud
from erepo.content import Content, Digests, digest
from erepo.errors import ErepoError
from erepo.xds.errors import failure
from erepo.xds.iti43 import DocumentRequest, RetrieveResult
from erepo.xds.vocabulary import Xds


@dataclass
class Secured:
    """What securing gave.

    Attributes:
        here: documents whose octets lie here, read back and equal.
        refused: the others, each with its own error; nothing can be done for them now.
    """

    here: list[Doc] = field(default_factory=list)
    refused: list[tuple[Doc, ErepoError]] = field(default_factory=list)


async def here_already(store: ContentStore, docs: Sequence[Doc]) -> set[int]:
    """Return the ids of those whose octets lie here, read from their file now and equal in hash and size.

    What was never purged, and what an earlier run has fetched, need not travel again.
    """
    return await asyncio.to_thread(_here, store, docs)


async def secure(cloud: Cloud, store: ContentStore, docs: Sequence[Doc]) -> Secured:
    """Fetch documents (ITI-43), store them durably, read them back from their files and compare.

    Raises:
        RetryableError: nobody could be asked, or the disk refused; nothing is known of these.
        XdsFailure: the repository refused the whole question.
    """
    theirs = [one for one in docs if one.repository_unique_id not in (None, cloud.repository_unique_id)]
    ours = [one for one in docs if one not in theirs]
    secured = Secured(refused=[(one, RepositoryDiffers()) for one in theirs])
    if not ours:
        return secured
    requests = [DocumentRequest(cloud.repository_unique_id, one.unique_id) for one in ours]
    result = await cloud.retrieve(requests)
    received = {one.document_unique_id: one.content for one in result.documents}
    for one in ours:
        if one.unique_id not in received:
            secured.refused.append((one, _why_absent(one, result)))
    there = [(one, received[one.unique_id]) for one in ours if one.unique_id in received]
    equal, damaged = await asyncio.to_thread(_store, store, there)
    secured.here += equal
    secured.refused += [(one, RemoteDamaged()) for one in damaged]
    return secured


def _here(store: ContentStore, docs: Iterable[Doc]) -> set[int]:
    return {one.id for one in docs if _is_equal(store, one)}


def _is_equal(store: ContentStore, doc: Doc) -> bool:
    try:
        return store.check(doc.sha256).size == doc.size
    except ContentDamaged:
        return False


def _store(store: ContentStore, there: Sequence[tuple[Doc, Content]]) -> tuple[list[Doc], list[Doc]]:
    """Store what is equal to what was archived; return (stored and read back equal, damaged)."""
    digests = [(doc, content, digest(content)) for doc, content in there]
    equal = [one for one in digests if _agrees(one[0], one[2])]
    store.put_all([(found, content) for _, content, found in equal])
    for doc, _, _ in equal:
        # Raises if the disk gives back something else than was written.
        store.check(doc.sha256)
    return [one[0] for one in equal], [one[0] for one in digests if not _agrees(one[0], one[2])]


def _agrees(doc: Doc, found: Digests) -> bool:
    return (found.sha256, found.size) == (doc.sha256, doc.size)


def _why_absent(doc: Doc, result: RetrieveResult) -> ErepoError:
    """Return what the repository says of a document it does not give out.

    Raises:
        XdsFailure: it says nothing about this document in particular.
    """
    codes = {error.code for error in result.errors if error.location == doc.unique_id}
    if Xds.DOCUMENT_UNIQUE_ID in codes:
        return RemoteMissing()
    if Xds.REPOSITORY_ERROR in codes:
        return RemoteDamaged()
    raise failure(result.errors)
