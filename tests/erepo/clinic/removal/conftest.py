"""One running service; every test has an account of its own."""

import itertools
from collections.abc import AsyncIterator, Iterator

import pytest

from tests.support.cloud import RunningCloud, running_cloud
from tests.support.cloud_client import connected
from tests.support.registering import Desk
from tests.support.removal_world import World, connection_to

ACCOUNTS = itertools.count(6101)


@pytest.fixture(scope="session")
def removal_service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningCloud]:
    """One service for all tests here."""
    with running_cloud(tmp_path_factory.mktemp("cloud")) as cloud:
        yield cloud


@pytest.fixture
async def world(removal_service: RunningCloud) -> AsyncIterator[World]:
    """An account of the test's own."""
    tenant = removal_service.add_tenant(f"{next(ACCOUNTS):016d}")
    async with connected(tenant) as client, connection_to(tenant) as cloud:
        yield World(Desk(client), cloud, tenant)
