"""One interface for all tests here that need none of their own, and documents no other test has."""

import itertools
from collections.abc import Callable, Iterator

import httpx
import pytest

from tests.support import cda_documents as cda
from tests.support.api import RunningApi, running_api
from tests.support.documents import identity

_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningApi]:
    """The interface, running."""
    with running_api(tmp_path_factory.mktemp("api"), webhook_private="true", webhook_delay="0.01") as running:
        yield running


@pytest.fixture
def http(api: RunningApi) -> Iterator[httpx.Client]:
    """A client with a token of its own that may do everything."""
    with api.client() as client:
        yield client


@pytest.fixture
def fresh() -> Callable[[], bytes]:
    """Make documents of one patient, each with an id of its own."""

    def make() -> bytes:
        one = cda.document()
        return one.replace(identity("A1").encode(), identity(f"R{next(_numbers)}").encode())

    return make
