"""Errors of permissions.

PermanentError
├── InvalidInput
│   ├── NoSuchUser          nobody on the staff has this login
│   └── UnknownPermission   no permission of this name
└── AccessRefused
    └── PermissionMissing   the person may not do this
"""

from erepo.errors import AccessRefused, InvalidInput
from erepo.texts import Text


class NoSuchUser(InvalidInput):
    """Nobody on the active staff has this login."""

    code = "user.unknown"
    cause = Text("No active user has the login {login}.", "Nie ma aktywnego użytkownika o loginie {login}.")
    cure = Text(
        "Use one of: {known}. Users are part of the structure: `erepo structure user --help`.",
        "Użyj jednego z: {known}. Użytkownicy są częścią struktury: `erepo structure user --help`.",
    )


class UnknownPermission(InvalidInput):
    """No permission of this name."""

    code = "permission.unknown"
    cause = Text("There is no such permission.", "Nie ma takiego uprawnienia.")
    cure = Text("Use one of: {known}.", "Użyj jednego z: {known}.")


class PermissionMissing(AccessRefused):
    """The person may not do this."""

    code = "permission.missing"
    cause = Text(
        "The user {login} has no permission {permission}.",
        "Użytkownik {login} nie ma uprawnienia {permission}.",
    )
    cure = Text(
        "The administrator grants it: `erepo structure user set {login} --permission {permission}`."
        " Nothing was changed.",
        "Administrator nadaje je poleceniem `erepo structure user set {login} --permission {permission}`."
        " Niczego nie zmieniono.",
    )
