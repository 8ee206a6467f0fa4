"""A portal beside a service, shared by the tests of a module."""

from collections.abc import Iterator

import pytest

from tests.support.portal import World, portal_world


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Everything that runs, on SQLite and files."""
    with portal_world(tmp_path_factory.mktemp("portal")) as running:
        yield running
