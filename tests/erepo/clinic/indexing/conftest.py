"""A clinic of each test's own, registered in the sandbox's P1."""

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
