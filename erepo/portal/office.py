"""What all routes work with, made once per process."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated, Final
from weakref import WeakValueDictionary

from fastapi import Depends, Request

from erepo.cloud.audit.events import PORTAL, Action, Event, Result, Thing, Who
from erepo.cloud.audit.evidence import Evidence
from erepo.cloud.patients.keys import Keys, PatientKeys
from erepo.cloud.registry.jobs import Change, Note, Outcome
from erepo.cloud.service import Cloud
from erepo.portal.carriers import Carriers
from erepo.settings import Settings

#: Documents that are made into pages or files at once; others wait.
_LANES: Final = 4
#: Whose chain tells of people who sign in: nobody's account.
NOBODY: Final = 0


@dataclass(frozen=True)
class Office:
    """One process of the portal."""

    cloud: Cloud
    patients: PatientKeys
    carriers: Carriers
    lanes: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(_LANES))
    _own: WeakValueDictionary[int, asyncio.Semaphore] = field(default_factory=WeakValueDictionary)

    @property
    def settings(self) -> Settings:
        """Of the installation."""
        return self.cloud.settings

    @property
    def keys(self) -> Keys:
        """Of patients' accounts; fetched when the process began."""
        return self.patients.get()

    def own_lane(self, account_id: int) -> asyncio.Semaphore:
        """Return the one lane that a person has: whoever asks for hundreds of pages waits for themselves."""
        lane = self._own.get(account_id)
        if lane is None:
            self._own[account_id] = lane = asyncio.Semaphore(1)
        return lane

    def now(self) -> datetime:
        """The service's clock as the tables keep time: UTC, naive."""
        return self.cloud.consent_time()

    async def change(self, job: Change) -> Outcome:
        """Have something written with its event, and wait for the commit.

        Raises:
            StorageUnavailable, ServiceStopping: nobody knows whether it was; ask again.
        """
        return await asyncio.shield(self.cloud.writer.submit(job))

    async def note(self, what: str, who: Who, things: Sequence[Thing], action: Action = Action.READ) -> None:
        """Record a look before its answer goes out."""
        evidence = self.evidence(what, who, things, action)
        await asyncio.shield(self.cloud.writer.submit(Note(evidence=evidence)))

    def evidence(
        self,
        what: str,
        who: Who,
        things: Sequence[Thing],
        action: Action = Action.EXECUTE,
        refused: str = "",
    ) -> Evidence:
        """Return the evidence of something that a person does here.

        Args:
            what: `sign-in` and the like; empty for looking at lists.
            who: which person, from where.
            things: what it is about.
            action: what kind of deed.
            refused: code of the error that it ends in; empty: none.
        """
        name = f"{PORTAL}: {what}" if what else PORTAL
        event = Event(name, action, who, self.now(), tuple(each.bounded() for each in things))
        if refused:
            event = event.ended(Result.SERIOUS, (refused,))
        return Evidence(NOBODY, (event,))


def office_of(request: Request) -> Office:
    """Return the office of the process that serves a request."""
    office: Office = request.app.state.office
    return office


AtOffice = Annotated[Office, Depends(office_of)]


def address_of(request: Request) -> str:
    """Return from where a request came, as the connection says it: no header does."""
    return request.client.host if request.client else ""
