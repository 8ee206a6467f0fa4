"""The provider's structure: units and cells with their resort codes, users, and who archives.

Nothing is deposited unless the provider and its units and cells carry the resort codes I, V, VII, VIII and
X, and the archiving task has a default user linked to staff with PESEL or NPWZ (manual 1.1.5).
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field

import sqlalchemy as sa

from erepo.clinic.audit import note
from erepo.clinic.errors import StructureIncomplete
from erepo.clinic.linking import number_of
from erepo.clinic.structure_file import ProviderRecord, StructureFile, UserRecord
from erepo.clinic.tables import cell, provider, staff, task_user, unit
from erepo.clinic.tables_people import staff_permission
from erepo.identifiers.resort import ResortCodes

#: Task whose default user is demanded before anything is deposited.
ARCHIVING = "archive-documents"


@dataclass(frozen=True, slots=True)
class Cell:
    """An organisational cell with its codes; resort parts VII, VIII and X."""

    name: str
    resort_vii: str
    resort_viii: str
    resort_x: str


@dataclass(frozen=True, slots=True)
class Unit:
    """An organisational unit; resort part V, REGON of 14 digits if it has one."""

    name: str
    regon: str
    resort_v: str
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class Provider:
    """The healthcare provider; resort part I (12 digits)."""

    name: str
    regon: str
    resort_i: str
    units: tuple[Unit, ...]


@dataclass(frozen=True, slots=True)
class User:
    """A user of the program, linked to staff by PESEL or NPWZ."""

    login: str
    prefix: str = field(repr=False)
    given: str = field(repr=False)
    family: str = field(repr=False)
    profession: str
    pesel: str = field(repr=False)
    npwz: str


@dataclass(frozen=True, slots=True)
class Place:
    """A cell in its unit, with all five codes."""

    unit: Unit
    cell: Cell
    codes: ResortCodes


@dataclass(frozen=True, slots=True)
class Ready:
    """Proof that deposits may be made.

    Attributes:
        provider: complete, with at least one unit and one cell.
        user: default user of the archiving task.
        places: every cell, by the extension documents name it with (`<I>-<VII>`), in the order of the
        structure.
    """

    provider: Provider
    user: User
    places: Mapping[str, Place]

    @property
    def default_place(self) -> Place:
        """Where documents come from that name no cell of ours: the first cell."""
        return next(iter(self.places.values()))


def store_structure(connection: sa.Connection, structure: StructureFile, *, actor: str = "erepo") -> None:
    """Replace the structure by that of a file, in the caller's transaction.

    Who does not stand in it any more loses what was permitted: a login may be given to somebody else later.

    Args:
        connection: the transaction; the caller commits.
        structure: as read by `read_structure_file`.
        actor: for the audit.
    """
    for table in (task_user, staff):
        connection.execute(table.delete())
    owner = structure.provider
    store_provider(connection, owner)
    for user in structure.users:
        key = _insert(connection, staff, **user.model_dump())
        if user.login == structure.archiving_user:
            connection.execute(task_user.insert().values(task=ARCHIVING, staff_id=key))
    _take_back(connection, [user.login for user in structure.users], actor)
    counts = {
        "units": len(owner.units),
        "cells": sum(len(one.cells) for one in owner.units),
        "users": len(structure.users),
    }
    note(
        connection, "structure_loaded", subject="structure", subject_id="provider", actor=actor, detail=counts
    )


def _take_back(connection: sa.Connection, logins: Sequence[str], actor: str) -> None:
    gone = staff_permission.c.login.not_in(logins)
    for row in connection.execute(staff_permission.delete().where(gone).returning(*staff_permission.c)).all():
        detail = {"permission": row.permission}
        note(
            connection,
            "permission_revoked",
            subject="user",
            subject_id=row.login,
            actor=actor,
            detail=detail,
        )


def store_provider(connection: sa.Connection, owner: ProviderRecord) -> None:
    """Replace provider, units and cells, in the caller's transaction; the users stay, the audit is its."""
    for table in (cell, unit, provider):
        connection.execute(table.delete())
    provider_id = _insert(connection, provider, name=owner.name, regon=owner.regon, resort_i=owner.resort_i)
    for one in owner.units:
        unit_id = _insert(
            connection, unit, provider_id=provider_id, name=one.name, regon=one.regon, resort_v=one.resort_v
        )
        for part in one.cells:
            connection.execute(cell.insert().values(unit_id=unit_id, **part.model_dump()))


def read_provider(connection: sa.Connection) -> Provider | None:
    """Return the provider with all below it; None if no structure has been loaded."""
    row = connection.execute(sa.select(provider).order_by(provider.c.id)).first()
    if row is None:
        return None
    cells: dict[int, list[Cell]] = {}
    for part in connection.execute(sa.select(cell).order_by(cell.c.id)):
        cells.setdefault(part.unit_id, []).append(
            Cell(part.name, part.resort_vii, part.resort_viii, part.resort_x)
        )
    rows = connection.execute(sa.select(unit).where(unit.c.provider_id == row.id).order_by(unit.c.id))
    units = tuple(Unit(one.name, one.regon, one.resort_v, tuple(cells.get(one.id, ()))) for one in rows)
    return Provider(row.name, row.regon, row.resort_i, units)


def read_archiving_user(connection: sa.Connection) -> User | None:
    """Return the default user of the archiving task; None if there is none or it is not active."""
    row = connection.execute(
        sa.select(staff)
        .join(task_user, task_user.c.staff_id == staff.c.id)
        .where(task_user.c.task == ARCHIVING, staff.c.active)
    ).first()
    if row is None:
        return None
    return User(row.login, row.prefix, row.given, row.family, row.profession, row.pesel, row.npwz)


def read_structure(connection: sa.Connection) -> StructureFile | None:
    """Return everything that a structure file holds, users included; None if nothing has been loaded."""
    owner = read_provider(connection)
    if owner is None:
        return None
    names = tuple(UserRecord.model_fields)
    users = connection.execute(sa.select(*(staff.c[name] for name in names)).order_by(staff.c.id)).mappings()
    archiving = read_archiving_user(connection)
    return StructureFile(
        provider=ProviderRecord.model_validate(asdict(owner)),
        users=[UserRecord.model_validate(dict(row)) for row in users],
        archiving_user=archiving.login if archiving else "",
    )


def check_ready(connection: sa.Connection) -> Ready:
    """Check that documents may be deposited.

    Returns:
        What was proven: the complete structure and the archiving user.

    Raises:
        StructureIncomplete: names the first record and field that is missing; `data["all"]` lists all of
        them as pairs.
    """
    owner, user = read_provider(connection), read_archiving_user(connection)
    missing = _missing(owner, user)
    if missing or owner is None or user is None:
        raise _incomplete(missing)
    return Ready(owner, user, _places(owner))


def check_codes(connection: sa.Connection) -> Provider:
    """Check that the structure itself is complete; the users are not looked at.

    Raises:
        StructureIncomplete: names the first record and field that is missing.
    """
    owner = read_provider(connection)
    missing = list(_missing_of(owner)) if owner else [("provider", "name")]
    if missing or owner is None:
        raise _incomplete(missing)
    return owner


def _incomplete(missing: list[tuple[str, str]]) -> StructureIncomplete:
    record, absent = missing[0]
    listed = "; ".join(f"{record}: {name}" for record, name in missing)
    return StructureIncomplete(record=record, field=absent, missing=listed, all=missing)


def _missing(owner: Provider | None, user: User | None) -> list[tuple[str, str]]:
    found = list(_missing_of(owner)) if owner else [("provider", "name")]
    if user is None:
        found.append(("archiving_user", "login"))
    elif number_of(user) is None:
        found.append((f"users[{user.login}]", "pesel / npwz"))
    return found


def _missing_of(owner: Provider) -> list[tuple[str, str]]:
    """Walk the structure; records are named as in the structure file, counted from 1, with their names."""
    found = []
    if not owner.resort_i:
        found.append((f'provider "{owner.name}"', "resort_i"))
    if not owner.units:
        found.append((f'provider "{owner.name}"', "units"))
    for number, one in enumerate(owner.units, 1):
        record = f'units[{number}] "{one.name}"'
        if not one.resort_v:
            found.append((record, "resort_v"))
        if not one.cells:
            found.append((record, "cells"))
        for place, part in enumerate(one.cells, 1):
            codes = {
                "resort_vii": part.resort_vii,
                "resort_viii": part.resort_viii,
                "resort_x": part.resort_x,
            }
            below = f'units[{number}].cells[{place}] "{part.name}"'
            found += [(below, name) for name, code in codes.items() if not code]
    return found


def _places(owner: Provider) -> dict[str, Place]:
    places: dict[str, Place] = {}
    for one in owner.units:
        for part in one.cells:
            codes = ResortCodes(
                owner.resort_i, one.resort_v, part.resort_vii, part.resort_viii, part.resort_x
            )
            places.setdefault(codes.cell, Place(one, part, codes))
    return places


def _insert(connection: sa.Connection, table: sa.Table, **values: object) -> int:
    key = connection.execute(table.insert().values(**values)).inserted_primary_key
    if key is None:
        raise TypeError("the table numbers its rows")
    return int(key[0])
