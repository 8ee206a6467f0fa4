"""Opening and saving one document, for a person who is on the staff.

A route of a server, or a command, is: make a `Who`, call a method, hand out what comes back.
"""

import asyncio
from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, replace
from enum import StrEnum
from types import MappingProxyType
from typing import Final

import sqlalchemy as sa

from erepo.acting.actor import PURPOSE_SCHEME
from erepo.cda.errors import DocumentTooLarge, NotXml
from erepo.cda.header import is_cda
from erepo.cda.kinds import KINDS
from erepo.cda.rendering.errors import NothingToRender, RenderingImpossible
from erepo.cda.rendering.page import Page
from erepo.cda.rendering.service import best_stylesheet, render
from erepo.clinic import audit
from erepo.clinic.actor import actor_of
from erepo.clinic.connection import CloudConnection
from erepo.clinic.content import ContentStore
from erepo.clinic.database import Database
from erepo.clinic.errors import StaffUnlinked
from erepo.clinic.permissions import person
from erepo.clinic.reading import parts
from erepo.clinic.reading.deliveries import Delivered, Opened, Saved
from erepo.clinic.reading.errors import DocumentMoving, NoAttachments, OctetsMissing, ReaderUnlinked
from erepo.clinic.reading.fetching import Fetched, fetch
from erepo.clinic.reading.finding import Found, find
from erepo.clinic.repositories import opening
from erepo.clinic.repository import Cloud
from erepo.clinic.structure import User
from erepo.identifiers.hl7 import CE
from erepo.settings import Settings


class Purpose(StrEnum):
    """Why somebody reads (HL7 ActReason), under the names people give it in commands."""

    TREATMENT = "treatment"
    EMERGENCY = "emergency"
    PATIENT = "patient"
    OPERATIONS = "operations"


_REASONS: Final[Mapping[Purpose, CE]] = MappingProxyType(
    {
        Purpose.TREATMENT: CE("TREAT", PURPOSE_SCHEME, "treatment"),
        Purpose.EMERGENCY: CE("ETREAT", PURPOSE_SCHEME, "emergency treatment"),
        Purpose.PATIENT: CE("PATRQT", PURPOSE_SCHEME, "patient requested"),
        Purpose.OPERATIONS: CE("HOPERAT", PURPOSE_SCHEME, "healthcare operations"),
    }
)


@dataclass(frozen=True, slots=True)
class Who:
    """The person who reads, by login, and why; `via` is the system that asks on their behalf, if one does."""

    login: str
    purpose: Purpose = Purpose.TREATMENT
    via: str = ""


OpenRepository = Callable[[User, CE], AbstractAsyncContextManager[Cloud]]
"""Opens the repository on behalf of a person with a purpose of use."""


@dataclass(frozen=True)
class Reader:
    """Opens and saves documents of one clinic; may be used by many coroutines at once.

    Attributes:
        database: the clinic's.
        settings: home, stylesheets, limits.
        repository: opens the repository for what is not kept here; None: the active account's.
    """

    database: Database
    settings: Settings
    repository: OpenRepository | None = None

    def describe(self, public_id: str, who: Who) -> Found:
        """Return what is known of a document, its patient included; that is a reading too.

        Raises:
            NoSuchUser, DocumentUnknown: see the errors.
        """
        with self.database.begin() as connection:
            user, found = person(connection, who.login), find(connection, public_id)
            self._note(connection, found, user, who, "header")
        return found

    async def open(self, public_id: str, who: Who) -> Opened:
        """Return a document to be looked at ("Pokaż w przeglądarce").

        Raises:
            NoSuchUser: nobody on the staff has this login.
            DocumentUnknown, DocumentGone, DocumentMoving, OctetsDiffer, OctetsMissing: see `fetch`.
            RenderingImpossible: it cannot be shown; it can be saved.
        """
        found, octets = await self._read(public_id, who, "page")
        if not is_cda(octets):
            if found.mime_type == "text/xml":
                raise NothingToRender
            return Opened(replace(parts.itself(found, octets), inline=True))
        page = await asyncio.to_thread(self._render, octets)
        files = await asyncio.to_thread(self._inside, found, octets, page)
        return Opened(
            parts.page(found, page),
            tuple(files),
            page.stylesheet.name,
            page.stylesheet.official,
            page.passed_over,
        )

    async def content(self, public_id: str, who: Who) -> Delivered:
        """Return the exact octets of a document, as a file.

        Raises:
            see `open`, but for RenderingImpossible.
        """
        found, octets = await self._read(public_id, who, "octets")
        return parts.itself(found, octets)

    async def save(self, public_id: str, who: Who) -> Saved:
        """Return a document as files: the exact XML, its stylesheet, a page, what the page cannot show.

        A document that is no CDA is one file. One that cannot be shown is saved without the page.

        Raises:
            see `open`, but for RenderingImpossible.
        """
        found, octets = await self._read(public_id, who, "files")
        document = parts.itself(found, octets)
        if not is_cda(octets):
            return Saved(document)
        return Saved(document, tuple(await asyncio.to_thread(self._beside, found, octets)))

    async def attachments(self, public_id: str, who: Who) -> tuple[Delivered, ...]:
        """Return the attachments of shared documentation, and a patient's own file ("Zapisz załącznik").

        Raises:
            NoAttachments: another kind, or there are none.
            see `open`.
        """
        _, asked = await asyncio.to_thread(self._look, public_id, who)
        if not KINDS[asked.kind].has_attachments:
            raise _none(asked)
        found, octets = await self._read(public_id, who, "attachments")
        if not is_cda(octets):
            return (parts.itself(found, octets),)
        files = await asyncio.to_thread(parts.attachments, found, octets, self._limit)
        if not files:
            raise _none(found)
        return tuple(files)

    async def _read(self, public_id: str, who: Who, form: str) -> tuple[Found, bytes]:
        user, found = await asyncio.to_thread(self._look, public_id, who)
        try:
            fetched = await self._fetch(found, user, who)
        except (OctetsMissing, DocumentMoving):
            before, (user, found) = found, await asyncio.to_thread(self._look, public_id, who)
            if found.state is before.state:
                raise
            # A purge, an archiving or a migration came between looking and fetching: now it lies elsewhere.
            fetched = await self._fetch(found, user, who)
        # Committed before anything is handed out: nobody reads what the history does not know of.
        await asyncio.to_thread(self._record, found, user, who, form, fetched)
        return found, fetched.octets

    async def _fetch(self, found: Found, user: User, who: Who) -> Fetched:
        store = ContentStore.at(self.settings)
        return await fetch(found, store, lambda: self._open_repository(user, _REASONS[who.purpose]))

    def _look(self, public_id: str, who: Who) -> tuple[User, Found]:
        with self.database.read() as connection:
            return person(connection, who.login), find(connection, public_id)

    def _record(self, found: Found, user: User, who: Who, form: str, fetched: Fetched) -> None:
        with self.database.begin() as connection:
            self._note(connection, found, user, who, form, fetched.place)

    def _note(
        self, connection: sa.Connection, found: Found, user: User, who: Who, form: str, place: str = ""
    ) -> None:
        detail = {"purpose": _REASONS[who.purpose].code, "form": form}
        detail |= {name: value for name, value in (("from", place), ("via", who.via)) if value}
        audit.record(connection, "read", [found.id], actor=user.login, detail=detail)

    def _open_repository(self, user: User, purpose: CE) -> AbstractAsyncContextManager[Cloud]:
        if self.repository is not None:
            return self.repository(user, purpose)
        account = opening(self.database, self.settings)
        if not isinstance(account, CloudConnection):
            return account
        try:
            actor = actor_of(user, account.account, purpose)
        except StaffUnlinked:
            raise ReaderUnlinked(login=user.login) from None
        return replace(account, actor=actor)

    def _render(self, octets: bytes) -> Page:
        return render(octets, self.settings.stylesheet_folder, self.settings.rendering)

    def _beside(self, found: Found, octets: bytes) -> list[Delivered]:
        page: Page | None = None
        try:
            page = self._render(octets)
            sheet = page.stylesheet
        except RenderingImpossible:
            sheet = best_stylesheet(octets, self.settings.stylesheet_folder)
        files = [parts.stylesheet(octets, sheet)]
        if page is not None:
            files.append(parts.page(found, page))
        return parts.named_apart(files + self._inside(found, octets, page))

    def _inside(self, found: Found, octets: bytes, page: Page | None) -> list[Delivered]:
        try:
            return parts.attachments(found, octets, self._limit, beside=page)
        except (NotXml, DocumentTooLarge):
            return []

    @property
    def _limit(self) -> int:
        return self.settings.limits.document


def _none(found: Found) -> NoAttachments:
    label = KINDS[found.kind].label
    return NoAttachments(document=found.public_id, kind_en=label.en, kind_pl=label.pl)
