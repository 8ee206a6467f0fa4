"""A clinic whose account is served by the double of the REST services."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from erepo.clinic.account import load_connection
from erepo.clinic.rest import AccountClient
from erepo.clinic.rest.speaking import account_client
from tests.support.clinic_side import Clinic, new_clinic
from tests.support.service_double import ServiceDouble, running_double


@dataclass
class AccountClinic:
    """The clinic, its client, and what stands for the service."""

    clinic: Clinic
    service: ServiceDouble

    @contextmanager
    def client(self) -> Iterator[AccountClient]:
        """Open a client as commands and tasks do."""
        connection = load_connection(self.clinic.database, self.clinic.settings)
        with account_client(connection) as opened:
            yield opened


@contextmanager
def account_clinic(folder: Path) -> Iterator[AccountClinic]:
    """Set up a clinic with structure and account, and the double beside it."""
    with (
        running_double(folder / "credentials") as service,
        new_clinic(folder / "clinic", service.credentials) as clinic,
    ):
        yield AccountClinic(clinic, service)
