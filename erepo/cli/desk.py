"""What commands about the account work with: the clinic's database, and the account's REST client."""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass

from erepo.cli.surroundings import Surroundings
from erepo.cli.trigger import Prefect
from erepo.clinic.account import load_connection
from erepo.clinic.database import Database, open_clinic
from erepo.clinic.rest import AccountClient
from erepo.clinic.rest.speaking import account_client
from erepo.settings import Settings


@dataclass(frozen=True)
class AccountDesk:
    """An open clinic with its account.

    Attributes:
        settings: of the installation.
        database: the clinic's.
        account: 16 digits.
        client: speaks for the account.
    """

    settings: Settings
    database: Database
    account: str
    client: AccountClient


@contextlib.contextmanager
def open_database() -> Iterator[Database]:
    """Open the clinic's database of this installation."""
    with contextlib.closing(open_clinic(Settings())) as database:
        yield database


@contextlib.contextmanager
def open_desk() -> Iterator[AccountDesk]:
    """Open the clinic and its account.

    Raises:
        AccountMissing, PassphraseMissing, UserUnknown…: see `load_connection`.
    """
    settings = Settings()
    with contextlib.closing(open_clinic(settings)) as database:
        connection = load_connection(database, settings)
        with account_client(connection) as client:
            yield AccountDesk(settings, database, connection.account, client)


@contextlib.contextmanager
def open_prefect(settings: Settings) -> Iterator[Prefect]:
    """Open the Prefect server of this installation."""
    around = Surroundings(settings)
    login = around.prefect_login() if around.secrets.prefect_login.exists() else ""
    with Prefect(around.prefect_url, login) as prefect:
        yield prefect
