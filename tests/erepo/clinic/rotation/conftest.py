"""A clinic whose account is active, ready to get new keys: real office, real service, real TLS."""

import time
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from erepo.clinic import rotation
from erepo.clinic.database import Database
from erepo.clinic.onboarding.ledger import Entry, Generation
from erepo.clinic.rotation import Demand, Rotation, Stage, holding
from erepo.clinic.structure import store_structure
from erepo.clinic.structure_file import parse_structure
from erepo.clinic.tables import audit_event
from erepo.settings import Settings
from tests.erepo.clinic.onboarding.conftest import (  # noqa: F401 — fixtures
    PASSPHRASE,
    Clinic,
    World,
    clinic,
    empty_database,
    world,
)
from tests.support.clinic_side import STRUCTURE


@dataclass
class Rotating:
    """One clinic and the steps of its rotation."""

    clinic: Clinic
    settings: Settings
    overlap: timedelta = timedelta(0)

    @property
    def account(self) -> str:
        """16 digits."""
        return self.clinic.account

    @property
    def database(self) -> Database:
        """The clinic's."""
        return self.clinic.database

    @property
    def active(self) -> Entry:
        """The generation in use."""
        return rotation.active(self.database, self.settings, self.account)

    @property
    def open(self) -> Rotation:
        """The rotation under way."""
        found = rotation.under_way(self.database, self.account)
        assert found is not None
        return found

    @property
    def stage(self) -> Stage | None:
        """How far it is; None where none is under way."""
        found = rotation.under_way(self.database, self.account)
        return found.stage if found else None

    def start(self, demand: Demand | None = Demand.FORCED) -> Rotation | None:
        """Step 1."""
        return rotation.start(self.database, self.settings, self.account, demand=demand)

    def mail(self) -> None:
        """Step 2."""
        office = self.clinic.world.office
        rotation.mail_requests(self.database, self.account, office.mailer(), office.address)

    def collect(self, patience: float = 120) -> None:
        """Step 3, until the office has answered."""
        end = time.monotonic() + patience
        while not rotation.collect_certificates(
            self.database, self.account, self.clinic.world.office.mailbox()
        ):
            assert time.monotonic() < end
            time.sleep(0.02)

    def register(self) -> None:
        """Step 4."""
        rotation.register(self.database, self.settings, self.account)

    def cut_over(self) -> None:
        """Step 5."""
        rotation.cut_over(self.database, self.settings, self.account, self.overlap)

    def retire(self) -> bool:
        """Step 6 and 7."""
        rotation.published(self.database, self.account)
        return rotation.retire(self.database, self.settings, self.account)

    def rollback(self, *, flows: bool = True) -> Stage:
        """The way back."""
        return rotation.rollback(self.database, self.settings, self.account, flows=flows)

    def go_on(self, demand: Demand | None = None, last: str = "retire") -> None:
        """All steps, as a run does them, up to one of them."""
        self.start(demand)
        for step in ("mail", "collect", "register", "cut_over", "retire"):
            if self.stage is None:
                return
            getattr(self, step)()
            if step == last:
                return

    def works(self, keys: Generation | None = None) -> bool:
        """Ask the service with a generation, by default that in use."""
        chosen = keys or self.active
        with holding.speaking(self.database, self.settings, chosen) as client:
            return client.certificates().accepts(chosen.fingerprints)

    def accepted(self) -> int:
        """How many certificates the service accepts."""
        with holding.speaking(self.database, self.settings, self.active) as client:
            return sum(one.state == "active" for one in client.certificates().certificates)

    def events(self) -> list[str]:
        """The history of all rotations."""
        query = sa.select(audit_event.c.event).where(audit_event.c.event.like("certificates_%"))
        with self.database.read() as connection:
            return list(connection.execute(query.order_by(audit_event.c.id)).scalars())


def ready(chosen: Clinic, home: Path) -> Rotating:
    """Onboard a clinic that has a structure."""
    chosen.onboard()
    with chosen.database.begin() as connection:
        store_structure(connection, parse_structure(STRUCTURE))
    settings = Settings(_env_file=None, home=home, key_passphrase=PASSPHRASE.decode())  # type: ignore[call-arg]
    return Rotating(chosen, settings)


@pytest.fixture
def rotating(clinic: Clinic, tmp_path: Path) -> Rotating:  # noqa: F811 — the fixture
    """A clinic with an active account."""
    return ready(clinic, tmp_path)
