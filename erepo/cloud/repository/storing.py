"""Taking submissions (ITI-41).

Order of a submission, and the commit points:

1. octets hashed, metadata checked: nothing is kept yet;
2. large contents become durable files (`BlobStore.put`); a crash after this leaves a blob without a row,
   which `erepo cloud check` names. Of a submission that is refused they are removed at once (`discarding`);
3. the writer's transaction: small contents, metadata and usage together. **Its commit is the commit point**;
4. the answer.
"""

import itertools
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial

from erepo.blobs.codec import compressed_chunks, is_dense
from erepo.blobs.errors import StorageUnavailable
from erepo.blobs.store import new_key
from erepo.cloud.audit.evidence import Evidence
from erepo.cloud.registry.changing import as_job
from erepo.cloud.registry.jobs import Change, Job, NewDocument, Outcome, SubmissionJob
from erepo.cloud.registry.rows import make_job
from erepo.cloud.registry.rules import check_contents, check_supported, check_together
from erepo.cloud.registry.stamping import Element, Facts, stamp
from erepo.cloud.repository.signatures import check_signatures
from erepo.cloud.service import Cloud
from erepo.cloud.storage import discarding
from erepo.cloud.storage.places import INLINE
from erepo.cloud.tenancy.tenants import Tenant
from erepo.content import Buffer, Content, Digests, MemoryContent, digest
from erepo.xds.iti41 import Submission
from erepo.xds.responses import RegistryError
from erepo.xds.vocabulary import Xds


@dataclass(frozen=True, slots=True)
class Ready:
    """A submission that may go to the writer."""

    submission: SubmissionJob
    job: SubmissionJob | Change
    """The submission itself, or the change that it is part of."""


def judge(
    cloud: Cloud, tenant: Tenant, submission: Submission, objects: Element, evidence: Evidence
) -> Ready | list[RegistryError]:
    """Hash and check a submission; return it ready for the writer, or every reason against it.

    Args:
        cloud: the service.
        tenant: whose it is.
        submission: as read.
        objects: its RegistryObjectList; changed in place.
        evidence: who sent it.
    """
    registration = submission.registration()
    digests = [digest(content) for _, content in submission.entries]
    errors = [
        *check_contents(submission, digests),
        *check_together(registration, Xds.REPOSITORY_DUPLICATE_IN_MESSAGE),
        *check_supported(tenant, registration),
        *check_signatures(tenant, submission),
    ]
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
    job = make_job(tenant, registration, stamp(objects, facts), evidence, documents, facts)
    return Ready(job, as_job(cloud.numbers, registration, job))


def _new_document(
    entry: str, unique_id: str, mime_type: str, content: Content, found: Digests
) -> NewDocument:
    octets = content.octets if isinstance(content, MemoryContent) else b"".join(content.chunks())
    return NewDocument(entry, unique_id, found, mime_type, octets=octets)


#: Gives a job to the writer and waits for its commit; raises MessageReplayed when nothing was done.
Write = Callable[[Job], Awaitable[Outcome]]


async def store(cloud: Cloud, ready: Ready, write: Write) -> Outcome:
    """Make a submission durable.

    Raises:
        ServiceStopping, MessageReplayed: nothing of it is stored.
        StorageUnavailable: nothing is, or the database's answer was lost and all of it is.
    """
    job = ready.submission
    if any(each.digests.size > INLINE for each in job.documents):
        try:
            await cloud.heavily(partial(_put_large, cloud, job))
        except OSError as error:
            raise StorageUnavailable from error
    try:
        outcome = await write(ready.job)
    except StorageUnavailable:
        # Nobody knows whether rows point at the blobs: they stay.
        raise
    except Exception:
        await discard(cloud, _keys(job))
        raise
    await discard(cloud, _keys(job) if outcome.refused else outcome.unused)
    return outcome


def _keys(job: SubmissionJob) -> list[str]:
    return [each.blob_key for each in job.documents if each.blob_key]


async def discard(cloud: Cloud, keys: Sequence[str]) -> None:
    """Remove blobs of one tenant that nothing points at and nothing will."""
    if keys:
        await cloud.heavily(partial(discarding.discard, cloud.database, cloud.blobs, keys))


def _put_large(cloud: Cloud, job: SubmissionJob) -> None:
    """Write large contents to the blob store, unless zstd makes them small enough for the database."""
    begun: list[str] = []
    try:
        for each in job.documents:
            if each.digests.size > INLINE and each.octets is not None:
                _put(cloud, job.tenant_id, each, each.octets, begun)
    except BaseException:
        # Also the one that failed: it may be there, and only the store's answer was lost.
        discarding.discard(cloud.database, cloud.blobs, begun)
        raise


def _put(cloud: Cloud, tenant_id: int, each: NewDocument, octets: Buffer, begun: list[str]) -> None:
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
    key = new_key(tenant_id)
    begun.append(key)
    cloud.blobs.put(key, chunks)
    each.octets, each.blob_key = None, key
