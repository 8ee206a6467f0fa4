"""Versions of documents in the eArchiwum: whatever comes first, the last version is the current one."""

from itertools import permutations
from pathlib import Path

import sqlalchemy as sa

from erepo.clinic.archiving import summary
from erepo.clinic.earchive import rebuild
from erepo.clinic.tables import document
from erepo.clinic.verifying import verify
from erepo.xds import iti18
from erepo.xds.vocabulary import APPROVED
from tests.support.chains import Shelf, version
from tests.support.earchive import ArchiveDesk


async def current(desk: ArchiveDesk) -> list[str]:
    """Return the ends of the uniqueIds that the eArchiwum shows as current."""
    found = []
    for unique_id in desk.unique_ids():
        result = await desk.archive.query(iti18.get_documents(unique_ids=[unique_id]))
        found += [one.unique_id for one in result.metadata.documents if one.status == APPROVED]
    return sorted(one.partition("^")[2] for one in found)


async def test_three_versions_in_all_orders(desk: ArchiveDesk, tmp_path: Path) -> None:
    """Each of the six orders ends as the same chain, also in an index that is made anew from the records."""
    shelf = Shelf(desk, tmp_path)
    orders = list(permutations((1, 2, 3)))
    names = "ABCDEF"
    for station in range(3):
        for name, order in zip(names, orders, strict=True):
            shelf.bring(version(order[station], name=name, series=f"S{name}"))
        for _ in range(3):
            assert summary(await desk.run()).complete
    last = [f"{name}3" for name in names]
    assert await current(desk) == last
    assert {state for state, _ in shelf.links().values()} == {"linked"}
    assert len(shelf.links()) == 12
    await desk.archive.__aexit__(None, None, None)
    desk.archive.index_file.unlink()
    rebuild(desk.archive.place, desk.archive.index_file)
    await desk.archive.__aenter__()
    assert await current(desk) == last
    with desk.database.begin() as connection:
        connection.execute(sa.update(document).values(verified_at=None))
    assert (await verify(desk.archive, desk.database, read_back=True)).complete
