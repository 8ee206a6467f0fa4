"""`POST /api/documents`: a document in, durable before it is answered."""

import asyncio
from typing import Annotated, Any

from fastapi import APIRouter, Header, Request, Response
from sqlalchemy.exc import IntegrityError

from erepo.api.access import AtOffice, DocumentWriter, Office
from erepo.api.errors import Unexpected
from erepo.api.listing import state_of
from erepo.api.models import Taken
from erepo.api.requests import Answered, RequestKey, check_key
from erepo.api.routes.common import problems
from erepo.api.tokens import Token
from erepo.api.uploads import Upload, read_upload
from erepo.clinic.intake import Outcome, Received, Status

router = APIRouter(tags=["documents"])

_FORM: dict[str, Any] = {
    "type": "object",
    "required": ["document"],
    "properties": {
        "document": {"type": "string", "format": "binary"},
        "metadata": {
            "type": "object",
            "description": "What the document does not say itself (docs/reference/import.md).",
            "properties": {
                "patient": {
                    "description": "PESEL, HL7 CX, or an object with id, authority, given, family, …",
                    "oneOf": [{"type": "string"}, {"type": "object"}],
                },
                "kind": {"type": "string"},
                "title": {"type": "string"},
                "created": {"type": "string", "format": "date-time"},
            },
            "example": {"patient": {"id": "44051401359"}, "kind": "attachment", "title": "Skan"},
        },
    },
}
_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "description": "The document's octets alone, or as `document` beside `metadata`.",
        "content": {
            **{
                kind: {"schema": {"type": "string", "format": "binary"}}
                for kind in ("text/xml", "application/pdf", "image/jpeg", "image/png", "image/tiff")
            },
            "multipart/form-data": {
                "schema": _FORM,
                "encoding": {"metadata": {"contentType": "application/json"}},
            },
        },
    }
}
_LOCATION = {"Location": {"description": "Of the document.", "schema": {"type": "string"}}}


@router.post(
    "/api/documents",
    operation_id="takeDocumentIn",
    summary="Take a document in",
    status_code=201,
    responses={
        **problems(408, 413, 415, 422),
        200: {"model": Taken, "description": "These octets were here before.", "headers": _LOCATION},
        201: {"model": Taken, "description": "Taken in; it is on the disk.", "headers": _LOCATION},
    },
    openapi_extra=_BODY,
)
async def take_in(
    request: Request,
    response: Response,
    office: AtOffice,
    caller: DocumentWriter,
    idempotency_key: Annotated[
        str | None,
        Header(description="New for each document. A repeated request with it is answered as the first was."),
    ] = None,
) -> Taken:
    """Take a document in.

    Answered only once its octets and its row are on the disk. The same octets are one document, whoever sends
    them, with or without a key.
    """
    if idempotency_key is not None:
        check_key(idempotency_key)
    limits = office.settings
    upload = await read_upload(request, office.store, limits.limits.document, limits.http)
    try:
        async with office.lanes:
            answer, state = await asyncio.to_thread(_answer, office, caller, upload, idempotency_key)
    finally:
        upload.discard(office.store)
    response.status_code = answer.status
    response.headers["location"] = f"/api/documents/{answer.public_id}"
    return Taken(id=answer.public_id, state=state)


def _answer(office: Office, caller: Token, upload: Upload, key: str | None) -> tuple[Answered, Any]:
    answer = _take(office, caller, upload, key)
    with office.database.read() as connection:
        return answer, state_of(connection, answer.public_id)


def _take(office: Office, caller: Token, upload: Upload, key: str | None) -> Answered:
    received = Received(upload.content, upload.digests, upload.known, name=upload.name, actor=caller.actor)
    if key is None:
        return _plain(office.intake.take_received(received))
    wanted = RequestKey.of(caller.id, key, upload.digests.sha256, upload.metadata)
    with office.database.read() as connection:
        if before := wanted.recall(connection):
            return before
    outcome = office.intake.take_received(received, also=wanted.taken_in)
    return _remembered(office, wanted, _plain(outcome))


def _remembered(office: Office, wanted: RequestKey, answer: Answered) -> Answered:
    """Return what the key answers: of equal requests at one moment, one took the document in."""
    with office.database.read() as connection:
        if before := wanted.recall(connection):
            return before
    try:
        with office.database.begin() as connection:
            return wanted.remember(connection, answer)
    except IntegrityError:
        # Only where writers do not exclude each other: the other one has committed by now.
        with office.database.read() as connection:
            return wanted.recall(connection) or answer


def _plain(outcome: Outcome) -> Answered:
    if outcome.status is Status.REFUSED:
        raise outcome.reason or Unexpected()
    return Answered(201 if outcome.status is Status.TAKEN else 200, outcome.public_id)
