"""Administrators of a panel: made once by the clinic, changed by themselves, reset by the operator.

Creating is safe to repeat: the hash of the first password is kept, so a request whose answer was lost is
known again, also when the password has been changed since. **Commit point: the writer's transaction** with
the row and its event; a crash before it leaves nothing, one after it an administrator whose clinic asks again
and hears the same.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from sqlalchemy import Connection, insert, select, update

from erepo.cloud import operating
from erepo.cloud.audit.events import Thing
from erepo.cloud.panel import attempts, passwords, sessions
from erepo.cloud.panel.errors import AdministratorUnknown, LoginMalformed
from erepo.cloud.storage.database import Database
from erepo.cloud.storage.tables import panel_user
from erepo.cloud.tenancy.tenants import now

_LOGIN: Final = re.compile(r"[a-z0-9][a-z0-9._@-]{2,63}")


@dataclass(frozen=True, slots=True)
class Administrator:
    """One administrator; the hashes are never shown."""

    login: str
    password: str = field(repr=False)
    initial: str = field(repr=False)
    must_change: bool


def read_login(given: str) -> str:
    """Return a login as it is kept: lower case, no spaces around it.

    Raises:
        LoginMalformed: it is none.
    """
    login = given.strip().lower()
    if not _LOGIN.fullmatch(login):
        raise LoginMalformed
    return login


def administrators(connection: Connection, tenant_id: int) -> Sequence[Administrator]:
    """Return an account's administrators, by login."""
    columns = panel_user.c
    rows = connection.execute(
        select(columns.login, columns.password, columns.initial, columns.must_change)
        .where(columns.tenant_id == tenant_id)
        .order_by(columns.login)
    )
    return [Administrator(row.login, row.password, row.initial, row.must_change) for row in rows]


def find(connection: Connection, tenant_id: int, login: str) -> Administrator | None:
    """Return one administrator."""
    return next((each for each in administrators(connection, tenant_id) if each.login == login), None)


def create(connection: Connection, tenant_id: int, login: str, kept: str) -> None:
    """Add an administrator who must change the password at the first login.

    Args:
        connection: a transaction.
        tenant_id: of the account.
        login: see `read_login`.
        kept: the hash of its password.
    """
    row = {
        "tenant_id": tenant_id,
        "login": login,
        "password": kept,
        "initial": kept,
        "must_change": True,
        "created_at": now(),
        "changed_at": now(),
    }
    connection.execute(insert(panel_user), row)


def set_password(connection: Connection, tenant_id: int, login: str, kept: str, *, must_change: bool) -> None:
    """Replace a password; every session of the login ends."""
    mine = (panel_user.c.tenant_id == tenant_id, panel_user.c.login == login)
    values = {"password": kept, "must_change": must_change, "changed_at": now()}
    connection.execute(update(panel_user).where(*mine).values(values))
    sessions.end_all(connection, tenant_id, login)


def reset(database: Database, account: str, given: str) -> tuple[str, str]:
    """Give an administrator a new one-time password: the operator's way when it is lost.

    The lock of failed logins is lifted and all sessions end, in the transaction of the new password. A crash
    before its end changes nothing; one after it loses the password that nobody has seen: reset again.

    Returns:
        The login and the new password, to be shown once.

    Raises:
        TenantUnknown: no such account.
        LoginMalformed, AdministratorUnknown: no such administrator.
    """
    login = read_login(given)
    password = passwords.new_password()
    kept = passwords.hash_password(password)
    with operating.deed(database, account, "panel reset") as doing:
        known = [each.login for each in administrators(doing.connection, doing.tenant_id)]
        if login not in known:
            raise AdministratorUnknown(account=account, login=login, known=", ".join(known) or "-")
        set_password(doing.connection, doing.tenant_id, login, kept, must_change=True)
        attempts.forgive(doing.connection, doing.tenant_id, login)
        doing.things.append(Thing("administrator", login, "one-time password"))
    return login, password
