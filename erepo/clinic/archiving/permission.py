"""May documents be moved now? Asked before a run, before planning, each batch, and each page of purging."""

from erepo.clinic.database import Database
from erepo.clinic.licence import require_licence
from erepo.clinic.licence.clock import advance
from erepo.clinic.maintenance import refuse_inside
from erepo.settings import Settings


def check_permitted(database: Database, settings: Settings) -> None:
    """Let archiving begin, or say why not, before anything is sent.

    Raises:
        MaintenanceNow: a maintenance window is open.
        LicenceExpired, LicenceNotYet, LicenceInvalid, LicenceForeign, LicenceKeyMissing,
            LicenceClockBehind: the licence.
    """
    advance(database)
    with database.read() as connection:
        refuse_inside(connection)
        require_licence(connection, settings)
