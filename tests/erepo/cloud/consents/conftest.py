"""A service whose consents go by a clock of the tests', with an owner, a reader and a bystander."""

from collections.abc import Iterator

import pytest

from tests.support.sharing import Sharing, sharing


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory, stores: str) -> Iterator[Sharing]:
    """The service, shared by the tests of a module."""
    with sharing(tmp_path_factory.mktemp("sharing"), stores) as running:
        yield running
