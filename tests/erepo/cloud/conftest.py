"""One running service per module, fresh state where a test asks for it.

Whatever asks for a service runs on both kinds of stores, each test for itself; a module that is not about
what is stored says `pytestmark = pytest.mark.one_store`. EREPO_TEST_STORES=sqlite-files (or postgresql-s3)
leaves one of them out.
"""

import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests.support.cloud import POSTGRESQL_S3, SQLITE_FILES, RunningCloud, running_cloud
from tests.support.cloud_client import CloudClient, connected

OTHER = "0000000000002004"


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run what asks for stores on each kind."""
    if "stores" not in metafunc.fixturenames:
        return
    kinds = [SQLITE_FILES]
    if metafunc.definition.get_closest_marker("one_store") is None:
        kinds.append(POSTGRESQL_S3)
    wanted = os.environ.get("EREPO_TEST_STORES", "").split() or kinds
    metafunc.parametrize("stores", [kind for kind in kinds if kind in wanted], scope="module")


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory, stores: str) -> Iterator[RunningCloud]:
    """A service with two active accounts, shared by the tests of a module."""
    with running_cloud(tmp_path_factory.mktemp("cloud"), stores=stores) as running:
        running.add_tenant(OTHER)
        yield running


@pytest.fixture
def own_cloud(tmp_path: Path, stores: str) -> Iterator[RunningCloud]:
    """A service of the test's own, not started yet."""
    with running_cloud(tmp_path, start=False, stores=stores) as running:
        yield running


@pytest.fixture
async def client(cloud: RunningCloud) -> AsyncIterator[CloudClient]:
    """A client of the first account."""
    async with connected(cloud.tenant) as opened:
        yield opened
