"""A database of the service with two chains of events, on both kinds of databases."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from erepo.cloud.storage.database import Database
from tests.support.audit import FIRST, SECOND, append, new_database


@pytest.fixture
def chains(tmp_path: Path, stores: str) -> Iterator[Database]:
    """A database whose first chain has twelve events, the second three, and nobody's none."""
    with new_database(tmp_path, stores) as database:
        append(database, FIRST, 12)
        append(database, SECOND, 3)
        yield database
