"""`GET /api/documents`, one document, and the search by patient."""

from typing import Annotated

from fastapi import APIRouter, Query

from erepo.api.access import AtOffice, DocumentReader
from erepo.api.listing import Wanted, list_documents, read_document
from erepo.api.models import DocumentDetails, DocumentList, ListQuery, PublicId, Search
from erepo.api.routes.common import problems

router = APIRouter(tags=["documents"])


@router.get("/api/documents", operation_id="listDocuments", summary="List documents", responses=problems())
def list_all(office: AtOffice, _: DocumentReader, wanted: Annotated[ListQuery, Query()]) -> DocumentList:
    """List documents in the order they were taken in. A patient is searched for by POST, never here."""
    with office.database.read() as connection:
        return DocumentList.model_validate(list_documents(connection, Wanted(**dict(wanted))))


@router.post(
    "/api/documents/search",
    operation_id="searchDocuments",
    summary="List documents of a patient",
    responses=problems(),
)
def search(office: AtOffice, _: DocumentReader, wanted: Search) -> DocumentList:
    """List documents as GET does; the patient stands in the body, so that no log of addresses shows one."""
    with office.database.read() as connection:
        return DocumentList.model_validate(list_documents(connection, Wanted(**dict(wanted))))


@router.get(
    "/api/documents/{public_id}",
    operation_id="readDocument",
    summary="Where a document stands",
    responses=problems(404),
)
def read(office: AtOffice, _: DocumentReader, public_id: PublicId) -> DocumentDetails:
    """Show state, history, ids in the registry, and, where it was refused, why and what to do."""
    with office.database.read() as connection:
        return DocumentDetails.model_validate(read_document(connection, public_id))
