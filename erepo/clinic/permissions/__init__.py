"""What members of staff may do beyond everyday work (manual 1.5: "uprawnienie do migracji dokumentów")."""

from erepo.clinic.permissions.errors import NoSuchUser, PermissionMissing, UnknownPermission
from erepo.clinic.permissions.granting import (
    Permission,
    grant,
    granted,
    parse_permission,
    person,
    require,
    revoke,
)

__all__ = [
    "NoSuchUser",
    "Permission",
    "PermissionMissing",
    "UnknownPermission",
    "grant",
    "granted",
    "parse_permission",
    "person",
    "require",
    "revoke",
]
