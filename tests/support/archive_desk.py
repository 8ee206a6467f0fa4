"""A clinic's real database beside a model of the repository: for crash windows and faults, quickly."""

from pathlib import Path
from typing import Any

import sqlalchemy as sa

from erepo.clinic.archiving import BatchResult, Choice, Plan, plan, send_batch
from erepo.clinic.database import Database, open_clinic
from erepo.clinic.intake import Intake
from erepo.clinic.structure import store_structure
from erepo.clinic.structure_file import parse_structure
from erepo.clinic.tables import batch, document, now
from erepo.settings import Settings
from tests.support.clinic_side import STRUCTURE, samples
from tests.support.fake_cloud import FakeCloud


class Desk:
    """A clinic's database with documents, and a repository."""

    def __init__(self, folder: Path, **settings: Any) -> None:
        self.settings = Settings(_env_file=None, home=folder, **settings)  # type: ignore[call-arg]
        self.database: Database = open_clinic(self.settings)
        self.cloud = FakeCloud(self.settings)
        self._folder = folder
        with self.database.begin() as connection:
            store_structure(connection, parse_structure(STRUCTURE))

    def close(self) -> None:
        """Close the database."""
        self.database.close()

    def take_in(self, count: int, patients: int, seed: int = 1) -> None:
        """Take new documents in."""
        folder = self._folder / f"in{seed}"
        folder.mkdir()
        for number, octets in enumerate(samples(seed, count, patients=patients, size=8000)):
            (folder / f"{number}.xml").write_bytes(octets)
        Intake.at(self.database, self.settings).take_folder([folder])

    def plan(self, submission_documents: int = 25, **chosen: Any) -> Plan:
        """Plan what is due, or what of it is chosen."""
        return plan(
            self.database,
            self.settings,
            now=now(),
            choice=Choice(**chosen),
            submission_documents=submission_documents,
        )

    async def run(self, **options: Any) -> list[BatchResult]:
        """Plan and send everything."""
        return [await send_batch(self.cloud, self.database, one) for one in self.plan(**options).batches]

    def rows(self, *columns: Any) -> list[Any]:
        """Return columns of all rows."""
        with self.database.read() as connection:
            return list(connection.execute(sa.select(*columns)).all())

    def states(self) -> dict[str, int]:
        """Count documents by state."""
        found: dict[str, int] = {}
        for (state,) in self.rows(document.c.state):
            found[state] = found.get(state, 0) + 1
        return found

    def unique_ids(self) -> list[str]:
        """Return the uniqueIds of all documents, in order."""
        return sorted(row[0] for row in self.rows(document.c.unique_id))

    def assert_all_archived_once(self) -> None:
        """Every document is archived, has one entry, and no batch is open."""
        assert self.states() == {"archived": len(self.unique_ids())}
        assert self.cloud.copies() == self.unique_ids()
        assert {row[0] for row in self.rows(batch.c.state)} == {"finished"}
