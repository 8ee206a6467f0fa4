"""The repository: taking submissions (ITI-41) and giving documents out (ITI-43).

Order of a submission, and the commit points:

1. octets hashed, metadata checked: nothing is kept yet;
2. large contents become durable files (`BlobStore.put`); a crash or refusal after this leaves a blob without
   a row, removed at once where we still can and swept at a start otherwise;
3. the writer's transaction: small contents, metadata and usage together. **Its commit is the commit point**;
4. the answer.
"""

import asyncio
import itertools
from collections.abc import Iterable, Sequence
from functools import partial
from io import BytesIO
from typing import BinaryIO

from sqlalchemy import bindparam, select

from erepo.cloud.blobs import INLINE, new_key
from erepo.cloud.codec import StoredContent, compressed_chunks, expand, is_dense
from erepo.cloud.errors import StorageUnavailable, StoredContentDamaged
from erepo.cloud.registering import Outcome
from erepo.cloud.rows import Job, NewDocument, make_job
from erepo.cloud.rules import check_contents, check_supported, check_together
from erepo.cloud.service import Cloud
from erepo.cloud.stamping import Element, Facts, stamp
from erepo.cloud.tables import document, document_octets
from erepo.cloud.tenants import Tenant
from erepo.content import Buffer, Content, Digests, MemoryContent, digest
from erepo.xds.iti41 import Submission
from erepo.xds.iti43 import DocumentRequest, RetrievedDocument
from erepo.xds.responses import RegistryError
from erepo.xds.vocabulary import Xds

#: Octets of one answer that are held in memory; further documents are read again while they are sent.
_HELD = 8 * 1024**2
_OCTETS = select(document_octets.c.octets).where(document_octets.c.document_id == bindparam("document"))


def judge(tenant: Tenant, submission: Submission, objects: Element) -> Job | list[RegistryError]:
    """Hash and check a submission; return it ready for the writer, or every reason against it.

    Args:
        tenant: whose it is.
        submission: as read.
        objects: its RegistryObjectList; changed in place.
    """
    digests = [digest(content) for _, content in submission.entries]
    errors = [*check_contents(submission, digests), *check_together(submission), *check_supported(submission)]
    if errors:
        return errors
    facts = {
        entry.entry_uuid: Facts(found.sha1, found.size, tenant.repository_unique_id)
        for (entry, _), found in zip(submission.entries, digests, strict=True)
    }
    documents = [
        _new_document(entry.entry_uuid, entry.unique_id, entry.mime_type, content, found)
        for (entry, content), found in zip(submission.entries, digests, strict=True)
    ]
    return make_job(tenant, submission, stamp(objects, facts), documents)


def _new_document(
    entry: str, unique_id: str, mime_type: str, content: Content, found: Digests
) -> NewDocument:
    octets = content.octets if isinstance(content, MemoryContent) else b"".join(content.chunks())
    return NewDocument(entry, unique_id, found, mime_type, octets=octets)


async def store(cloud: Cloud, job: Job) -> Outcome:
    """Make a submission durable.

    Raises:
        StorageUnavailable, ServiceStopping: nothing of it is stored.
    """
    if any(each.digests.size > INLINE for each in job.documents):
        try:
            await cloud.heavily(partial(_put_large, cloud, job))
        except OSError as error:
            raise StorageUnavailable from error
    try:
        outcome = await asyncio.shield(cloud.writer.submit(job))
    except Exception:
        await cloud.heavily(partial(_discard, cloud, [each.blob_key for each in job.documents]))
        raise
    if outcome.unused:
        await cloud.heavily(partial(_discard, cloud, outcome.unused))
    return outcome


def _put_large(cloud: Cloud, job: Job) -> None:
    """Write large contents to the blob store, unless zstd makes them small enough for the database."""
    done = []
    try:
        for each in job.documents:
            if each.digests.size > INLINE and each.octets is not None:
                _put(cloud, job.tenant, each, each.octets)
                done.append(each.blob_key)
    except BaseException:
        _discard(cloud, done)
        raise


def _put(cloud: Cloud, tenant: Tenant, each: NewDocument, octets: Buffer) -> None:
    content = MemoryContent(octets)
    chunks: Iterable[Buffer]
    if is_dense(content):
        chunks, each.coding = content.chunks(), "raw"
    else:
        packed = compressed_chunks(content)
        head: list[Buffer] = []
        size = 0
        for chunk in packed:
            head.append(chunk)
            size += len(chunk)
            if size > INLINE:
                break
        else:
            each.octets, each.coding, each.packed = b"".join(head), "zstd", True
            return
        chunks, each.coding = itertools.chain(head, packed), "zstd"
    key = new_key(tenant.id)
    cloud.blobs.put(key, chunks)
    each.octets, each.blob_key = None, key


def _discard(cloud: Cloud, keys: Sequence[str | None]) -> None:
    for key in keys:
        if key is not None:
            cloud.blobs.delete(key)


def retrieve(
    cloud: Cloud,
    tenant: Tenant,
    requests: Sequence[DocumentRequest],
    damaged: frozenset[object] = frozenset(),
) -> tuple[list[RetrievedDocument], list[RegistryError]]:
    """Find documents; what is not the tenant's is not there. Blocking: call it off the event loop.

    Args:
        cloud: the service.
        tenant: who asks.
        requests: what for.
        damaged: numbers of documents that are known to be damaged, so that they are not even tried.
    """
    documents: list[RetrievedDocument] = []
    errors: list[RegistryError] = []
    held = 0
    for request in requests:
        found = _find(cloud, tenant, request, damaged, hold=held < _HELD)
        if isinstance(found, RegistryError):
            errors.append(found)
        else:
            documents.append(found)
            held += found.content.size if isinstance(found.content, MemoryContent) else 0
    return documents, errors


def _find(
    cloud: Cloud, tenant: Tenant, request: DocumentRequest, damaged: frozenset[object], *, hold: bool
) -> RetrievedDocument | RegistryError:
    wanted = request.document_unique_id
    if request.repository_unique_id != tenant.repository_unique_id:
        context = "no repository of this id"
        return RegistryError(Xds.UNKNOWN_REPOSITORY, context, location=wanted)
    if request.home and request.home != tenant.home_community_id:
        return RegistryError(Xds.UNKNOWN_COMMUNITY, "no community of this id", location=wanted)
    try:
        content = _load(cloud, tenant, wanted, damaged, hold=hold)
    except StoredContentDamaged as error:
        context = f"the stored document is damaged (number {error.data['document']})"
        return RegistryError(Xds.REPOSITORY_ERROR, context, location=wanted)
    if content is None:
        return RegistryError(Xds.DOCUMENT_UNIQUE_ID, "no document of this id", location=wanted)
    return RetrievedDocument(
        request.repository_unique_id, request.document_unique_id, content[0], content[1], request.home
    )


def _load(
    cloud: Cloud, tenant: Tenant, unique_id: str, damaged: frozenset[object], *, hold: bool
) -> tuple[str, Content] | None:
    query = (
        select(document, document_octets.c.octets)
        .join_from(document, document_octets, isouter=True)
        .where(document.c.tenant_id == tenant.id)
        .where(document.c.unique_id == unique_id)
    )
    with cloud.database.read() as connection:
        row = connection.execute(query).one_or_none()
    if row is None:
        return None
    if row.id in damaged:
        raise StoredContentDamaged(document=row.id)
    if row.octets is None or row.size > INLINE or not hold:
        # Also a large content that compressed well into its row, and what would fill the memory with others.
        inline = row.octets is not None
        opening = partial(_open_row, cloud, row.id) if inline else partial(cloud.blobs.open, row.blob_key)
        return row.mime_type, StoredContent(row.id, row.size, row.sha256, row.coding, opening)
    octets = row.octets if row.coding == "raw" else expand(row.octets, row.size)
    content = MemoryContent(octets)
    if digest(content).sha256 != row.sha256:
        raise StoredContentDamaged(document=row.id)
    return row.mime_type, content


def _open_row(cloud: Cloud, number: int) -> BinaryIO:
    with cloud.database.read() as connection:
        return BytesIO(connection.scalars(_OCTETS, {"document": number}).one())
