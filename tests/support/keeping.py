"""Documents whose time of keeping is over, and people who may destroy them."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from erepo.clinic.content import ContentStore
from erepo.clinic.permissions import Permission, grant
from erepo.clinic.retention import Proposal, confirm_list, propose
from erepo.clinic.tables import document, staff
from erepo.clinic.tables_retention import destruction_item
from tests.support.archive_desk import Desk
from tests.support.chains import Shelf
from tests.support.removing_cloud import RemovingCloud

#: A time in the year in which the documents of 2026 and before may be destroyed.
LATER = datetime(2050, 3, 1, 12, tzinfo=UTC)
PEOPLE = {
    "anna": ("40010151673", "5425740"),
    "jan": ("80051212357", ""),
    "anna2": ("", "5425740"),
    "ewa": ("70032816894", ""),
}


class Keeper(Shelf):
    """A desk with a repository that removes, and four people; `anna2` is another login of `anna`.

    `anna`, `anna2` and `jan` may destroy and hold; `ewa` may do neither.
    """

    def __init__(self, folder: Path, **settings: Any) -> None:
        desk = Desk(folder, in_flight=4, **settings)
        self.cloud = RemovingCloud(desk.settings)
        desk.cloud = self.cloud
        super().__init__(desk, folder)
        self.store = ContentStore.at(desk.settings)
        with desk.database.begin() as connection:
            for login, (pesel, npwz) in PEOPLE.items():
                connection.execute(staff.insert().values(login=login, pesel=pesel, npwz=npwz))
            for login in ("anna", "anna2", "jan"):
                grant(connection, login, Permission.DESTROY, actor="test")
                grant(connection, login, Permission.HOLD, actor="test")

    def propose(self, login: str = "anna", year: int = 2050) -> Proposal:
        """Propose what falls due."""
        return propose(self.desk.database, year, login, LATER)

    def confirm(self, proposal: Proposal, login: str = "jan") -> Proposal:
        """Confirm the list."""
        return confirm_list(self.desk.database, proposal.id, login, LATER)

    def year(self, public_id: str) -> int | None:
        """Return the last year of keeping of a document."""
        with self.desk.database.read() as connection:
            wanted = document.c.public_id == public_id
            return connection.execute(sa.select(document.c.destroy_after_year).where(wanted)).scalar_one()

    def items(self, proposal: Proposal) -> dict[str, tuple[str, str | None]]:
        """Return (state, reason) of every line of a list by opaque id."""
        item = destruction_item.c
        rows = self.desk.rows(item.public_id, item.state, item.reason, item.destruction_id)
        return {row[0]: (row[1], row[2]) for row in rows if row[3] == proposal.id}

    def octets_of(self, word: str) -> list[Path]:
        """Return the files of the installation that hold a word."""
        home = self.desk.settings.clinic_home
        return [path for path in home.rglob("*") if path.is_file() and word.encode() in path.read_bytes()]
