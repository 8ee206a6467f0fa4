"""On whose behalf P1 is asked: the archiving task's default user, or whoever orders it."""

from dataclasses import replace
from typing import Final

import sqlalchemy as sa

from erepo.clinic.account import no_account
from erepo.clinic.actor import actor_of
from erepo.clinic.connection import CloudConnection
from erepo.clinic.permissions import NoSuchUser, person
from erepo.clinic.structure import read_archiving_user
from erepo.clinic.tables import account

CLOUD: Final = "cloud"


def acting_as(connection: sa.Connection, cloud: CloudConnection, login: str) -> CloudConnection:
    """Return the account as a person uses it; the empty login is the default user's.

    Raises:
        NoSuchUser: nobody on the active staff has this login.
        StaffUnlinked: this person has neither a valid NPWZ nor a valid PESEL: P1 would refuse.
    """
    if not login:
        return cloud
    return replace(cloud, actor=actor_of(person(connection, login), cloud.account))


def account_in_use(connection: sa.Connection) -> str:
    """Return the account in the cloud that is in use.

    Raises:
        AccountMissing: there is none.
        CloudNotInUse: the eArchiwum is in use: P1 knows no index of what lies there.
    """
    wanted = sa.select(account.c.account).where(
        account.c.active.is_(True), account.c.repository_kind == CLOUD
    )
    found = connection.execute(wanted).scalar()
    if found is None:
        raise no_account(connection)
    return str(found)


def default_login(connection: sa.Connection) -> str:
    """Return the login of the archiving task's default user.

    Raises:
        NoSuchUser: there is none.
    """
    user = read_archiving_user(connection)
    if user is None:
        raise NoSuchUser(login="-")
    return user.login
