"""Giving documents out (ITI-43): what is not the tenant's is not there, what is damaged is not given."""

from collections.abc import Callable, Sequence
from functools import partial
from io import BytesIO
from typing import BinaryIO

from sqlalchemy import and_, bindparam, select

from erepo.blobs.codec import StoredContent, expand
from erepo.blobs.errors import StoredContentDamaged
from erepo.cloud.service import Cloud
from erepo.cloud.storage.places import INLINE
from erepo.cloud.storage.tables import document, document_octets
from erepo.cloud.tenancy.tenants import Tenant
from erepo.content import Content, MemoryContent, digest
from erepo.xds.iti43 import DocumentRequest, RetrievedDocument
from erepo.xds.responses import RegistryError
from erepo.xds.vocabulary import Xds

#: Octets of one answer that are held in memory; further documents are read again while they are sent.
_HELD = 8 * 1024**2
_OCTETS = select(document_octets.c.octets).where(
    document_octets.c.tenant_id == bindparam("tenant"), document_octets.c.document_id == bindparam("document")
)
_OF_DOCUMENT = and_(
    document_octets.c.document_id == document.c.id, document_octets.c.tenant_id == document.c.tenant_id
)


def retrieve(
    cloud: Cloud,
    tenant: Tenant,
    requests: Sequence[DocumentRequest],
    damaged: frozenset[object] = frozenset(),
    seen: Callable[[str], bool] = lambda _unique_id: True,
    names: frozenset[str] = frozenset(),
) -> tuple[list[RetrievedDocument], list[RegistryError]]:
    """Find documents; what is not the tenant's is not there. Blocking: call it off the event loop.

    Args:
        cloud: the service.
        tenant: who asks.
        requests: what for.
        damaged: numbers of documents that are known to be damaged, so that they are not even tried.
        seen: whether a document is there for who asks, by its uniqueId.
        names: ids under which the repository is known to who asks; its own by default.
    """
    known = names or frozenset({tenant.repository_unique_id})
    documents: list[RetrievedDocument] = []
    errors: list[RegistryError] = []
    held = 0
    for request in requests:
        found = _find(cloud, tenant, request, damaged, seen, known, hold=held < _HELD)
        if isinstance(found, RegistryError):
            errors.append(found)
        else:
            documents.append(found)
            held += found.content.size if isinstance(found.content, MemoryContent) else 0
    return documents, errors


def _find(  # one document's share of what was asked
    cloud: Cloud,
    tenant: Tenant,
    request: DocumentRequest,
    damaged: frozenset[object],
    seen: Callable[[str], bool],
    names: frozenset[str],
    *,
    hold: bool,
) -> RetrievedDocument | RegistryError:
    wanted = request.document_unique_id
    if request.repository_unique_id not in names:
        context = "no repository of this id"
        return RegistryError(Xds.UNKNOWN_REPOSITORY, context, location=wanted)
    if request.home and request.home != tenant.home_community_id:
        return RegistryError(Xds.UNKNOWN_COMMUNITY, "no community of this id", location=wanted)
    try:
        content = _load(cloud, tenant, wanted, damaged, hold=hold) if seen(wanted) else None
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
        .join_from(document, document_octets, _OF_DOCUMENT, isouter=True)
        .where(document.c.tenant_id == tenant.id)
        .where(document.c.unique_id == unique_id)
    )
    with cloud.database.read(tenant.id) as connection:
        row = connection.execute(query).one_or_none()
    if row is None:
        return None
    if row.id in damaged:
        raise StoredContentDamaged(document=row.id)
    if row.octets is None or row.size > INLINE or not hold:
        # Also a large content that compressed well into its row, and what would fill the memory with others.
        inline = row.octets is not None
        opening = (
            partial(_open_row, cloud, tenant.id, row.id)
            if inline
            else partial(cloud.blobs.open, row.blob_key)
        )
        return row.mime_type, StoredContent(row.id, row.size, row.sha256, row.coding, opening)
    octets = row.octets if row.coding == "raw" else expand(row.octets, row.size)
    content = MemoryContent(octets)
    if digest(content).sha256 != row.sha256:
        raise StoredContentDamaged(document=row.id)
    return row.mime_type, content


def _open_row(cloud: Cloud, tenant_id: int, number: int) -> BinaryIO:
    with cloud.database.read(tenant_id) as connection:
        return BytesIO(connection.scalars(_OCTETS, {"tenant": tenant_id, "document": number}).one())
