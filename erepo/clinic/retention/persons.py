"""Four eyes: who proposes a destruction and who confirms it are two persons, and it can be told.

One person may have several logins. PESEL and licence number (NPWZ) tell persons apart, but only where both
have a number of the same kind: a login with a PESEL alone and one with an NPWZ alone may be the same person.
What cannot be told is refused.
"""

from typing import Any

import sqlalchemy as sa

from erepo.clinic.retention.errors import PersonUnlinked, SamePerson
from erepo.clinic.structure import User
from erepo.clinic.tables import staff

_NUMBERS = ("pesel", "npwz")


def check_linked(user: User) -> None:
    """Let only somebody propose who can be told from others.

    Raises:
        PersonUnlinked: the login has neither PESEL nor NPWZ.
    """
    if not any(getattr(user, name) for name in _NUMBERS):
        raise PersonUnlinked(login=user.login, other=user.login)


def check_another(connection: sa.Connection, user: User, proposer: str, proposal: str) -> None:
    """Let nobody go on with his own proposal, under whatever login.

    Raises:
        SamePerson: the logins, or a number, are the same.
    """
    other = _numbers(connection, proposer)
    if user.login == proposer or _shared(user, other):
        raise SamePerson(proposal=proposal, login=user.login)


def check_two_persons(connection: sa.Connection, user: User, proposer: str, proposal: str) -> None:
    """Let only somebody confirm who is another person for certain.

    Raises:
        SamePerson: the logins, or a number, are the same.
        PersonUnlinked: they have no number of the same kind, so nobody can tell.
    """
    check_another(connection, user, proposer, proposal)
    other = _numbers(connection, proposer)
    if other is None or not any(getattr(user, name) and getattr(other, name) for name in _NUMBERS):
        raise PersonUnlinked(login=user.login, other=proposer)


def _numbers(connection: sa.Connection, login: str) -> Any:
    wanted = sa.select(staff.c.pesel, staff.c.npwz).where(staff.c.login == login)
    return connection.execute(wanted).first()


def _shared(user: User, other: Any) -> bool:
    mine = ((name, getattr(user, name)) for name in _NUMBERS)
    return other is not None and any(number and number == getattr(other, name) for name, number in mine)
