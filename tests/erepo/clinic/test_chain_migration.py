"""Documents that were here before links were kept: the migration finds what they replace."""

import contextlib
import importlib
from pathlib import Path

import pytest
import sqlalchemy as sa

from erepo.clinic.archiving import summary
from erepo.clinic.tables import document
from erepo.clinic.tables_chain import chain_link
from tests.support import postgres
from tests.support.archive_desk import Desk
from tests.support.chains import CANCELLING, Shelf, version


@pytest.mark.parametrize("server", [False, True], ids=["sqlite", "postgresql"])
async def test_links_of_documents_that_are_here_already(tmp_path: Path, *, server: bool) -> None:
    """Archived as originals before, they are linked by the next run; the set is kept as long as its last."""
    migration = importlib.import_module("erepo.clinic.migrations.versions.v0008_chain")
    with contextlib.ExitStack() as stack:
        more = {"clinic_database_url": stack.enter_context(postgres.database())} if server else {}
        desk = stack.enter_context(contextlib.closing(Desk(tmp_path, in_flight=4, **more)))
        shelf = Shelf(desk, tmp_path)
        older, _ = shelf.bring(version(1, year=2020), version(2, year=2026, **CANCELLING))
        with desk.database.begin() as connection:
            connection.execute(chain_link.delete())
            first = document.c.version == 1
            connection.execute(sa.update(document).where(first).values(destroy_after_year=2040))
        await desk.run()
        assert shelf.current() == ["A1", "A2"]
        with desk.database.begin() as connection:
            migration._find_links(connection)
            migration._prolong(connection)
        assert shelf.links() == {"A2": ("alone", "")}
        assert {row[0] for row in desk.rows(document.c.destroy_after_year)} == {2046}
        shelf.bring(version(1, name="B", series="S2"))
        assert summary(await desk.run()).complete
        assert (shelf.current(), shelf.links()) == (["A2", "B1"], {"A2": ("linked", "")})
        assert shelf.chain(older).versions[0].cancelled
