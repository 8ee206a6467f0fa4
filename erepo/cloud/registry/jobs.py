"""What the writer's thread is given to do, and what it answers."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection

from erepo.blobs.codec import Coding
from erepo.cloud.audit.evidence import Evidence
from erepo.content import Buffer, Digests
from erepo.xds.responses import RegistryError

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one job."""

    errors: tuple[RegistryError, ...] = ()
    """Without one of severity Error it was done."""
    unused: tuple[str, ...] = ()
    """Keys of blobs that nothing points at and nobody will: to be deleted after the commit."""
    replayed: bool = False
    """The message had been accepted before; nothing was done."""

    @property
    def refused(self) -> bool:
        """Whether nothing of it was done."""
        return self.replayed or any(error.is_error for error in self.errors)


@dataclass(slots=True)
class NewDocument:
    """Octets to be stored; exactly one of `octets` and `blob_key` is set when ready to be written."""

    entry: str
    """Id of the document entry in the message."""
    unique_id: str
    digests: Digests
    mime_type: str
    coding: Coding = "raw"
    octets: Buffer | None = None
    blob_key: str | None = None
    packed: bool = False
    """Whether `octets` is in its final form."""


@dataclass(slots=True, kw_only=True)
class Note:
    """A read or a refusal: nothing but its evidence."""

    evidence: Evidence


@dataclass(slots=True, kw_only=True)
class SubmissionJob:
    """A submission that touches nothing registered before: the common case, written in bulk.

    What does touch registered objects carries one of these inside its `Change` (see `changing`).
    """

    tenant_id: int
    evidence: Evidence
    patient_id: str
    known_patients_only: bool
    """Whether the patient must have been registered."""
    objects: list[Row]
    ids: tuple[str, ...]
    """Of each of `objects`, its id in the message."""
    values: list[Row]
    """Rows of `object_value`; `object_id` is the place in `objects` until numbers are given."""
    once: tuple[str, ...] = ()
    """uniqueIds of the submission set and of new folders: no object may have them yet."""
    documents: list[NewDocument] = field(default_factory=list)
    kept_here: frozenset[str] = frozenset()
    """uniqueIds that are said to lie in this very repository (ITI-42)."""
    given: tuple[bytes, ...] = ()
    """entryUUIDs that the client chose: they must be new."""
    numbers: range = field(default=range(0))
    prepared: bool = False


@dataclass(slots=True, kw_only=True)
class Change:
    """Anything else that writes: runs alone in a savepoint of the group's transaction.

    Attributes:
        apply: does it with the transaction's connection, under the account's lock. It may be called again
            after its transaction was undone. Raising RequestRejected undoes the savepoint and answers its
            errors.
        prepare: costly work before the transaction begins.
    """

    evidence: Evidence
    apply: Callable[[Connection], Outcome]
    prepare: Callable[[], None] = lambda: None


Job = SubmissionJob | Change | Note
