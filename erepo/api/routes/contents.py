"""What is in a document: a page, its octets, its files, its attachments; on behalf of a member of the staff.

Each reading is noted in the history, with login, purpose and token, before anything is handed out.
"""

from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Response

from erepo.api.access import ActingUser, AtOffice, DocumentOpener, Office
from erepo.api.models import PublicId
from erepo.api.routes.common import problems
from erepo.clinic.reading import Delivered, Purpose, Reader, Who
from erepo.clinic.reading.parts import zip_of

router = APIRouter(tags=["contents"])

_Purpose = Annotated[
    Purpose,
    Header(alias="X-Erepo-Purpose", description="Why it is read; stands in the history."),
]


def _who(caller: DocumentOpener, login: ActingUser, purpose: _Purpose = Purpose.TREATMENT) -> Who:
    return Who(login, purpose, caller.actor)


AsWhom = Annotated[Who, Depends(_who)]


def _file(words: str, *media_types: str) -> dict[int | str, dict[str, Any]]:
    schema = {"schema": {"type": "string", "format": "binary"}}
    found: dict[int | str, dict[str, Any]] = {
        200: {"description": words, "content": dict.fromkeys(media_types, schema)}
    }
    return {**problems(404, 410, 422, 502), **found}


@router.get(
    "/api/documents/{public_id}/page",
    operation_id="openDocument",
    summary="A document as a page",
    response_class=Response,
    responses=_file("A page that runs nothing and loads nothing; or the picture or PDF itself.", "text/html"),
)
async def open_page(office: AtOffice, who: AsWhom, public_id: PublicId) -> Response:
    """Show a document. The headers of the answer are part of it: whoever passes it on, passes them on."""
    async with office.lanes:
        opened = await _reader(office).open(public_id, who)
    return _answer(opened.page)


@router.get(
    "/api/documents/{public_id}/content",
    operation_id="readContent",
    summary="The octets of a document",
    response_class=Response,
    responses=_file("Exactly the octets that were taken in.", "text/xml", "application/pdf"),
)
async def content(office: AtOffice, who: AsWhom, public_id: PublicId) -> Response:
    """Give a document to the octet, from here or from the repository."""
    async with office.lanes:
        return _answer(await _reader(office).content(public_id, who))


@router.get(
    "/api/documents/{public_id}/files",
    operation_id="saveDocument",
    summary="A document with stylesheet and page",
    response_class=Response,
    responses=_file("The XML, its stylesheet, a page; of another document, itself.", "application/zip"),
)
async def files(office: AtOffice, who: AsWhom, public_id: PublicId) -> Response:
    """Save a document: the signed XML to the octet, the stylesheet it names, a page to read without both."""
    async with office.lanes:
        saved = await _reader(office).save(public_id, who)
    return _answer(_zip(saved.files))


@router.get(
    "/api/documents/{public_id}/attachments",
    operation_id="saveAttachments",
    summary="The attachments of a document",
    response_class=Response,
    responses=_file("The attachments of shared medical documentation.", "application/zip"),
)
async def attachments(office: AtOffice, who: AsWhom, public_id: PublicId) -> Response:
    """Save the attachments of shared medical documentation, and of no other kind."""
    async with office.lanes:
        found = await _reader(office).attachments(public_id, who)
    return _answer(_zip(found))


def _reader(office: Office) -> Reader:
    return Reader(office.database, office.settings)


def _zip(found: Sequence[Delivered]) -> Delivered:
    return zip_of(found, found[0].name.rpartition(".")[0])


def _answer(one: Delivered) -> Response:
    # Given as a header: of a type that is text the framework would say an encoding nobody knows.
    return Response(one.content, headers={**one.headers, "Content-Type": one.media_type})
