"""One sandbox and one provider for all tests of the sandbox."""

from collections.abc import Iterator

import pytest

from tests.support.p1 import Provider, RunningP1, running_p1


@pytest.fixture(scope="session")
def p1(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningP1]:
    """Return a running P1."""
    with running_p1(tmp_path_factory.mktemp("p1")) as running:
        yield running


@pytest.fixture(scope="session")
def provider(p1: RunningP1) -> Provider:
    """Return a provider it knows."""
    return p1.provider()


@pytest.fixture(scope="session")
def other(p1: RunningP1) -> Provider:
    """Return another one, with files in the old cipher."""
    return p1.provider("000000011111", legacy=True)


@pytest.fixture(autouse=True)
def _nothing_wrong(request: pytest.FixtureRequest) -> None:
    """Begin each test with a P1 that works, where the test has one at all."""
    if "p1" in request.fixturenames:
        request.getfixturevalue("p1").home.store.clear_faults()
