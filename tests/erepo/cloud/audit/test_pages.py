"""Pages of a chain follow each other without gap, and none is larger than a reader's memory."""

from dataclasses import replace

import pytest

from erepo.cloud.audit.chain import Chains
from erepo.cloud.audit.events import Thing
from erepo.cloud.audit.reading import PAGE_OCTETS, page_after
from erepo.cloud.storage.database import Database
from tests.support.audit import FIRST, an_event


@pytest.mark.parametrize("limit", [1, 5, 16, 17, 40])
def test_pages_follow_each_other(chains: Database, limit: int) -> None:
    """Every event is on one page, whatever the size of the pages; the last one says that it is the last."""
    assert _pages(chains, limit) == [
        list(range(start, min(start + limit, 13))) for start in range(1, 13, limit)
    ]


def test_a_page_is_bounded(chains: Database) -> None:
    """Of events that name thousands of objects a page has fewer than were asked for, but always one."""
    huge = tuple(Thing("object", f"{number:0512}") for number in range(PAGE_OCTETS // 1024))
    with chains.write(FIRST) as connection:
        filled = Chains(connection, [FIRST])
        filled.append(FIRST, [replace(an_event(number), things=huge) for number in range(4)])
        filled.save()
    assert _pages(chains, 500) == [list(range(1, 14)), [14], [15], [16]]


def _pages(database: Database, limit: int) -> list[list[int]]:
    pages: list[list[int]] = []
    more, after = True, 0
    while more:
        with database.read(FIRST) as connection:
            page = page_after(connection, FIRST, after, limit)
        pages.append([each.number for each in page.events])
        more, after = page.more, pages[-1][-1]
    return pages
