"""Permissions of members of staff, by login; each change is audited in its transaction."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final

import sqlalchemy as sa

from erepo.clinic.audit import note
from erepo.clinic.permissions.errors import NoSuchUser, PermissionMissing, UnknownPermission
from erepo.clinic.structure import User
from erepo.clinic.tables import staff
from erepo.clinic.tables_people import staff_permission
from erepo.texts import Text


class Permission(StrEnum):
    """What may be permitted, under the names people give it in commands."""

    #: Bring documents back from an external repository, and let them be archived again (manual 1.5).
    MIGRATE = "migrate"
    #: Remove documents of the five kinds from the repository.
    DELETE = "delete"
    #: Change which kinds are archived, and how long they stay here.
    SET_KINDS = "set-kinds"
    #: Put documents under a legal hold, and release them.
    HOLD = "hold"
    #: Propose or confirm the destruction of documents whose time is over; two people each time.
    DESTROY = "destroy"
    #: Invite patients to the service's portal, and end that.
    INVITE = "invite"


#: What each permission is called where people read it.
WORDS: Final[Mapping[Permission, Text]] = MappingProxyType(
    {
        Permission.MIGRATE: Text(
            "migrate documents from external repositories",
            "migracja dokumentów z repozytoriów zewnętrznych",
        ),
        Permission.DELETE: Text(
            "delete documents in the repository", "usuwanie dokumentów z repozytorium zewnętrznego"
        ),
        Permission.SET_KINDS: Text(
            "change the settings of document kinds", "zmiana ustawień rodzajów dokumentów"
        ),
        Permission.HOLD: Text(
            "put documents under a legal hold", "wstrzymywanie brakowania dokumentów (legal hold)"
        ),
        Permission.DESTROY: Text(
            "destroy documents whose time of keeping is over",
            "brakowanie dokumentów po okresie przechowywania",
        ),
        Permission.INVITE: Text(
            "give patients access to the portal", "zapraszanie pacjentów do portalu z dokumentami"
        ),
    }
)


def parse_permission(text: str) -> Permission:
    """Return the permission of this name.

    Raises:
        UnknownPermission: there is none.
    """
    try:
        return Permission(text.strip().lower().replace("_", "-"))
    except ValueError:
        raise UnknownPermission(known=", ".join(Permission)) from None


def require(connection: sa.Connection, login: str, permission: Permission) -> User:
    """Check that a person may do something; return who it is.

    Raises:
        NoSuchUser: nobody on the active staff has this login.
        PermissionMissing: the person may not.
    """
    user = _user(connection, login)
    if permission not in granted(connection, login):
        raise PermissionMissing(login=login, permission=permission.value)
    return user


def person(connection: sa.Connection, login: str) -> User:
    """Return who acts, for everyday work that needs no permission.

    Raises:
        NoSuchUser: nobody on the active staff has this login.
    """
    return _user(connection, login)


def granted(connection: sa.Connection, login: str) -> frozenset[Permission]:
    """Return what a login may do; names that this version does not know are left out."""
    found = connection.execute(
        sa.select(staff_permission.c.permission).where(staff_permission.c.login == login)
    ).scalars()
    known = {permission.value for permission in Permission}
    return frozenset(Permission(name) for name in found if name in known)


def grant(connection: sa.Connection, login: str, permission: Permission, *, actor: str) -> bool:
    """Permit a member of the staff something.

    Returns:
        Whether it is new; what was granted before is left as it is.

    Raises:
        NoSuchUser: nobody on the active staff has this login.
    """
    _user(connection, login)
    if permission in granted(connection, login):
        return False
    connection.execute(
        staff_permission.insert().values(login=login, permission=permission.value, granted_by=actor)
    )
    _note(connection, "permission_granted", login, permission, actor)
    return True


def revoke(connection: sa.Connection, login: str, permission: Permission, *, actor: str) -> bool:
    """Take a permission back, also of somebody who has left; return whether there was any."""
    gone = connection.execute(
        staff_permission.delete().where(
            staff_permission.c.login == login, staff_permission.c.permission == permission.value
        )
    ).rowcount
    if gone:
        _note(connection, "permission_revoked", login, permission, actor)
    return bool(gone)


def _note(connection: sa.Connection, event: str, login: str, permission: Permission, actor: str) -> None:
    detail = {"permission": permission.value}
    note(connection, event, subject="user", subject_id=login, actor=actor, detail=detail)


def _user(connection: sa.Connection, login: str) -> User:
    row = connection.execute(sa.select(staff).where(staff.c.login == login, staff.c.active)).first()
    if row is None:
        known = connection.execute(
            sa.select(staff.c.login).where(staff.c.active).order_by(staff.c.login)
        ).scalars()
        raise NoSuchUser(login=login, known=", ".join(known) or "-")
    return User(row.login, row.prefix, row.given, row.family, row.profession, row.pesel, row.npwz)
