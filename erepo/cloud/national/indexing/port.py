"""What indexing needs of P1, in words; `p1` is how it is really asked."""

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Protocol

from erepo.cloud.national.credentials import Credentials
from erepo.xds.iti42 import Registration
from erepo.xds.iti57 import Update
from erepo.xds.model import DocumentEntry


@dataclass(frozen=True, slots=True)
class Provider:
    """In whose name P1 is asked; `fingerprint` is of the WSS certificate."""

    tenant_id: int
    fingerprint: str
    credentials: Credentials = field(repr=False)


@dataclass(frozen=True, slots=True)
class Acting:
    """Who acts at P1: what a token is asked for, so one token serves all of a person's documents.

    Attributes:
        organisation: resort code I.
        place: resort codes I-VII of the cell.
        user: register and number of the person.
        role, purpose: P1's words.
        patient: authority and number of whom it is about, where P1 is to know that.
    """

    organisation: str
    place: str
    user: tuple[str, str] = field(repr=False)
    role: str
    purpose: str
    patient: tuple[str, str] | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Found:
    """What P1's index answered: documents in any status, and how far its clock is ahead of ours."""

    documents: tuple[DocumentEntry, ...]
    ahead: float = 0.0


class Session(Protocol):
    """Requests with one token. All raise errors of `erepo.p1`, `erepo.soap` and `erepo.xds`."""

    async def find(self, unique_ids: Sequence[str]) -> Found:
        """Ask for documents of one patient (ITI-18)."""
        ...

    async def register(self, registration: Registration) -> None:
        """Register an index (ITI-42)."""
        ...

    async def update(self, update: Update) -> None:
        """Change what is registered (ITI-57)."""
        ...


class NationalIndex(Protocol):
    """P1's index of documents."""

    def session(self, provider: Provider, acting: Acting) -> AbstractAsyncContextManager[Session]:
        """Get a token, unless one is at hand, and open a session with it."""
        ...
