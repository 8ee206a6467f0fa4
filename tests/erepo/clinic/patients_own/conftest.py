"""A service with two clinics, and the portal beside it."""

from collections.abc import Iterator

import pytest

from tests.support.patients_own import World, patients_world


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """One for all tests of a module."""
    with patients_world(tmp_path_factory.mktemp("patients-own"), daily="1000") as world:
        yield world


@pytest.fixture
def world(shared: World) -> World:
    """The same, with nothing waiting."""
    shared.portal.settle_all()
    return shared
