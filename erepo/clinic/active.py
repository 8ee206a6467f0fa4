"""The external repository that is active: the one place that knows which kinds of it there are."""

from erepo.clinic.account import load_connection
from erepo.clinic.connection import CloudConnection
from erepo.clinic.database import Database
from erepo.settings import Settings


def load_active(database: Database, settings: Settings) -> CloudConnection:
    """Return the connection to the active repository, not opened yet (`async with`).

    Raises:
        AccountMissing: no repository is active, or its keys are not here.
        PassphraseMissing, WrongPassphrase: the keys do not open.
        UserUnknown: the archiving user has no valid PESEL or NPWZ.
    """
    return load_connection(database, settings)
