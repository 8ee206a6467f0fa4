"""What an account's registry holds, as a change reads and moves it under the account's lock.

Every statement names the account for every table it touches: an object of another account is not there.
"""

import uuid
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Connection,
    bindparam,
    delete,
    literal_column,
    select,
    update,
)

from erepo.cloud.registry.jobs import Row
from erepo.cloud.registry.kinds import Kind, Status
from erepo.cloud.registry.registering import slices
from erepo.cloud.storage.tables import object_value, registry_object
from erepo.xds.vocabulary import ON_DEMAND, AssociationType

_object = registry_object.c
_ON_DEMAND = uuid.UUID(ON_DEMAND).bytes
_TENANT: BindParameter[int] = bindparam("tenant")
_MANY: BindParameter[list[object]] = bindparam("many", expanding=True)
_COLUMNS = (
    _object.id,
    _object.kind,
    _object.entry_uuid,
    _object.lid,
    _object.version,
    _object.status,
    _object.unique_id,
    _object.patient_id,
    _object.object_type,
    _object.association_type,
    _object.source_object,
    _object.target_object,
    _object.document_id,
    _object.sha1,
    _object.size,
)
_MINE = select(*_COLUMNS).where(_object.tenant_id == _TENANT).order_by(_object.id)
_BY_UUID = _MINE.where(_object.entry_uuid.in_(_MANY))
_BY_NUMBER = _MINE.where(_object.id.in_(_MANY))
_LATER = _MINE.where(_object.lid.in_(_MANY), _object.version > literal_column("1"))
_LINKS = _MINE.where(_object.kind == int(Kind.ASSOCIATION))
_FROM = _LINKS.where(_object.source_object.in_(_MANY))
_TO = _LINKS.where(_object.target_object.in_(_MANY))
_ONE: tuple[ColumnElement[bool], ...] = (_object.tenant_id == _TENANT, _object.id == bindparam("number"))
_XML = select(_object.xml).where(*_ONE)
_SET_STATUS = update(registry_object).where(*_ONE).values(status=bindparam("new_status"))
_TOUCH = update(registry_object).where(*_ONE).values(created=bindparam("time"))
_DROP_VALUES = delete(object_value).where(
    object_value.c.tenant_id == _TENANT, object_value.c.object_id.in_(_MANY)
)
_DROP = delete(registry_object).where(_object.tenant_id == _TENANT, _object.id.in_(_MANY))


@dataclass(frozen=True, slots=True)
class Held:
    """One object: registered, or about to be (`registered` False)."""

    id: int
    kind: int
    entry_uuid: bytes
    lid: bytes
    version: int
    status: int
    unique_id: str | None
    patient_id: str | None
    object_type: bytes | None
    association_type: str | None
    source_object: int | None
    target_object: int | None
    document_id: int | None
    sha1: str | None
    size: int | None
    registered: bool = True

    @property
    def approved(self) -> bool:
        """Whether its status is Approved."""
        return self.status == Status.APPROVED

    @property
    def is_document(self) -> bool:
        """Whether it is a document entry."""
        return self.kind == Kind.DOCUMENT_ENTRY

    @property
    def on_demand(self) -> bool:
        """Whether it is the entry of a document that is made when it is asked for."""
        return self.object_type == _ON_DEMAND

    @property
    def is_folder(self) -> bool:
        """Whether it is a folder."""
        return self.kind == Kind.FOLDER

    @property
    def is_membership(self) -> bool:
        """Whether it is a HasMember association."""
        return self.association_type == AssociationType.HAS_MEMBER


_FIELDS = tuple(column.name for column in _COLUMNS)


def about_to_be(row: Row) -> Held:
    """Return an object of the message by its row, which has its number already."""
    return Held(**{name: row[name] for name in _FIELDS}, registered=False)


class Holdings:
    """Reads and moves one account's objects inside a transaction."""

    def __init__(self, connection: Connection, tenant_id: int) -> None:
        self._connection, self._tenant_id = connection, tenant_id

    def by_uuids(self, uuids: Iterable[bytes]) -> dict[bytes, Held]:
        """Return objects of any kind by their entryUUIDs; what is not there is left out."""
        return {each.entry_uuid: each for each in self._ask(_BY_UUID, set(uuids))}

    def by_numbers(self, numbers: Iterable[int | None]) -> dict[int, Held]:
        """Return objects by their numbers."""
        return {each.id: each for each in self._ask(_BY_NUMBER, {each for each in numbers if each})}

    def latest(self, lids: Iterable[bytes]) -> dict[bytes, Held]:
        """Return the latest version of each object by its logical id."""
        wanted = set(lids)
        found: dict[bytes, Held] = {}
        # A first version's own id is the logical id; so only later ones need an index of their own.
        for each in (*self._ask(_BY_UUID, wanted), *self._ask(_LATER, wanted)):
            if each.lid in wanted and each.version > (found[each.lid].version if each.lid in found else 0):
                found[each.lid] = each
        return found

    def links_from(self, numbers: Iterable[int]) -> list[Held]:
        """Return the associations that start at one of these objects."""
        return self._ask(_FROM, set(numbers))

    def links_to(self, numbers: Iterable[int]) -> list[Held]:
        """Return the associations that end at one of these objects."""
        return self._ask(_TO, set(numbers))

    def xml(self, number: int) -> bytes:
        """Return an object's element as it is kept (zstd)."""
        found = self._connection.execute(_XML, {"tenant": self._tenant_id, "number": number})
        return bytes(found.scalar_one())

    def set_status(self, numbers: Collection[int], status: Status) -> None:
        """Give registered objects a status."""
        if numbers:
            rows = [
                {"tenant": self._tenant_id, "number": each, "new_status": int(status)} for each in numbers
            ]
            self._connection.execute(_SET_STATUS, rows)

    def touch(self, folders: Collection[int], time: str) -> None:
        """Set lastUpdateTime of registered folders."""
        if folders:
            rows = [{"tenant": self._tenant_id, "number": each, "time": time} for each in folders]
            self._connection.execute(_TOUCH, rows)

    def remove(self, numbers: Collection[int]) -> None:
        """Remove objects for good."""
        for some in slices(numbers):
            for statement in (_DROP_VALUES, _DROP):
                self._connection.execute(statement, {"tenant": self._tenant_id, "many": some})

    def _ask(self, statement: object, wanted: Collection[object]) -> list[Held]:
        found = []
        for some in slices(wanted):
            rows = self._connection.execute(
                statement,  # type: ignore[call-overload]
                {"tenant": self._tenant_id, "many": some},
            )
            found += [_held(row) for row in rows]
        return found


def _held(row: tuple[object, ...]) -> Held:
    number, kind, entry_uuid, lid, *rest = row
    return Held(number, kind, bytes(entry_uuid), bytes(lid), *rest)  # type: ignore[arg-type,call-overload]
