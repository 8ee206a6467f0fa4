"""What is shared with the person: the list, a document as a page, its octets, its files.

Each opening is recorded in the clinic's own chain before the first octet leaves (`open_shared`), and what is
being sent asks again and again whether it may: the commit of a revocation ends it.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from functools import partial
from typing import Annotated, Any, Final

from fastapi import APIRouter, Path, Request
from fastapi.responses import StreamingResponse
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from erepo.blobs.errors import StoredContentDamaged
from erepo.cloud.audit.events import CUT_OFF, Action, Event, Result, Thing
from erepo.cloud.audit.evidence import Evidence
from erepo.cloud.consents import NothingVisible, Opened, open_shared, still
from erepo.cloud.consents.errors import ConsentEnded
from erepo.cloud.registry.jobs import Note
from erepo.content import Buffer, MemoryContent
from erepo.portal import files
from erepo.portal.errors import NotShown, PathUnknown
from erepo.portal.files import Form
from erepo.portal.guard import StillDenied
from erepo.portal.models import SharedDocuments
from erepo.portal.office import AtOffice, Office
from erepo.portal.routes.common import SHOWN, problems
from erepo.portal.sessions import PatientSession, SignedIn, stands
from erepo.portal.showing import shared_documents
from erepo.settings import Settings
from erepo.texts import Language, spoken

router = APIRouter(tags=["documents"], dependencies=SHOWN)

Account = Annotated[str, Path(pattern="^[0-9]{16}$")]
UniqueId = Annotated[
    str, Path(pattern=r"^[\x21-\x7e]{1,256}$", description="Of the document, percent-encoded.")
]
_ONE: Final = "/portal/api/documents/{account}/{unique_id:path}"
#: Octets after which it is asked again whether they may be sent.
_EVERY: Final = 256 * 1024
_Make = Callable[[bytes, str, Settings, Language], Form]


@router.get(
    "/portal/api/documents",
    operation_id="listDocuments",
    summary="What is shared with me",
    responses=problems(401),
)
async def list_all(request: Request, office: AtOffice, who: SignedIn) -> SharedDocuments:
    """List the documents that are shared with the person now, newest consents first."""
    found = await office.cloud.reading(partial(shared_documents, office, who, _language(request)))
    count = str(len(found.documents))
    await office.note("", who.pseudonym, [Thing("query", "shared documents", count)])
    return found


def _file(words: str, *media_types: str) -> dict[int | str, dict[str, Any]]:
    schema = {"schema": {"type": "string", "format": "binary"}}
    return {
        **problems(401, 404, 422),
        200: {"description": words, "content": dict.fromkeys(media_types, schema)},
    }


@router.get(
    f"{_ONE}/page",
    operation_id="openDocument",
    summary="A document as a page",
    response_class=StreamingResponse,
    responses=_file("A page that runs and loads nothing; or the picture or PDF itself.", "text/html"),
)
async def show_page(
    request: Request, office: AtOffice, who: SignedIn, account: Account, unique_id: UniqueId
) -> Response:
    """Show a document."""
    return await _made(request, office, who, (account, unique_id), files.page)


@router.get(
    f"{_ONE}/files",
    operation_id="saveDocument",
    summary="A document with its stylesheet, as a zip",
    response_class=StreamingResponse,
    responses=_file("The signed XML to the octet, the stylesheet it names, a page.", "application/zip"),
)
async def save_files(
    request: Request, office: AtOffice, who: SignedIn, account: Account, unique_id: UniqueId
) -> Response:
    """Save a document so that it can be read without this service."""
    return await _made(request, office, who, (account, unique_id), files.packed)


@router.get(
    f"{_ONE}/content",
    operation_id="readContent",
    summary="The octets of a document",
    response_class=StreamingResponse,
    responses=_file("Exactly the octets that the clinic stored.", "text/xml", "application/pdf"),
)
async def content(
    request: Request, office: AtOffice, who: SignedIn, account: Account, unique_id: UniqueId
) -> StreamingResponse:
    """Give a document to the octet."""
    opened = await _opened(office, who, account, unique_id)
    document = opened.document
    form = files.itself(document.mime_type, _language(request))
    return _answer(office, who, opened, form, document.content.size, document.content.chunks())


async def _made(
    request: Request, office: Office, who: PatientSession, name: tuple[str, str], make: _Make
) -> Response:
    opened = await _opened(office, who, *name)
    document, limit = opened.document, office.settings.rendering.document
    if document.content.size > limit:
        raise NotShown

    async def made() -> Form:
        async with office.own_lane(who.account_id), office.lanes:
            octets = await office.cloud.heavily(lambda: b"".join(map(bytes, document.content.chunks())))
            work = partial(make, octets, document.mime_type, office.settings, _language(request))
            return await office.cloud.opening(work)

    def answer(form: Form) -> Response:
        if form.octets is None:
            return _answer(office, who, opened, form, document.content.size, document.content.chunks())
        content = MemoryContent(form.octets)
        return _answer(office, who, opened, form, content.size, content.chunks())

    # A page holds what its document holds, a zip both.
    room = office.cloud.bodies.answering(f"patient {who.account_id}", 2 * document.content.size)
    return _Roomy(room, made, answer)


class _Roomy(Response):
    """An answer that is made, and kept in memory, only while there is room for it.

    Whoever asks for many large ones and takes none would fill the memory with them otherwise. Raises
    ServiceBusy, and what making raises, before anything is sent.
    """

    def __init__(
        self,
        room: AbstractAsyncContextManager[None],
        make: Callable[[], Awaitable[Form]],
        answer: Callable[[Form], Response],
    ) -> None:
        super().__init__()
        self._room, self._make, self._answer = room, make, answer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Make it, send it."""
        async with AsyncExitStack() as held:
            await held.enter_async_context(self._room)
            form = await self._make()
            if form.octets is None:  # it is sent from where it is stored
                await held.aclose()
            await self._answer(form)(scope, receive, send)


async def _opened(office: Office, who: PatientSession, account: str, unique_id: str) -> Opened:
    """Open a document that a clinic of the person shares; anything else is not there.

    Raises:
        PathUnknown: it is not.
    """
    if account not in who.accounts:
        raise PathUnknown
    try:
        return await open_shared(office.cloud, who.readers, account, unique_id, who.who)
    except NothingVisible:
        raise PathUnknown from None


def _answer(
    office: Office, who: PatientSession, opened: Opened, form: Form, size: int, chunks: Iterator[Buffer]
) -> StreamingResponse:
    headers = {**form.headers, "content-length": str(size)}
    return StreamingResponse(_watched(office, who, opened, chunks), headers=headers)


async def _watched(
    office: Office, who: PatientSession, opened: Opened, chunks: Iterator[Buffer]
) -> AsyncIterator[bytes]:
    """Yield the chunks as long as they may be given; the first is asked for as well: making takes time."""
    sent = _EVERY
    while True:
        if sent >= _EVERY:
            sent = 0
            await _expect_still(office, who, opened)
        try:
            chunk = await office.cloud.heavily(lambda: next(chunks, None))
        except StoredContentDamaged:
            raise StillDenied from None
        if chunk is None:
            return
        yield bytes(chunk)
        sent += len(chunk)


async def _expect_still(office: Office, who: PatientSession, opened: Opened) -> None:
    """Prove that the consent holds, the person is signed in, and their clinic vouches for the address."""

    def holds() -> bool:
        return still(office.cloud, opened) and stands(office, who, opened.owner.id)

    if await office.cloud.reading(holds):
        return
    document = opened.document
    things = (
        Thing("document", document.document_unique_id, document.repository_unique_id),
        Thing("consent", opened.consent.id),
    )
    event = Event(CUT_OFF, Action.READ, opened.who, office.now(), things)
    event = event.ended(Result.MINOR, (ConsentEnded.code,))
    await office.cloud.writer.submit(Note(evidence=Evidence(opened.owner.id, (event,))))
    raise StillDenied


def _language(request: Request) -> Language:
    return spoken(request.headers.get("accept-language", ""))
