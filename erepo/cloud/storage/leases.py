"""Works that one process at a time does: whoever holds the lease; it ends by itself where its holder dies."""

import secrets
from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection, insert, select, update
from sqlalchemy.exc import IntegrityError

from erepo.cloud.storage.database import Database
from erepo.cloud.storage.tables import lease

_WHY = "a work that is done for all accounts"


class Lease:
    """One process's hold on a work.

    Args:
        database: of the service.
        name: of the work.
        seconds: after which another process may take it; longer than one step of the work.
    """

    def __init__(self, database: Database, name: str, seconds: float) -> None:
        self._database, self._name, self._life = database, name, timedelta(seconds=seconds)
        self._holder = secrets.token_hex(16)

    def hold(self) -> bool:
        """Take or keep the lease; False when another process has it."""
        try:
            with self._database.everyone(_WHY, write=True) as connection:
                return self.take(connection)
        except IntegrityError:  # two processes made the row at one moment
            return False

    def take(self, connection: Connection) -> bool:
        """Do the same inside a transaction that is under way."""
        moment = _now()
        values = {"holder": self._holder, "until": moment + self._life}
        mine = lease.c.name == self._name
        found = connection.execute(select(lease).where(mine).with_for_update()).one_or_none()
        if found is None:
            connection.execute(insert(lease), {"name": self._name, **values})
            return True
        if found.holder != self._holder and found.until > moment:
            return False
        connection.execute(update(lease).where(mine).values(values))
        return True

    def leave(self) -> None:
        """Give the lease back, so that another process need not wait for its end."""
        with self._database.everyone(_WHY, write=True) as connection:
            mine = (lease.c.name == self._name, lease.c.holder == self._holder)
            connection.execute(update(lease).where(*mine).values(until=_now()))


def _now() -> datetime:
    return datetime.now(UTC).replace(tzinfo=None)
