"""Tests that share something run in one process: pytest-xdist keeps to its groups."""

import pytest


@pytest.fixture(scope="module")
def shared() -> str:
    """Something that costs as much as a service."""
    return "shared"


@pytest.mark.xdist_group("kept-together")
def test_a_group_is_known_to_the_one_who_shares_out(request: pytest.FixtureRequest) -> None:
    """The name of the group stands in the id: versions of pytest that lose it share out test by test."""
    assert not _shared_out(request) or request.node.nodeid.endswith("@kept-together")


def test_what_a_module_shares_makes_it_a_group(request: pytest.FixtureRequest, shared: str) -> None:
    """No mark is needed for that."""
    assert shared
    assert not _shared_out(request) or request.node.nodeid.endswith("@test_groups.py")


def _shared_out(request: pytest.FixtureRequest) -> bool:
    """Tell whether this process is one of several, and groups were asked for."""
    return bool(request.config.getoption("loadgroup", default=False))
