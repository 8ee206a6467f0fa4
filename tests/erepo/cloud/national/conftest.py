"""A service's home, and accounts in it."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count

import pytest

from tests.support.cloud import RunningCloud, TenantCredentials, running_cloud

_NUMBERS = count(3001)


@dataclass(frozen=True)
class Place:
    """Where a service may be started, in this process or another."""

    cloud: RunningCloud

    def tenant(self) -> TenantCredentials:
        """Add an account."""
        return self.cloud.add_tenant(f"{next(_NUMBERS):016}")


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory, stores: str) -> Iterator[Place]:
    """A home on each kind of stores; nothing runs."""
    with running_cloud(tmp_path_factory.mktemp("national"), start=False, stores=stores) as cloud:
        yield Place(cloud)


@pytest.fixture
def tenant(place: Place) -> TenantCredentials:
    """An account of its own for each test."""
    return place.tenant()
