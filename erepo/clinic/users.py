"""The users of the program, one at a time or as a table: who they are, who archives, what they may do.

Each change is validated and audited in the caller's transaction; the audit names fields, never a value. A
user who is removed loses all permissions: somebody who gets the same login later must not inherit them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import sqlalchemy as sa
from pydantic import ValidationError

from erepo.clinic.audit import note
from erepo.clinic.errors import ArchivingUserNeeded
from erepo.clinic.permissions import NoSuchUser, Permission, granted, revoke
from erepo.clinic.spreadsheet import EMPTY, all_refused, place_of, rows
from erepo.clinic.structure import ARCHIVING
from erepo.clinic.structure_file import UserRecord, problems, refusal
from erepo.clinic.tables import staff, task_user
from erepo.texts import Text

#: Columns of a table of users, and fields that may be set.
FIELDS: Final = tuple(UserRecord.model_fields)
_ACTIVE: Final = {"": True, "1": True, "yes": True, "tak": True, "0": False, "no": False, "nie": False}
_YES_NO: Final = Text("write yes or no", "wpisz tak albo nie")
_TWICE: Final = Text("the login stands in line {line} already", "ten login jest już w wierszu {line}")


@dataclass(frozen=True, slots=True)
class Listed:
    """A user as lists show it.

    Attributes:
        record: all fields.
        archives: whether documents are deposited on this user's behalf.
        permissions: what the user may do beyond everyday work.
    """

    record: UserRecord = field(repr=False)
    archives: bool
    permissions: frozenset[Permission]


def list_users(connection: sa.Connection) -> list[Listed]:
    """Return all users, by login."""
    found = connection.execute(
        sa.select(staff, task_user.c.task)
        .outerjoin(task_user, (task_user.c.staff_id == staff.c.id) & (task_user.c.task == ARCHIVING))
        .order_by(staff.c.login)
    )
    return [
        Listed(
            UserRecord(**{name: getattr(row, name) for name in FIELDS}),
            row.task is not None,
            granted(connection, row.login),
        )
        for row in found
    ]


def set_user(
    connection: sa.Connection, login: str, values: Mapping[str, Any], *, actor: str = "staff"
) -> bool:
    """Change fields of a user; a login that nobody has makes a new one.

    Args:
        connection: of a writing transaction; the caller commits.
        login: whose.
        values: field → new value; an empty one removes it.
        actor: for the audit.

    Returns:
        Whether the user is new.

    Raises:
        StructureInvalid: a value has not its form; names the field, never the value.
        ArchivingUserNeeded: the user archives, and must stay active.
    """
    row = _row(connection, login)
    before = {name: getattr(row, name) for name in FIELDS} if row else {}
    try:
        record = UserRecord.model_validate({**before, "login": login, **values})
    except ValidationError as error:
        place, problem = problems(error)[0]
        raise refusal(f"user {login}, {place}", problem) from None
    if record.login != login:  # spaces around it
        return set_user(connection, record.login, values, actor=actor)
    if row is None:
        connection.execute(staff.insert().values(**record.model_dump()))
        _note(connection, "user_added", record.login, sorted(values), actor)
        return True
    if not record.active and _archives(connection, row.id):
        raise ArchivingUserNeeded(login=login)
    after = record.model_dump()
    if changed := sorted(name for name in FIELDS if after[name] != before[name]):
        connection.execute(staff.update().where(staff.c.id == row.id).values(**after))
        _note(connection, "user_changed", login, changed, actor)
    return False


def let_archive(connection: sa.Connection, login: str, *, actor: str = "staff") -> None:
    """Make an active user the one on whose behalf documents are deposited.

    Raises:
        NoSuchUser: nobody on the active staff has this login.
    """
    row = _row(connection, login)
    if row is None or not row.active:
        raise _unknown(connection, login)
    if _archives(connection, row.id):
        return
    connection.execute(task_user.delete().where(task_user.c.task == ARCHIVING))
    connection.execute(task_user.insert().values(task=ARCHIVING, staff_id=row.id))
    _note(connection, "user_archives", login, [], actor)


def remove_user(connection: sa.Connection, login: str, *, actor: str = "staff") -> None:
    """Remove a user, with all permissions.

    Raises:
        NoSuchUser: nobody has this login.
        ArchivingUserNeeded: documents are deposited on this user's behalf.
    """
    row = _row(connection, login)
    if row is None:
        raise _unknown(connection, login)
    if _archives(connection, row.id):
        raise ArchivingUserNeeded(login=login)
    for permission in sorted(granted(connection, login)):
        revoke(connection, login, permission, actor=actor)
    connection.execute(staff.delete().where(staff.c.id == row.id))
    _note(connection, "user_removed", login, [], actor)


def load_users(connection: sa.Connection, octets: bytes, *, actor: str = "staff") -> tuple[int, int]:
    """Add and change users as a CSV table says; who does not stand in it stays as he is.

    A column that is there is taken over, also where it is empty; one that is not is left as it is.

    Returns:
        How many are (new, known before).

    Raises:
        StructureInvalid: names each line and column that is wrong; nothing was changed.
        ArchivingUserNeeded: the table makes the archiving user inactive.
    """
    found = _read(octets)
    new = sum(set_user(connection, login, values, actor=actor) for login, values in found.items())
    return new, len(found) - new


def _read(octets: bytes) -> dict[str, dict[str, Any]]:
    wrong: list[tuple[str, Text]] = []
    found: dict[str, dict[str, Any]] = {}
    lines: dict[str, int] = {}

    def blame(line: int, column: str, problem: Text) -> None:
        wrong.append((place_of(line, column), problem))

    for line, row in rows(octets, FIELDS, ("login",), blame):
        values: dict[str, Any] = dict(row)
        if "active" in row:
            values["active"] = _ACTIVE.get(row["active"].lower())
            if values["active"] is None:
                blame(line, "active", _YES_NO)
                continue
        if (first := lines.setdefault(row["login"], line)) != line:
            blame(line, "login", Text(*(one.format(line=first) for one in _TWICE)))
            continue
        try:
            UserRecord.model_validate(values)
        except ValidationError as error:
            for place, problem in problems(error):
                blame(line, place, problem)
        found[row["login"]] = values
    if wrong:
        raise all_refused(wrong)
    if not found:
        raise refusal("line 2", EMPTY)
    return found


def _row(connection: sa.Connection, login: str) -> sa.Row[Any] | None:
    return connection.execute(sa.select(staff).where(staff.c.login == login)).first()


def _archives(connection: sa.Connection, staff_id: int) -> bool:
    query = sa.select(task_user.c.task).where(task_user.c.staff_id == staff_id)
    return connection.execute(query).first() is not None


def _unknown(connection: sa.Connection, login: str) -> NoSuchUser:
    known = connection.execute(sa.select(staff.c.login).where(staff.c.active).order_by(staff.c.login))
    return NoSuchUser(login=login, known=", ".join(known.scalars()) or "-")


def _note(connection: sa.Connection, event: str, login: str, fields: list[str], actor: str) -> None:
    detail = {"fields": fields} if fields else None
    note(connection, event, subject="user", subject_id=login, actor=actor, detail=detail)
