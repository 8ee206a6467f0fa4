"""An eArchiwum for tests: its folder and index below one folder, and the desk of archiving before it."""

from pathlib import Path
from typing import Any, Self

from erepo.clinic.repositories import init_earchive
from erepo.clinic.tables import batch
from erepo.xds import iti18
from tests.support.archive_desk import Desk


class ArchiveDesk(Desk):
    """A clinic's real database beside a real eArchiwum; `cloud` is the eArchiwum, opened by `async with`."""

    def __init__(self, folder: Path, **settings: Any) -> None:
        super().__init__(folder / "clinic", **settings)
        self.folder = folder / "share"
        self.folder.mkdir(parents=True)
        self.archive = init_earchive(self.database, self.settings, self.folder)
        self.cloud = self.archive  # type: ignore[assignment]

    async def __aenter__(self) -> Self:
        """Open the eArchiwum."""
        await self.archive.__aenter__()
        return self

    async def __aexit__(self, *error: object) -> None:
        """Close it; the database stays open."""
        await self.archive.__aexit__(*error)

    async def reopen(self) -> None:
        """Open it anew, as the next process would."""
        await self.archive.__aexit__(None, None, None)
        await self.archive.__aenter__()

    async def copies(self) -> list[str]:
        """Return the uniqueId of every entry, repeated where there are several."""
        found: list[str] = []
        for unique_id in self.unique_ids():
            result = await self.archive.query(iti18.get_documents(unique_ids=[unique_id]))
            found += [one.unique_id for one in result.metadata.documents]
        return found

    async def check_all_archived_once(self) -> None:
        """Every document is archived, has one entry, and no batch is open."""
        assert self.states() == {"archived": len(self.unique_ids())}
        assert await self.copies() == self.unique_ids()
        assert {row[0] for row in self.rows(batch.c.state)} == {"finished"}

    def blob_files(self) -> list[Path]:
        """Return the files that hold octets."""
        return sorted((self.folder / "blobs").glob("*/??/*"))

    def records(self) -> list[Path]:
        """Return the files that hold records."""
        return sorted((self.folder / "records").glob("*/*.json"))
