"""A clinic with an empty ledger, an office and a service that know each other."""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from erepo.clinic import onboarding
from erepo.clinic.database import Database, open_database
from erepo.clinic.onboarding import Form
from erepo.clinic.onboarding.activation import Account
from tests.support.cloud import RunningCloud, running_cloud
from tests.support.office import RunningOffice, running_office

PASSPHRASE = b"throw-away"
ACCOUNTS = [f"{number:016}" for number in range(2001, 2181)]


@dataclass
class World:
    """The office and the service of all tests here; each test takes a fresh account."""

    cloud: RunningCloud
    office: RunningOffice
    accounts: Iterator[str]


@dataclass
class Clinic:
    """One clinic of one test."""

    world: World
    database: Database
    account: str

    @property
    def form(self) -> Form:
        """What its administrator types in."""
        return Form(self.account, organisation="Przychodnia Testowa", unit="Zakład")

    def request(self) -> onboarding.Requests:
        """Step 1."""
        return onboarding.make_requests(self.database, self.form, PASSPHRASE)

    def mail(self) -> None:
        """Step 2."""
        office = self.world.office
        onboarding.mail_requests(self.database, self.account, office.mailer(), office.address)

    def collect(self) -> None:
        """Step 3."""
        onboarding.collect_certificates(self.database, self.account, self.world.office.mailbox())

    def activate(self) -> Account:
        """Step 4."""
        return onboarding.activate(self.database, self.account, self.world.cloud.url, PASSPHRASE)

    def onboard(self) -> Account:
        """All steps."""
        self.request()
        self.mail()
        self.collect()
        return self.activate()


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """One office and one service."""
    folder = tmp_path_factory.mktemp("world")
    with (
        running_cloud(folder, start=False) as cloud,
        running_office(folder, cloud.ca.read_bytes()) as office,
    ):
        for account in ACCOUNTS:
            cloud.order(account)
        cloud.home.add_trust(office.authority_pem)
        cloud.start()
        yield World(cloud, office, itertools.chain(ACCOUNTS))


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A migrated database without rows, to be copied."""
    file = tmp_path_factory.mktemp("empty") / "clinic.db"
    database = open_database(f"sqlite:///{file}")
    database.upgrade()
    with database.engine.connect() as connection:
        connection.exec_driver_sql("COMMIT")
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.exec_driver_sql("BEGIN")
    database.close()
    return file.read_bytes()


@pytest.fixture
def clinic(world: World, empty_database: bytes, tmp_path: Path) -> Iterator[Clinic]:
    """A clinic that has ordered an account."""
    file = tmp_path / "clinic.db"
    file.write_bytes(empty_database)
    database = open_database(f"sqlite:///{file}")
    yield Clinic(world, database, next(world.accounts))
    database.close()
