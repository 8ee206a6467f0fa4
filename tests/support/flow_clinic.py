"""What tests of flows share: the marks, and a clinic with its drop folder."""

from dataclasses import dataclass
from pathlib import Path

import pytest
import sqlalchemy as sa

from erepo.cda.samples import write_samples
from erepo.clinic.database import Database
from erepo.clinic.tables import document
from erepo.settings import Settings

#: Marks of every test that runs flows. One event loop for all: Prefect keeps clients per loop. It forgets to
#: close some of its own connections to its server, which is not ours to repair.
PREFECT = [
    pytest.mark.prefect,
    pytest.mark.xdist_group("prefect"),
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.filterwarnings("ignore:unclosed <socket.socket:ResourceWarning"),
]


@dataclass
class ClinicUnderTest:
    """A clinic with its structure."""

    settings: Settings
    database: Database

    @property
    def inbox(self) -> Path:
        """Its drop folder."""
        return self.settings.inbox

    def drop(self, count: int, *, seed: int = 7, size: int | None = None) -> None:
        """Put sample documents into the drop folder."""
        write_samples(self.inbox, seed=seed, count=count, size=size)

    def states(self) -> dict[str, int]:
        """Count the documents by state."""
        with self.database.read() as connection:
            query = sa.select(document.c.state, sa.func.count()).group_by(document.c.state)
            return {row[0]: row[1] for row in connection.execute(query)}
