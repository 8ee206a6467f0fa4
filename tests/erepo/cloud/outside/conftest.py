"""One service and one P1 with the door open."""

from collections.abc import Iterator

import pytest

from tests.support.audit import Record, record_of
from tests.support.outside import OutsideWorld, outside_world


@pytest.fixture(scope="session")
def _one_world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OutsideWorld]:
    with outside_world(tmp_path_factory.mktemp("outside")) as running:
        yield running


@pytest.fixture
def world(_one_world: OutsideWorld) -> OutsideWorld:
    """The world of all these tests, with nothing wrong in it; each test has documents of its own."""
    _one_world.index.p1.home.store.clear_faults()
    return _one_world


@pytest.fixture
def record(world: OutsideWorld) -> Iterator[Record]:
    """The record of the service; what was there before is passed over."""
    with record_of(world.index.cloud.settings.cloud_url) as found:
        yield found
