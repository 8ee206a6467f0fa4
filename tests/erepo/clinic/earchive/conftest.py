"""A clinic before its own eArchiwum."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from erepo.clinic.archiving import work as working
from tests.support.earchive import ArchiveDesk


@pytest.fixture
async def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[ArchiveDesk]:
    """A clinic without pauses between rounds; its eArchiwum is open."""
    monkeypatch.setattr(working, "PAUSE", 0.001)
    desk = ArchiveDesk(tmp_path, in_flight=4)
    async with desk:
        yield desk
    desk.close()
