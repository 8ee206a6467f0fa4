"""A clinic with people who may hold and destroy."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from erepo.clinic.archiving import work as working
from tests.support.keeping import Keeper


@pytest.fixture
def keeper(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Keeper]:
    """A clinic of its own, without pauses between rounds."""
    monkeypatch.setattr(working, "PAUSE", 0.001)
    keeper = Keeper(tmp_path)
    with contextlib.closing(keeper.desk):
        yield keeper
