"""A clinic's database and content store in a folder of the test's own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from erepo.clinic.content import ContentStore
from erepo.clinic.database import Database, open_clinic
from erepo.clinic.intake import Intake
from erepo.settings import Settings
from tests.support.account_clinic import AccountWorld, account_world


@pytest.fixture
def clinic_settings(tmp_path: Path) -> Settings:
    """Settings of an installation that nobody has used yet."""
    return Settings(home=tmp_path / "home")


@pytest.fixture
def clinic_database(clinic_settings: Settings) -> Iterator[Database]:
    """A real SQLite database with all tables."""
    database = open_clinic(clinic_settings)
    yield database
    database.close()


@pytest.fixture
def clinic_store(clinic_settings: Settings) -> ContentStore:
    """The content store of the same installation."""
    return ContentStore.at(clinic_settings)


@pytest.fixture
def intake(clinic_database: Database, clinic_store: ContentStore, clinic_settings: Settings) -> Intake:
    """The intake of the same installation."""
    return Intake(clinic_database, clinic_store, clinic_settings)


@pytest.fixture(scope="session")
def account_service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AccountWorld]:
    """Run one service with P1 behind it for all tests here that need no service of their own."""
    with account_world(tmp_path_factory.mktemp("account")) as world:
        yield world
