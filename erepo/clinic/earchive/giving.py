"""Giving documents out of the eArchiwum (ITI-43): what does not match its fingerprint is not given."""

from collections.abc import Sequence
from functools import partial

from erepo.blobs.codec import StoredContent
from erepo.blobs.errors import StoredContentDamaged
from erepo.clinic.earchive.archive import Archive
from erepo.clinic.earchive.errors import typing
from erepo.clinic.earchive.index import blobs_of
from erepo.clinic.earchive.records import StoredBlob
from erepo.content import Content, MemoryContent, read_all
from erepo.xds.errors import RegistryError
from erepo.xds.iti43 import DocumentRequest, RetrievedDocument, RetrieveResult
from erepo.xds.responses import outcome
from erepo.xds.vocabulary import Xds


def give(archive: Archive, requests: Sequence[DocumentRequest], in_memory: int) -> RetrieveResult:
    """Find documents; each that is not given has an error located by its uniqueId.

    Args:
        archive: opened.
        requests: what for.
        in_memory: octets up to which a document is held in memory; a larger one is checked, then streamed.

    Raises:
        FolderMissing, FolderFaulty, IndexDamaged: nobody can be asked.
    """
    with archive.up_to_date() as connection:
        known = blobs_of(connection, [one.document_unique_id for one in requests])
    documents: list[RetrievedDocument] = []
    errors: list[RegistryError] = []
    for request in requests:
        found = _give(archive, request, known.get(request.document_unique_id), in_memory)
        if isinstance(found, RegistryError):
            errors.append(found)
        else:
            documents.append(found)
    status = outcome(errors, results=bool(documents))
    return RetrieveResult(status, tuple(errors), tuple(documents))


def _give(
    archive: Archive, request: DocumentRequest, blob: StoredBlob | None, in_memory: int
) -> RetrievedDocument | RegistryError:
    wanted, repository = request.document_unique_id, archive.place.mark.repository_unique_id
    if request.repository_unique_id != repository:
        return RegistryError(Xds.UNKNOWN_REPOSITORY, "no repository of this id", location=wanted)
    if blob is None:
        return RegistryError(Xds.DOCUMENT_UNIQUE_ID, "no document of this id", location=wanted)
    try:
        with typing(archive.place.folder):
            content = read_checked(archive, blob, in_memory)
    except StoredContentDamaged:
        return RegistryError(Xds.REPOSITORY_ERROR, "the stored document is damaged", location=wanted)
    return RetrievedDocument(repository, wanted, blob.mime_type, content)


def read_checked(archive: Archive, blob: StoredBlob, in_memory: int = 0) -> Content:
    """Return a document's octets after reading all of them once.

    Raises:
        StoredContentDamaged: they are lost, or not those that were stored.
        OSError: the disk refuses.
    """
    content = StoredContent(0, blob.size, blob.sha256, "raw", partial(archive.blobs.open, blob.key))
    if blob.size <= in_memory:
        return MemoryContent(read_all(content))
    for _ in content.chunks():
        pass
    return content
