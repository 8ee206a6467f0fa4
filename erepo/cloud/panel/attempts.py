"""Failed logins: a lock that grows with each further failure, for every login of an account alike.

Counted are logins as they were typed, also those that nobody has: the lock tells nothing about who exists.
To be called under the lock of the account's chain (`audit.chain`), as every job of the writer is.
"""

import hashlib
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection, delete, insert, select, update

from erepo.cloud.panel.errors import LoginLocked
from erepo.cloud.storage.tables import panel_attempt

#: Failures that lock nothing yet.
FREE: Final = 4
_FIRST: Final = timedelta(minutes=1)
LONGEST: Final = timedelta(hours=1)
#: After so long without a failure all is forgiven.
FORGIVEN: Final = timedelta(days=1)


def lock_after(failures: int) -> timedelta:
    """Return for how long a login is locked after so many failures: 1, 2, 4… minutes, at most an hour."""
    if failures <= FREE:
        return timedelta(0)
    doubled: int = 2 ** min(failures - FREE - 1, 10)
    return min(_FIRST * doubled, LONGEST)


def locked_until(connection: Connection, tenant_id: int, login: str, at: datetime) -> datetime | None:
    """Return when a locked login opens, None where it is not locked."""
    columns = panel_attempt.c
    until: datetime | None = connection.scalar(
        select(columns.locked_until)
        .where(columns.tenant_id == tenant_id)
        .where(columns.login_key == _key(login))
    )
    return until if until is not None and until > at else None


def expect_open(connection: Connection, tenant_id: int, login: str, at: datetime) -> None:
    """Prove that a login is not locked.

    Raises:
        LoginLocked: it is.
    """
    until = locked_until(connection, tenant_id, login, at)
    if until is not None:
        seconds = (until - at).total_seconds()
        raise LoginLocked(minutes=max(1, -int(-seconds // 60)))


def failed(connection: Connection, tenant_id: int, login: str, at: datetime) -> None:
    """Count a failure and lock the login if there were too many; forget those of long ago."""
    columns = panel_attempt.c
    mine = columns.tenant_id == tenant_id
    connection.execute(delete(panel_attempt).where(mine).where(columns.last_at <= at - FORGIVEN))
    this = (mine, columns.login_key == _key(login))
    before = connection.scalar(select(columns.failures).where(*this))
    failures = (before or 0) + 1
    lock = lock_after(failures)
    values = {"failures": failures, "last_at": at, "locked_until": at + lock if lock else None}
    if before is None:
        connection.execute(
            insert(panel_attempt), {"tenant_id": tenant_id, "login_key": _key(login), **values}
        )
    else:
        connection.execute(update(panel_attempt).where(*this).values(values))


def forgive(connection: Connection, tenant_id: int, login: str) -> None:
    """Forget the failures of a login."""
    columns = panel_attempt.c
    mine = (columns.tenant_id == tenant_id, columns.login_key == _key(login))
    connection.execute(delete(panel_attempt).where(*mine))


def _key(login: str) -> bytes:
    return hashlib.sha256(login.encode()).digest()
