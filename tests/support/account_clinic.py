"""A clinic whose account the real service serves, with the real sandbox of P1 behind that.

with account_world(folder) as world:              # both in processes of their own; one for many tests
    with account_clinic(tmp_path, world) as site: # an account and a provider of this test's own
        site.client(), site.files(), site.heard(), …
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

from erepo.clinic.account import load_connection
from erepo.clinic.rest import AccountClient
from erepo.clinic.rest.speaking import account_client
from erepo.cloud.audit.events import OPERATOR, Action
from tests.support.audit import record_of
from tests.support.clinic_side import Clinic, new_clinic
from tests.support.cloud import RunningCloud, TenantCredentials, running_cloud
from tests.support.cloud_client import connected, one_document
from tests.support.p1 import RunningP1, running_p1
from tests.support.p1_files import P1Files
from tests.support.ports import free_port
from tests.support.registering import good


@dataclass
class AccountWorld:
    """The service and P1 of many tests; each takes a fresh account and a fresh provider."""

    cloud: RunningCloud
    p1: RunningP1
    numbers: Iterator[int]

    def served(self, **order: Any) -> "ServedAccount":
        """Add an account; `order` are its limits (`erepo.cloud.tenancy.tenants.Order`)."""
        self.p1.home.store.clear_faults()
        number = next(self.numbers)
        return ServedAccount(self, self.cloud.add_tenant(f"{number:016}", **order), f"{number:012}")


@dataclass(frozen=True)
class ServedAccount:
    """One account as the service and P1 see it.

    Attributes:
        credentials: folder for `adopt_credentials`.
        resort_i: of the provider whose account it is.
    """

    world: AccountWorld
    credentials: TenantCredentials
    resort_i: str

    @property
    def number(self) -> str:
        """The 16 digits."""
        return self.credentials.account

    def files(self, name: str = "") -> P1Files:
        """Have P1 issue a pair of certificates to the provider."""
        return self.world.p1.files(self.resort_i, name)

    @property
    def repositories(self) -> list[str]:
        """Ids that P1 has given the provider, oldest first."""
        return list(self.world.p1.repositories(self.resort_i))

    def address_of(self, repository: str) -> str:
        """Return where P1 was told that a repository is."""
        return self.world.p1.repositories(self.resort_i)[repository]

    def heard(self) -> list[tuple[str, Action]]:
        """Return what the service was asked for the account, oldest first, by its own audit trail."""
        url = self.world.cloud.settings.cloud_url
        with record_of(url) as record:
            record.seen.clear()
            chain = record.number(self.number)
            events = [event for number, event in record.new() if number == chain]
        return [(one.transaction, one.action) for one in events if not one.transaction.startswith(OPERATOR)]

    async def fill(self, *sizes: int) -> None:
        """Deposit documents of these sizes."""
        async with connected(self.credentials) as client:
            for size in sizes:
                good(await client.provide(one_document(b"<ClinicalDocument/>".ljust(size))))


@dataclass
class AccountClinic:
    """The clinic, and its account."""

    clinic: Clinic
    served: ServedAccount

    @property
    def account(self) -> str:
        """The 16 digits."""
        return self.served.number

    @contextmanager
    def client(self) -> Iterator[AccountClient]:
        """Open a client as commands and tasks do."""
        connection = load_connection(self.clinic.database, self.clinic.settings)
        with account_client(connection) as opened:
            yield opened

    @contextmanager
    def out_of_reach(self) -> Iterator[None]:
        """Have nobody listen where the service should be, until the block ends."""
        self.clinic.reach_through(free_port())
        try:
            yield
        finally:
            self.clinic.reach_through(self.served.world.cloud.settings.cloud_port)


@contextmanager
def account_world(folder: Path) -> Iterator[AccountWorld]:
    """Run P1, and a service that registers there, until the block ends."""
    with (
        running_p1(folder / "p1") as p1,
        running_cloud(folder / "service", environment=p1.settings) as cloud,
    ):
        yield AccountWorld(cloud, p1, count(5001))


@contextmanager
def account_clinic(
    folder: Path, world: AccountWorld, *, database: str = "", **order: Any
) -> Iterator[AccountClinic]:
    """Set up a clinic with structure and a fresh account; `database` is its own's address, if not SQLite."""
    served = world.served(**order)
    settings = {"clinic_database_url": database} if database else {}
    with new_clinic(folder / "clinic", served.credentials, **settings) as clinic:
        yield AccountClinic(clinic, served)
