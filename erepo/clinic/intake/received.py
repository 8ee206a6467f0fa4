"""Documents that do not come as files: received piece by piece, over a network."""

import time
from dataclasses import dataclass, field
from hashlib import sha1, sha256
from pathlib import Path, PurePath

from erepo.cda.errors import DocumentTooLarge
from erepo.clinic.content import ContentStore, Draft, DraftWriter
from erepo.clinic.errors import FileEmpty
from erepo.clinic.intake.files import IN_MEMORY, Loaded
from erepo.clinic.intake.sidecar import Beside
from erepo.content import Buffer, Content, Digests, MemoryContent


@dataclass(frozen=True, slots=True)
class Received:
    """A whole document as it came.

    Attributes:
        content: its octets, or a durable draft of them.
        digests: of its octets.
        known: what the sender said about it.
        name: name of the file it had at the sender, if told; never leaves the clinic.
        actor: who brought it, for the audit.
        origin: `own`, or `foreign` for a document of another provider.
    """

    content: Content | Draft
    digests: Digests
    known: Beside = field(default_factory=Beside)
    name: str = field(default="", repr=False)
    actor: str = "erepo"
    origin: str = "own"

    @classmethod
    def of(cls, octets: Buffer, known: Beside, *, actor: str, origin: str) -> "Received":
        """Wrap octets held in memory."""
        digests = Digests(
            sha1(octets, usedforsecurity=False).hexdigest(), sha256(octets).hexdigest(), len(octets)
        )
        return cls(MemoryContent(octets), digests, known, actor=actor, origin=origin)

    def loaded(self) -> Loaded:
        """Return it in the form of a file that was read now."""
        last = PurePath(self.name.replace("\\", "/")).name
        return Loaded(Path(last), (0, 0, 0, 0), self.digests, time.time(), self.content)


class Receiver:
    """Gathers the octets of one document: in memory while small, on the disk above `IN_MEMORY`."""

    def __init__(self, store: ContentStore, limit: int) -> None:
        self._store, self._limit = store, limit
        self._held = bytearray()
        self._writer: DraftWriter | None = None
        self._size = 0

    @property
    def spilled(self) -> bool:
        """Whether octets go to the disk now, so that writing may take time."""
        return self._writer is not None or len(self._held) > IN_MEMORY

    def write(self, chunk: Buffer) -> None:
        """Add octets.

        Raises:
            DocumentTooLarge: there are more than a document may have.
            OSError: our own disk refused.
        """
        self._size += len(chunk)
        if self._size > self._limit:
            raise DocumentTooLarge(size=self._size, limit=self._limit, unit="bytes")
        if self._writer is not None:
            self._writer.write(chunk)
            return
        self._held += chunk
        if len(self._held) > IN_MEMORY:
            self._writer = self._store.open_draft()
            self._writer.write(self._held)
            self._held = bytearray()

    def finish(self) -> tuple[Content | Draft, Digests]:
        """Return what came; a draft is durable.

        Raises:
            FileEmpty: nothing came.
            OSError: our own disk refused.
        """
        if not self._size:
            raise FileEmpty
        if self._writer is not None:
            draft = self._writer.finish()
            self._writer = None
            return draft, draft.digests
        octets = bytes(self._held)
        return MemoryContent(octets), Digests(
            sha1(octets, usedforsecurity=False).hexdigest(), sha256(octets).hexdigest(), len(octets)
        )

    def abandon(self) -> None:
        """Leave nothing behind; does nothing after `finish`."""
        if self._writer is not None:
            self._writer.abandon()
            self._writer = None
