"""The index of documents in P1: how far it is, ask for it, what is late; `index-documents` does the work."""

import asyncio
from datetime import timedelta

import sqlalchemy as sa
from fastapi import APIRouter

from erepo.api.access import ActingUser, AtOffice, DocumentReader, Indexer, Office
from erepo.api.models import Ids, PublicId
from erepo.api.models_indexing import DocumentIndex, IndexReport, MedicalEvent, OrderedIndexes, WhyNot
from erepo.api.routes.common import on_behalf, problems
from erepo.clinic.indexing import Shown, account_in_use, ask, enrol, report, set_event, show
from erepo.clinic.tables import now

router = APIRouter(tags=["index"])


@router.get(
    "/api/documents/{public_id}/index",
    operation_id="readIndex",
    summary="How far a document's index in P1 is",
    responses=problems(404),
)
def read(office: AtOffice, _: DocumentReader, public_id: PublicId) -> DocumentIndex:
    """Show state, deadline, and why it is not in the index; 404 where nothing is known of an index of it."""
    with office.database.read() as connection:
        return _told(show(connection, public_id, now()))


@router.post(
    "/api/indexings",
    operation_id="orderIndexes",
    summary="Have documents indexed in P1",
    status_code=202,
    responses=problems(404, 422),
)
async def order(office: AtOffice, caller: Indexer, login: ActingUser, wanted: Ids) -> OrderedIndexes:
    """Have documents indexed by the next run, also of kinds that the law does not name; all or none.

    What was refused is tried again. May be repeated: a document is indexed once.
    """
    await on_behalf(office, caller, login, "index", len(wanted.ids))

    def write() -> int:
        with office.database.begin() as connection:
            return ask(connection, office.store, wanted.ids, login)

    return OrderedIndexes(ordered=await asyncio.to_thread(write))


@router.put(
    "/api/documents/{public_id}/medical-event",
    operation_id="setMedicalEvent",
    summary="Say which medical event a document belongs to",
    status_code=204,
    responses=problems(404, 422),
)
async def give_event(
    office: AtOffice, caller: Indexer, login: ActingUser, public_id: PublicId, wanted: MedicalEvent
) -> None:
    """Write the medical event (ZM) down, where the document's header names none; refused, it waits again."""
    await on_behalf(office, caller, login, "medical event", 1)

    def write() -> None:
        enrol(office.database, office.store, now())
        with office.database.begin() as connection:
            set_event(connection, public_id, wanted.root, wanted.number, login)

    await asyncio.to_thread(write)


@router.get(
    "/api/index-report",
    operation_id="readIndexReport",
    summary="What is late in P1's index, and why",
    responses=problems(),
)
def read_report(office: AtOffice, _: Indexer) -> IndexReport:
    """Show counts, and the documents after their deadline; P1 is not asked."""
    with office.database.read() as connection:
        account = account_in_use(connection)
    # What no run has seen yet may be late all the same.
    enrol(office.database, office.store, now())
    with office.database.read() as connection:
        return _report(office, connection, account)


def _report(office: Office, connection: sa.Connection, account: str) -> IndexReport:
    warn = timedelta(hours=office.settings.indexing.warn_hours)
    found = report(connection, account, now(), warn, whole=True)
    return IndexReport(
        states=found.states,
        late=found.late,
        near=found.near,
        owed=found.owed,
        reasons=found.reasons,
        documents=[_told(one) for one in found.listed],
        paused_until=found.pause.resume_at if found.pause else None,
        problem=found.problem.code if found.problem else None,
    )


def _told(one: Shown) -> DocumentIndex:
    plain = one.as_json()
    reason = WhyNot.model_validate(plain["reason"]) if one.reason else None
    facts = {name: plain[name] for name in DocumentIndex.model_fields if name in plain}
    return DocumentIndex(**facts | {"id": one.document, "event_known": bool(one.event), "reason": reason})
