"""Opening and saving: from here or from the repository, the exact octets, by whom and why in the history."""

import hashlib
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing
from pathlib import Path

import pytest
import sqlalchemy as sa

from erepo.cda.kinds import Kind
from erepo.cda.rendering.errors import NothingToRender, RenderingTooLarge
from erepo.cda.rendering.stylesheets import own
from erepo.clinic import audit
from erepo.clinic.content import ContentStore
from erepo.clinic.intake import Intake
from erepo.clinic.permissions import NoSuchUser
from erepo.clinic.reading import Purpose, Reader, Who
from erepo.clinic.reading.errors import (
    DocumentGone,
    DocumentMoving,
    DocumentUnknown,
    NoAttachments,
    OctetsDiffer,
    OctetsMissing,
)
from erepo.clinic.reading.parts import stylesheet
from erepo.clinic.repository import Cloud
from erepo.clinic.states import State
from erepo.clinic.structure import User
from erepo.clinic.tables import audit_event, document
from erepo.identifiers.hl7 import CE
from tests.support import cda_documents as cda
from tests.support.archive_desk import Desk
from tests.support.pages import base64_of, body, media, picture, section

WHO = Who("archiwum")
PDF = b"%PDF-1.7 wynik"


class ReadingDesk(Desk):
    """A clinic with documents, its repository, and a reader; counts who asked the repository and why."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.asked: list[tuple[str, str]] = []
        self.reader = Reader(self.database, self.settings, self._repository)

    @asynccontextmanager
    async def _repository(self, user: User, purpose: CE) -> AsyncIterator[Cloud]:
        self.asked.append((user.login, purpose.code))
        yield self.cloud  # type: ignore[misc] - the model leaves out what reading does not need

    def take(self, octets: bytes, *, name: str = "44051401359_wynik.xml", kind: Kind | None = None) -> str:
        """Take one document in and return its id."""
        path = self.settings.home / name
        path.write_bytes(octets)
        Intake.at(self.database, self.settings).take_folder([path], kind=kind)
        with self.database.read() as connection:
            newest = sa.select(document.c.public_id).order_by(document.c.id.desc()).limit(1)
            return str(connection.execute(newest).scalar_one())

    def put(self, octets: bytes, state: str) -> str:
        """Take one document in and make it stand in a state, its content where it belongs."""
        public_id = self.take(octets)
        with self.database.begin() as connection:
            connection.execute(document.update().values(state=state))
        ((unique_id, sha256),) = self.rows(document.c.unique_id, document.c.sha256)
        if state in {"archived", "remote"}:
            self.cloud.octets[unique_id] = octets
        if not State(state).keeps_content:
            ContentStore.at(self.settings).remove(sha256)
        return public_id

    def history(self) -> list[tuple[str, dict[str, str]]]:
        """Return who read what, and why."""
        with self.database.read() as connection:
            found = connection.execute(
                sa.select(audit_event.c.actor, audit_event.c.detail).where(audit_event.c.event == "read")
            )
            return [(row.actor, row.detail) for row in found]


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[ReadingDesk]:
    """A clinic without documents."""
    with closing(ReadingDesk(tmp_path)) as desk:
        yield desk


@pytest.mark.parametrize("state", ["local", "queued", "sending", "archived", "rejected", "blocked"])
async def test_documents_that_are_here_are_read_here(desk: ReadingDesk, state: str) -> None:
    """In every state that keeps content the repository is not asked; the history knows who and why."""
    public_id = desk.put(cda.document(), state)
    _, octets = await desk.reader._read(public_id, Who("archiwum", Purpose.EMERGENCY), "page")
    assert octets == cda.document()
    assert desk.asked == []
    assert desk.history() == [("archiwum", {"purpose": "ETREAT", "form": "page", "from": "local"})]


async def test_documents_that_are_not_here_are_fetched(desk: ReadingDesk) -> None:
    """On behalf of the person and with the purpose; nothing is kept here that was purged."""
    public_id = desk.put(cda.document(), "remote")
    saved = await desk.reader.save(public_id, Who("archiwum", Purpose.PATIENT))
    assert saved.document.content == cda.document()
    assert desk.asked == [("archiwum", "PATRQT")]
    assert desk.history() == [("archiwum", {"purpose": "PATRQT", "form": "files", "from": "repository"})]
    assert list(ContentStore.at(desk.settings).stored()) == []


@pytest.mark.parametrize("damage", ["changed", "cut", "gone"])
async def test_a_damaged_copy_is_replaced_by_the_repositorys(desk: ReadingDesk, damage: str) -> None:
    """What is here is shown only if it is what was taken in; an archived document is fetched instead."""
    public_id = desk.put(cda.document(), "archived")
    path = ContentStore.at(desk.settings).path(hashlib.sha256(cda.document()).hexdigest())
    if damage == "gone":
        path.unlink()
    else:
        octets = cda.document()
        path.write_bytes(octets[:-1] if damage == "cut" else octets.replace(b"44051401359", b"44051401358"))
    _, octets = await desk.reader._read(public_id, WHO, "files")
    assert octets == cda.document()
    assert desk.asked == [("archiwum", "TREAT")]


async def test_other_octets_from_the_repository_are_never_shown(desk: ReadingDesk) -> None:
    """The answer is compared with our row; the error tells sizes, the history tells of no reading."""
    public_id = desk.put(cda.document(), "remote")
    desk.cloud.octets = {name: octets + b" " for name, octets in desk.cloud.octets.items()}
    with pytest.raises(OctetsDiffer):
        await desk.reader.open(public_id, WHO)
    desk.cloud.octets = {}
    with pytest.raises(OctetsMissing):
        await desk.reader.open(public_id, WHO)
    assert desk.history() == []


async def test_lost_content_that_nobody_has_is_told(desk: ReadingDesk) -> None:
    """A document that was never sent cannot be fetched."""
    public_id = desk.put(cda.document(), "local")
    ContentStore.at(desk.settings).remove(hashlib.sha256(cda.document()).hexdigest())
    with pytest.raises(OctetsMissing):
        await desk.reader.open(public_id, WHO)
    assert desk.asked == []


@pytest.mark.parametrize(("state", "error"), [("deleted", DocumentGone), ("migrating", DocumentMoving)])
async def test_documents_that_are_gone_or_moving(
    desk: ReadingDesk, state: str, error: type[Exception]
) -> None:
    """Each has its own error, and the repository is not asked."""
    public_id = desk.put(cda.document(), state)
    for attempt in (desk.reader.open, desk.reader.save):
        with pytest.raises(error):
            await attempt(public_id, WHO)
    assert (desk.asked, desk.history()) == ([], [])


async def test_only_staff_read_and_only_what_there_is(desk: ReadingDesk) -> None:
    """An unknown login is refused before anything is looked for; an unknown id is told as such."""
    public_id = desk.put(cda.document(), "local")
    for attempt in (desk.reader.open, desk.reader.save, desk.reader.attachments):
        with pytest.raises(NoSuchUser):
            await attempt(public_id, Who("nobody"))
        with pytest.raises(DocumentUnknown):
            await attempt("0" * 32, WHO)
    with pytest.raises(NoSuchUser):
        desk.reader.describe(public_id, Who("nobody"))
    assert desk.history() == []


async def test_nothing_is_handed_out_that_the_history_does_not_know_of(
    desk: ReadingDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Crash window: the history is committed first; where it cannot be, nobody reads."""
    public_id = desk.put(cda.document(), "local")

    def fail(*_: object, **__: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(audit, "record", fail)
    for attempt in (desk.reader.open, desk.reader.save):
        with pytest.raises(OSError, match="disk full"):
            await attempt(public_id, WHO)
    with pytest.raises(OSError, match="disk full"):
        desk.reader.describe(public_id, WHO)


async def test_saved_files_belong_together(desk: ReadingDesk) -> None:
    """The XML to the octet, the XSL under the name that the XML asks for, a page; names tell no patient."""
    saved = await desk.reader.save(desk.put(cda.document(), "local"), WHO)
    xml, xsl, page = saved.files
    assert xml.content == cda.document()
    assert (xsl.name, xsl.content) == ("CDA_PL_IG_1.3.1.xsl", own().octets)
    assert b'href="CDA_PL_IG_1.3.1.xsl"' in xml.content
    assert page.content.startswith(b"<!DOCTYPE html>")
    assert xml.name.removesuffix(".xml") == page.name.removesuffix(".html")
    assert not any(word in one.name for one in saved.files for word in ("44051401359", "Próbny"))


@pytest.mark.parametrize(
    "asked",
    [
        "../CDA.xsl",
        "/etc/x.xsl",
        "https://evil.example/x.xsl",
        "CDA.exe",
        "..\\x.xsl",
        "x" * 90 + ".xsl",
        ".xsl",
    ],
)
def test_a_stylesheets_name_that_leads_elsewhere_is_not_followed(asked: str) -> None:
    """The name in the document is the document's word: only a plain one is taken."""
    prolog = f'<?xml version="1.0"?>\n<?xml-stylesheet href="{asked}" type="text/xsl"?>\n'
    assert stylesheet(cda.document(prolog=prolog), own()).name == "erepo-pik.xsl"


async def test_what_a_page_cannot_show_lies_beside_it(desk: ReadingDesk) -> None:
    """A PDF inside is handed out with the page and with the files; a picture that is shown is not."""
    entries = media(base64_of(PDF), "application/pdf", "A") + media(base64_of(picture()), "image/png", "B")
    public_id = desk.put(cda.document(rest=body(section("x", more=entries))), "local")
    opened = await desk.reader.open(public_id, WHO)
    assert "Jan Próbny".encode() in opened.page.content
    assert [(one.content, one.media_type) for one in opened.attachments] == [(PDF, "application/pdf")]
    assert opened.attachments[0].headers["Content-Disposition"].startswith("attachment")
    saved = await desk.reader.save(public_id, WHO)
    assert [one.name.rpartition(".")[2] for one in saved.files] == ["xml", "xsl", "html", "pdf"]


async def test_attachments_are_saved_of_shared_documentation_alone(desk: ReadingDesk) -> None:
    """Manual 1.2: the button works for that kind; then all files inside, or the scan itself."""
    entries = media(base64_of(PDF), "application/pdf", "A") + media(base64_of(picture()), "image/png", "B")
    octets = cda.document(rest=body(section("x", more=entries)))
    shared = desk.take(octets, kind=Kind.SHARED_DOCUMENTATION)
    files = await desk.reader.attachments(shared, WHO)
    assert [one.content for one in files] == [PDF, picture()]
    scan = desk.take(PDF, name="44051401359_wypis.pdf", kind=Kind.SHARED_DOCUMENTATION)
    (one,) = await desk.reader.attachments(scan, WHO)
    assert (one.content, one.name) == (PDF, "44051401359_wypis.pdf")
    empty = desk.take(cda.document(identity=_identity("E")), kind=Kind.SHARED_DOCUMENTATION, name="e.xml")
    other = desk.take(cda.document(identity=_identity("O")), name="o.xml")
    for public_id in (empty, other):
        with pytest.raises(NoAttachments):
            await desk.reader.attachments(public_id, WHO)


def _identity(extension: str) -> str:
    return f'<id root="{cda.P1}.2.7.100300.7.1" extension="{extension}"/>'


async def test_documents_that_are_no_cda(desk: ReadingDesk) -> None:
    """A scan is opened as itself, saved as one file; other XML can be saved, not opened."""
    scan = desk.take(PDF, name="44051401359_skan.pdf")
    opened = await desk.reader.open(scan, WHO)
    assert (opened.page.content, opened.page.media_type, opened.page.inline) == (PDF, "application/pdf", True)
    assert "sandbox" in opened.page.headers["Content-Security-Policy"]
    assert len((await desk.reader.save(scan, WHO)).files) == 1
    other = desk.take(b"<a/>", name="44051401359_a.xml")
    with pytest.raises(NothingToRender):
        await desk.reader.open(other, WHO)
    assert (await desk.reader.save(other, WHO)).document.content == b"<a/>"


@pytest.mark.parametrize("limit", ["page", "document"])
async def test_a_document_that_cannot_be_shown_can_be_saved(desk: ReadingDesk, limit: str) -> None:
    """Above a limit of pages the XML and its stylesheet are saved, without a page."""
    small = desk.settings.rendering.model_copy(update={limit: 100})
    reader = Reader(desk.database, desk.settings.model_copy(update={"rendering": small}))
    public_id = desk.put(cda.document(), "local")
    saved = await reader.save(public_id, WHO)
    assert [one.name.rpartition(".")[2] for one in saved.files] == ["xml", "xsl"]
    with pytest.raises(RenderingTooLarge):
        await reader.open(public_id, WHO)


def test_looking_at_the_header_is_a_reading(desk: ReadingDesk) -> None:
    """Who sees the patient's name is in the history; nothing of the patient is in what is printed of it."""
    found = desk.reader.describe(desk.put(cda.document(), "local"), WHO)
    assert (found.given, found.family, found.identifier) == ("Jan", "Próbny", "44051401359")
    assert desk.history() == [("archiwum", {"purpose": "TREAT", "form": "header"})]
    assert not any(word in f"{found!r}{found.as_json()}" for word in ("Próbny", "44051401359"))
