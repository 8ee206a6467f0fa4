"""What holds for all tests."""

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

HERE = Path(__file__).parent

# How long an example takes says more about the machine, and who else works on it, than about the code.
settings.register_profile(
    "patient", parent=settings(), deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("patient")


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Give a test that kills no second chance (`make test`): another moment of the kill proves nothing."""
    if os.environ.get("EREPO_ONCE_MORE") and item.get_closest_marker("kill"):
        pytest.fail("It failed under a kill: that is a finding, whatever a second try would say.")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep the tests that share a fixture of their module in one process, which sets it up once."""
    for item in items:
        if item.get_closest_marker("xdist_group") is None and _shares(item):
            item.add_marker(pytest.mark.xdist_group(str(item.path.relative_to(HERE))))


def _shares(item: pytest.Item) -> bool:
    known = item._fixtureinfo.name2fixturedefs if isinstance(item, pytest.Function) else {}
    return any(one.scope in ("module", "class", "package") for found in known.values() for one in found)
