"""On whose behalf the clinic speaks to the service: the default user of archiving (manual 1.1.5, 2.4)."""

from typing import Final

import sqlalchemy as sa

from erepo.acting import ROLE_SCHEME, TREATMENT, Actor
from erepo.clinic.errors import StaffUnlinked
from erepo.clinic.linking import number_of
from erepo.clinic.metadata import ROLES
from erepo.clinic.structure import User, read_archiving_user
from erepo.identifiers.hl7 import CE

#: For users without a profession, as P1 names them (polish-domain §4.4).
_CLERK: Final = CE(
    "administrative employee",
    "urn:oasis:names:tc:xspa:1.0:subject:functional-role",
    "pracownik administracyjny",
)


def archiving_actor(connection: sa.Connection, account: str) -> Actor | None:
    """Return the default user of the archiving task as an actor; None while there is no such user.

    Raises:
        StaffUnlinked: the user has no valid PESEL or NPWZ: the service would refuse whatever is sent.
    """
    user = read_archiving_user(connection)
    return actor_of(user, account) if user else None


def actor_of(user: User, account: str, purpose: CE = TREATMENT) -> Actor:
    """Return a user as an actor of the account.

    Raises:
        StaffUnlinked: neither a valid NPWZ nor a valid PESEL.
    """
    person = number_of(user)
    if person is None:
        raise StaffUnlinked(rule="no valid PESEL or NPWZ of the archiving user")
    name = ROLES.get(user.profession, "")
    role = CE(user.profession, ROLE_SCHEME, name) if user.profession else _CLERK
    return Actor(*person, role, purpose, account, f"{user.given} {user.family}".strip())
