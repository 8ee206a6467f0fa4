"""One service and one clinic for the tests of a module; each test takes documents of its own."""

from collections.abc import Iterator

import pytest

from tests.support.sharing_desk import FROM, SharingDesk, sharing_desk


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SharingDesk]:
    """The desk of a module."""
    with sharing_desk(tmp_path_factory.mktemp("sharing")) as desk:
        yield desk


@pytest.fixture
def desk(world: SharingDesk) -> SharingDesk:
    """The desk, with its clocks at the beginning of the window."""
    world.at(FROM)
    return world
