"""What the commands of `erepo certificates` share: the ledger, the account that is meant, Prefect's runs."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import typer

from erepo.cli.errors import PrefectUnavailable
from erepo.cli.surroundings import Surroundings
from erepo.cli.trigger import Prefect
from erepo.clinic import onboarding
from erepo.clinic.database import Database, open_clinic
from erepo.clinic.occupancy import CLOUD, name_in_use
from erepo.clinic.onboarding import Entry
from erepo.clinic.onboarding.errors import AccountUnclear
from erepo.settings import Settings

AccountArgument = Annotated[str, typer.Argument(help="The account; without: the one there is.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]


@contextmanager
def opened() -> Iterator[tuple[Settings, Database]]:
    """Open the clinic's database while the block runs."""
    settings = Settings()
    database = open_clinic(settings)
    try:
        yield settings, database
    finally:
        database.close()


def the_account(database: Database, given: str, *, waiting: bool = False) -> str:
    """Return the account that is meant: the one given, the active one, or the only one there is.

    Args:
        database: the clinic's.
        given: what the person named, if anything.
        waiting: only accounts whose certificates are awaited can be meant.

    Raises:
        AccountUnclear: none, or several.
    """
    if given:
        return given
    open_ones = [entry.account for entry in onboarding.open_accounts(database)]
    if not waiting:
        with database.read() as connection:
            active = name_in_use(connection, CLOUD)
        if active is not None:
            return active
        open_ones = [entry.account for entry in onboarding.entries(database)]
    if len(open_ones) != 1:
        raise AccountUnclear(waiting=", ".join(open_ones) or "-")
    return open_ones[0]


def wake_runs(settings: Settings, database: Database, account: str) -> int:
    """Wake the runs that wait for the account's certificates, where Prefect can be reached.

    Returns:
        How many go on; those that could not be reached are woken by watch-onboarding later.
    """
    entry = onboarding.progress(database, account)
    woken = 0
    with reached(settings) as prefect:
        for run in entry.waiting.runs if entry and prefect else ():
            assert prefect is not None
            # One that is just about to suspend stays noted: watch-onboarding wakes it.
            if (now := prefect.resume(run)) or prefect.over(run):
                onboarding.answered(database, account, run)
            woken += now
    return woken


def run_goes_on(settings: Settings, account: str) -> bool:
    """Tell whether an onboarding of the account is going on in Prefect; False where that cannot be known."""
    with reached(settings) as prefect:
        if prefect is not None:
            return prefect.goes_on("onboard-clinic", {"account": account})
    return False


def cancel_runs(settings: Settings, entry: Entry) -> None:
    """End the runs that wait for certificates which nobody wants any more."""
    with reached(settings) as prefect:
        for run in entry.waiting.runs if prefect else ():
            assert prefect is not None
            prefect.cancel(run, "The onboarding was given up: erepo certificates abandon.")


@contextmanager
def reached(settings: Settings) -> Iterator[Prefect | None]:
    """Give the Prefect server of this installation, or None where it does not answer."""
    around = Surroundings(settings)
    if not around.secrets.prefect_login.exists():
        yield None
        return
    with Prefect(around.prefect_url, around.prefect_login()) as prefect:
        try:
            yield prefect if prefect.answers() else None
        except PrefectUnavailable:
            # What was asked for has been kept; Prefect's part is done later by watch-onboarding.
            return
