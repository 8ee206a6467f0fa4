"""Reading rows of one tenant's objects, without their XML: what choosing needs and no more."""

import uuid
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, TypeVar

from sqlalchemy import BindParameter, ColumnElement, Connection, Integer, Row, Select, bindparam, select

from erepo.cloud.registry.kinds import Kind
from erepo.cloud.storage.tables import registry_object
from erepo.xds.errors import QueryError
from erepo.xds.responses import RegistryError
from erepo.xds.vocabulary import Xds

#: Most objects of one answer; more is XDSTooManyResults (ask for ObjectRef, then in slices).
MOST_OBJECTS = 5_000
MOST_REFERENCES = 50_000
#: Most octets of XML in one answer: few clients read more, and it is all in memory at once.
MOST_OCTETS = 64 * 1024**2
#: Ids in one statement. Together with the values of a query (20,000 at most) below SQLite's 32,766 variables.
PORTION = 5_000

_object = registry_object.c
_IDS: BindParameter[list[Any]] = bindparam("ids", expanding=True)
# Made once: building a statement costs as much as running it.
_ANY = (
    select(
        _object.id,
        _object.kind,
        _object.entry_uuid,
        _object.patient_id,
        _object.association_type,
        _object.source_object,
        _object.target_object,
        _object.registered_at,
    )
    .where(_object.tenant_id == bindparam("tenant"))
    .order_by(_object.id)
    .limit(bindparam("most", type_=Integer()))
)
_OF_KIND = _ANY.where(_object.kind == bindparam("kind"))
_OF_PATIENT = _OF_KIND.where(_object.patient_id == bindparam("patient"))
#: With what an answer needs. Each row is a moment in which this thread waits for the interpreter's lock: what
#: is asked most often, a patient's documents, is read once and not first by number and then in full.
_WHOLE_OF_PATIENT = _OF_PATIENT.add_columns(_object.status, _object.created, _object.xml)
_BY_UUID, _BY_UNIQUE_ID, _BY_NUMBER, _FROM, _TO = (
    _OF_KIND.where(column.in_(_IDS))
    for column in (
        _object.entry_uuid,
        _object.unique_id,
        _object.id,
        _object.source_object,
        _object.target_object,
    )
)
_ANY_BY_UUID = _ANY.where(_object.entry_uuid.in_(_IDS))

Found = dict[int, Row[Any]]
"""Rows by their number, so that what is reached in two ways is there once."""
Condition = ColumnElement[bool]
Item = TypeVar("Item")


def portions(items: Iterable[Item]) -> Iterator[list[Item]]:
    """Yield lists of at most `PORTION` different items, each item once."""
    rest = iter(dict.fromkeys(items))
    while portion := list(islice(rest, PORTION)):
        yield portion


def uuids(texts: Iterable[str]) -> Iterator[bytes]:
    """Yield the octets of well-formed UUIDs; others name nothing."""
    for text in texts:
        try:
            yield uuid.UUID(text).bytes
        except ValueError:
            continue


class Reader:
    """Asks for rows of one tenant.

    Args:
        connection: a transaction that only reads.
        tenant_id: whose objects.
        most: rows that one question may bring.
        whole: whether objects and not only references to them will be answered.
        within: what every object must fit to be there at all; None: all are.
    """

    def __init__(
        self,
        connection: Connection,
        tenant_id: int,
        most: int,
        *,
        whole: bool = False,
        within: Condition | None = None,
    ) -> None:
        self._connection, self._tenant_id, self._most = connection, tenant_id, most
        self._within: tuple[Condition, ...] = () if within is None else (within,)
        self._of_patient = _WHOLE_OF_PATIENT if whole else _OF_PATIENT

    @property
    def dialect(self) -> str:
        """`sqlite` or `postgresql`; they differ in patterns."""
        return self._connection.dialect.name

    @property
    def tenant_id(self) -> int:
        """Whose objects are read; every table of a statement must be asked with it."""
        return self._tenant_id

    def of_patient(self, patient: str, kind: Kind, *conditions: Condition) -> Found:
        """Return a patient's objects of a kind."""
        return self._rows(self._of_patient, conditions, [{"kind": int(kind), "patient": patient}])

    def by_ids(
        self,
        kind: Kind,
        *conditions: Condition,
        entry_uuids: Sequence[str] = (),
        unique_ids: Sequence[str] = (),
    ) -> Found:
        """Return objects of a kind by what the client knows of them."""
        found = self._by(_BY_UUID, kind, uuids(entry_uuids), conditions)
        return found | self._by(_BY_UNIQUE_ID, kind, unique_ids, conditions)

    def by_numbers(self, kind: Kind, numbers: Iterable[int | None], *conditions: Condition) -> Found:
        """Return objects of a kind among the ends of associations."""
        return self._by(_BY_NUMBER, kind, (each for each in numbers if each is not None), conditions)

    def numbers_of(self, entry_uuids: Sequence[str]) -> list[int]:
        """Return the numbers of objects of any kind."""
        return list(self._rows(_ANY_BY_UUID, (), ({"ids": each} for each in portions(uuids(entry_uuids)))))

    def links_from(self, numbers: Iterable[int], types: Sequence[str] = ()) -> Found:
        """Return associations that start at one of these objects."""
        return self._by(_FROM, Kind.ASSOCIATION, numbers, _of_types(types))

    def links_to(self, numbers: Iterable[int], types: Sequence[str] = ()) -> Found:
        """Return associations that end at one of these objects."""
        return self._by(_TO, Kind.ASSOCIATION, numbers, _of_types(types))

    def touching(self, numbers: Iterable[int], types: Sequence[str] = ()) -> Found:
        """Return associations that start or end at one of these objects."""
        known = list(numbers)
        return self.links_from(known, types) | self.links_to(known, types)

    def _by(
        self, statement: Select[Any], kind: Kind, ids: Iterable[Any], conditions: Sequence[Condition]
    ) -> Found:
        asked = ({"kind": int(kind), "ids": portion} for portion in portions(ids))
        return self._rows(statement, conditions, asked)

    def _rows(
        self, statement: Select[Any], conditions: Sequence[Condition], asked: Iterable[dict[str, Any]]
    ) -> Found:
        """Run a statement for each portion of what is asked for.

        Raises:
            QueryError: XDSTooManyResults.
        """
        if conditions or self._within:
            statement = statement.where(*conditions, *self._within)
        found: Found = {}
        for values in asked:
            values |= {"tenant": self._tenant_id, "most": self._most + 1 - len(found)}
            size = 0
            for row in self._connection.execute(statement, values):
                found[row.id] = row
                size += len(getattr(row, "xml", b""))
                check_octets(size)
            check_number(found, self._most)
        return found


def _of_types(types: Sequence[str]) -> tuple[Condition, ...]:
    return (_object.association_type.in_(types),) if types else ()


def check_number(found: Sequence[object] | Found, most: int) -> None:
    """Hold the size of an answer against its bound.

    Raises:
        QueryError: XDSTooManyResults.
    """
    if len(found) > most:
        raise QueryError([RegistryError(Xds.TOO_MANY_RESULTS, f"more than {most} objects")])


def check_octets(size: int) -> None:
    """Hold the octets of an answer's XML against their bound.

    Raises:
        QueryError: XDSTooManyResults.
    """
    if size > MOST_OCTETS:
        context = f"more than {MOST_OCTETS} bytes of metadata"
        raise QueryError([RegistryError(Xds.TOO_MANY_RESULTS, context)])
