"""The eArchiwum behind the port `erepo.clinic.repository.Cloud`: the same calls as to the service."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

from erepo.clinic.earchive.archive import Archive, open_archive
from erepo.clinic.earchive.asking import ask
from erepo.clinic.earchive.errors import FolderMissing
from erepo.clinic.earchive.giving import give
from erepo.clinic.earchive.place import MARK, Place
from erepo.clinic.earchive.removing import remove_documents, remove_metadata
from erepo.clinic.earchive.storing import store
from erepo.clinic.earchive.updating import update as change
from erepo.settings import Settings
from erepo.xds.iti18 import QueryResult, StoredQuery
from erepo.xds.iti41 import Submission
from erepo.xds.iti43 import DocumentRequest, RetrieveResult
from erepo.xds.iti57 import Update

Result = TypeVar("Result")


@dataclass
class EArchive:
    """The clinic's eArchiwum; `async with` opens it.

    Attributes:
        place: its folder and mark.
        index_file: its index, on the clinic's own disk.
        source_id: OID of the provider, source of the submissions.
        settings: documents in flight, limits.
        account: name under which the clinic's tables know it.
        repository_unique_id: OID of the archive as a repository.
    """

    place: Place
    index_file: Path
    source_id: str
    settings: Settings = field(repr=False)
    account: str = "earchiwum"
    repository_unique_id: str = field(init=False)
    _archive: Archive | None = field(default=None, init=False, repr=False)

    def __post_init__(self) -> None:
        """Take the repository's id from the mark."""
        self.repository_unique_id = self.place.mark.repository_unique_id

    async def __aenter__(self) -> Self:
        """Open folder and index, and take in what a crash left between them.

        Raises:
            FolderMissing, ForeignArchive, FolderReadOnly, FolderFaulty: the folder.
            IndexDamaged, ArchiveBehind, RecordDamaged: the index, or what it is made from.
        """
        self._archive = await asyncio.to_thread(open_archive, self.place, self.index_file)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the index."""
        archive, self._archive = self._archive, None
        if archive is not None:
            await asyncio.to_thread(archive.close)

    async def provide(self, submission: Submission) -> None:
        """Store a submission; see `Cloud.provide` and `storing.store`."""
        await self._run(lambda archive: store(archive, submission))

    async def query(self, query: StoredQuery) -> QueryResult:
        """Ask for what is registered; see `Cloud.query` and `asking.ask`."""
        return await self._run(lambda archive: ask(archive, query))

    async def retrieve(self, requests: Sequence[DocumentRequest]) -> RetrieveResult:
        """Fetch documents; see `Cloud.retrieve` and `giving.give`."""
        limit = self.settings.limits.large_body
        return await self._run(lambda archive: give(archive, requests, limit))

    async def update(self, update: Update) -> None:
        """Change registered metadata; see `Cloud.update` and `updating.update`."""
        await self._run(lambda archive: change(archive, update))

    async def remove_metadata(self, entry_uuids: Sequence[str]) -> None:
        """Remove objects of the registry; see `Cloud.remove_metadata`."""
        await self._run(lambda archive: remove_metadata(archive, entry_uuids))

    async def remove_documents(self, requests: Sequence[DocumentRequest]) -> None:
        """Remove octets; see `Cloud.remove_documents`."""
        await self._run(lambda archive: remove_documents(archive, requests))

    async def _run(self, work: Callable[[Archive], Result]) -> Result:
        archive = self._archive
        if archive is None:
            raise FolderMissing(folder=self.place.folder, problem=MARK)
        # A change that has begun is brought to its end, whoever stops waiting for it.
        return await asyncio.shield(asyncio.to_thread(work, archive))
