"""One running service per module, fresh state where a test asks for it."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests.support.cloud import RunningCloud, running_cloud
from tests.support.cloud_client import CloudClient, connected

OTHER = "0000000000002004"


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningCloud]:
    """A service with two active accounts, shared by the tests of a module."""
    with running_cloud(tmp_path_factory.mktemp("cloud")) as running:
        running.add_tenant(OTHER)
        yield running


@pytest.fixture
def own_cloud(tmp_path: Path) -> Iterator[RunningCloud]:
    """A service of the test's own, not started yet."""
    with running_cloud(tmp_path, start=False) as running:
        yield running


@pytest.fixture
async def client(cloud: RunningCloud) -> AsyncIterator[CloudClient]:
    """A client of the first account."""
    async with connected(cloud.tenant) as opened:
        yield opened
