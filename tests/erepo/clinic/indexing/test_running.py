"""Indexing by the real service in the sandbox's P1: each document once, in time, whatever happens between."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.account_clinic import AccountWorld
from tests.support.index_clinic import IndexSite, index_site


@pytest.fixture
def site(tmp_path: Path, account_service: AccountWorld) -> Iterator[IndexSite]:
    """A clinic registered in P1."""
    with index_site(tmp_path, account_service) as one:
        yield one


async def test_what_the_law_wants_is_indexed_once(site: IndexSite) -> None:
    """Every archived document of the list gets its index; another run has nothing to do."""
    await site.archive(5)
    result = site.run()
    assert (result.indexed, result.refused, result.problem) == (5, [], None)
    assert site.counts() == {"indexed": 5}
    assert set(map(tuple, site.at_p1().values())) == {("Approved",)}
    assert site.run().due == 0
    assert site.events("indexed") == 5
