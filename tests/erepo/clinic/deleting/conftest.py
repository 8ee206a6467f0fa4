"""A clinic with archived documents, some of them of kinds that may be deleted."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from erepo.clinic.archiving import work as archiving
from tests.support.migration_desk import MigrationDesk


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[MigrationDesk]:
    """A clinic without pauses between rounds."""
    monkeypatch.setattr(archiving, "PAUSE", 0.001)
    with contextlib.closing(MigrationDesk(tmp_path, in_flight=4)) as desk:
        yield desk
