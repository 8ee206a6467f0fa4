"""Clinics whose archive is to be verified."""

import contextlib
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from erepo.clinic.archiving import work as working
from tests.support.archive_desk import Desk
from tests.support.earchive import ArchiveDesk


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    """A clinic before a model of the repository."""
    monkeypatch.setattr(working, "PAUSE", 0.001)
    with contextlib.closing(Desk(tmp_path, in_flight=4)) as desk:
        yield desk


@pytest.fixture
async def archive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[ArchiveDesk]:
    """A clinic before its own eArchiwum, opened."""
    monkeypatch.setattr(working, "PAUSE", 0.001)
    desk = ArchiveDesk(tmp_path / "earchive", in_flight=4)
    async with desk:
        yield desk
    desk.close()
