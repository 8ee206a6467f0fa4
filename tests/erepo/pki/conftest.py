"""An authority that publishes, for whoever asks whether certificates were revoked."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.revocation import World, published_world


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """A publisher of the test's own."""
    with published_world(tmp_path) as made:
        yield made
