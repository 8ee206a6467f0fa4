"""What is asked of P1 and of other providers' repositories, in words; `p1` is how it is really asked."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Protocol

from erepo.cloud.national.indexing.port import Acting, Provider
from erepo.content import Buffer
from erepo.xds.model import DocumentEntry

#: A life is in danger: no consent is asked for, and everybody is told.
EMERGENCY: Final = "BTG"
#: Scheme of P1's purposes (attribute of its tokens), for the record.
PURPOSE_SCHEME: Final = "urn:oasis:names:tc:xacml:2.0:action:purpose"


@dataclass(frozen=True, slots=True)
class Window:
    """Times of creation, half-open, aware; None: no end."""

    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Located:
    """A document in another provider's repository, as P1's index names it.

    Attributes:
        repository_id, unique_id: where, and what it is called.
        sha1: hex, as the index says.
        size: octets, likewise; None where the index does not say.
    """

    repository_id: str
    unique_id: str
    sha1: str
    size: int | None = None


@dataclass(frozen=True, slots=True)
class Octets:
    """A document that was fetched: proven to have the promised hash and size."""

    octets: Buffer = field(repr=False)
    media_type: str
    address: str
    """Of the repository that gave it."""


class Abroad(Protocol):
    """P1, and whom it leads to. All raise errors of `errors`; everything may be repeated."""

    async def find(
        self, provider: Provider, acting: Acting, kinds: tuple[str, ...], window: Window
    ) -> tuple[DocumentEntry, ...]:
        """Ask P1's index for valid documents of the acting person's patient (ITI-18)."""
        ...

    async def fetch(self, provider: Provider, acting: Acting, wanted: Located) -> Octets:
        """Have SOZ permit a document, find its repository, and fetch it there (ITI-43)."""
        ...
