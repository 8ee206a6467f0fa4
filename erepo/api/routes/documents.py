"""`GET /api/documents`, one document, and the search by patient."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query

from erepo.api.access import AtOffice, DocumentReader
from erepo.api.listing import Wanted, list_documents, read_document
from erepo.api.models import DocumentDetails, DocumentList, PublicId, Search
from erepo.api.routes.common import problems
from erepo.cda.kinds import Kind
from erepo.clinic.states import State

router = APIRouter(tags=["documents"])


@router.get("/api/documents", operation_id="listDocuments", summary="List documents", responses=problems())
def list_all(
    office: AtOffice,
    _: DocumentReader,
    state: State | None = None,
    kind: Kind | None = None,
    since: Annotated[datetime | None, Query(description="Taken in at or after; with a zone.")] = None,
    cursor: Annotated[PublicId | None, Query(description="`next` of the page before.")] = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> DocumentList:
    """List documents in the order they were taken in. A patient is searched for by POST, never here."""
    with office.database.read() as connection:
        wanted = Wanted(state=state, kind=kind, since=since, cursor=cursor, limit=limit)
        return DocumentList.model_validate(list_documents(connection, wanted))


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
