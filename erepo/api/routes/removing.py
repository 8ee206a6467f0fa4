"""`POST /api/deletions`: delete in the repository, five kinds only; on behalf of a member of the staff."""

import asyncio

from fastapi import APIRouter

from erepo.api.access import ActingUser, AtOffice, DocumentRemover
from erepo.api.models import DeletionResult, Ids, NotDeleted
from erepo.api.routes.common import on_behalf, problems
from erepo.clinic.deleting import delete_documents
from erepo.clinic.repositories import opening

router = APIRouter(tags=["removal"])


@router.post(
    "/api/deletions",
    operation_id="deleteDocuments",
    summary="Delete documents in the repository",
    responses=problems(422),
)
async def delete(office: AtOffice, caller: DocumentRemover, login: ActingUser, wanted: Ids) -> DeletionResult:
    """Delete documents in the repository, and their content here, for good.

    Only prescriptions and referrals to a specialist, to a hospital, for a diagnostic test sent to P1 and for
    rehabilitation; never under a legal hold. All of the ids may be deleted, or nothing is. What is
    interrupted is finished by the next run of archiving or verifying. The user needs the permission `delete`.
    """
    # The keys are opened in a thread: that takes long enough to keep others waiting.
    async with await asyncio.to_thread(opening, office.database, office.settings) as cloud:
        await on_behalf(office, caller, login, "delete", len(wanted.ids))
        done = await delete_documents(cloud, office.database, wanted.ids, login)
    failed = [NotDeleted(id=one.document, code=one.code) for one in done.failed]
    return DeletionResult(deleted=done.deleted, failed=failed)
