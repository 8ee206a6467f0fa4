"""Of several processes one sends: whoever holds the lease (`owner|expiry`, seconds since 1970).

Two senders at one moment would only send twice, which receivers bear; the lease keeps that rare.
"""

import sqlalchemy as sa

from erepo.api.webhooks.feeding import NAME
from erepo.clinic.archiving.owner import is_dead, new_owner
from erepo.clinic.database import Database
from erepo.clinic.tables import now
from erepo.clinic.tables_api import webhook_feed

#: Seconds a lease lasts, and after which it is renewed.
LIFE, RENEWAL = 60, 20


class Leadership:
    """Our part in the lease."""

    def __init__(self, database: Database) -> None:
        self._database, self._owner, self._renewed = database, new_owner(), 0.0

    def held(self) -> bool:
        """Tell whether we are to send now; takes or renews the lease where that is due."""
        moment = now().timestamp()
        if 0 <= moment - self._renewed < RENEWAL:
            return True
        with self._database.begin() as connection:
            lease = self._lease(connection)
            if not self._is_free(lease, moment):
                self._renewed = 0.0
                return False
            self._write(connection, f"{self._owner}|{moment + LIFE:.0f}")
        self._renewed = moment
        return True

    def give_back(self) -> None:
        """Let another take over at once."""
        with self._database.begin() as connection:
            if self._lease(connection).startswith(f"{self._owner}|"):
                self._write(connection, None)

    def _is_free(self, lease: str, moment: float) -> bool:
        if not lease or lease.startswith(f"{self._owner}|"):
            return True
        owner, _, expiry = lease.rpartition("|")
        # More left than a lease ever has: the clock has been set back since.
        return not 0 <= float(expiry) - moment <= 2 * LIFE or is_dead(owner)

    def _lease(self, connection: sa.Connection) -> str:
        # Writers of PostgreSQL would both read "free" otherwise.
        statement = sa.select(webhook_feed.c.lease).where(webhook_feed.c.name == NAME).with_for_update()
        return connection.execute(statement).scalar() or ""

    def _write(self, connection: sa.Connection, lease: str | None) -> None:
        connection.execute(webhook_feed.update().where(webhook_feed.c.name == NAME).values(lease=lease))
