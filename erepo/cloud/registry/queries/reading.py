"""Reading rows of one tenant's objects, without their XML: what choosing needs and no more."""

import uuid
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Connection, Row, Select, select

from erepo.cloud.registry.kinds import Kind
from erepo.cloud.storage.tables import registry_object
from erepo.xds.errors import QueryError
from erepo.xds.responses import RegistryError
from erepo.xds.vocabulary import Xds

#: Most objects of one answer; more is XDSTooManyResults (ask for ObjectRef, then in slices).
MOST_OBJECTS = 5_000
MOST_REFERENCES = 50_000
#: Ids in one statement. Together with the values of a query (20,000 at most) below SQLite's 32,766 variables.
PORTION = 5_000

_object = registry_object.c
_COLUMNS = (
    _object.id,
    _object.kind,
    _object.entry_uuid,
    _object.patient_id,
    _object.association_type,
    _object.source_object,
    _object.target_object,
    _object.registered_at,
)

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
    """

    def __init__(self, connection: Connection, tenant_id: int, most: int) -> None:
        self._connection, self._tenant_id, self._most = connection, tenant_id, most

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
        return self._rows([self._all(kind).where(_object.patient_id == patient, *conditions)])

    def by_ids(
        self,
        kind: Kind,
        *conditions: Condition,
        entry_uuids: Sequence[str] = (),
        unique_ids: Sequence[str] = (),
    ) -> Found:
        """Return objects of a kind by what the client knows of them."""
        known = [_object.entry_uuid.in_(portion) for portion in portions(uuids(entry_uuids))]
        known += [_object.unique_id.in_(portion) for portion in portions(unique_ids)]
        return self._rows(self._all(kind).where(each, *conditions) for each in known)

    def by_numbers(self, kind: Kind, numbers: Iterable[int | None], *conditions: Condition) -> Found:
        """Return objects of a kind among the ends of associations."""
        return self._rows(
            self._all(kind).where(_object.id.in_(portion), *conditions)
            for portion in portions(number for number in numbers if number is not None)
        )

    def numbers_of(self, entry_uuids: Sequence[str]) -> list[int]:
        """Return the numbers of objects of any kind."""
        return list(
            self._rows(
                self._any().where(_object.entry_uuid.in_(portion)) for portion in portions(uuids(entry_uuids))
            )
        )

    def links_from(self, numbers: Iterable[int], types: Sequence[str] = ()) -> Found:
        """Return associations that start at one of these objects."""
        return self._links(_object.source_object, numbers, types)

    def links_to(self, numbers: Iterable[int], types: Sequence[str] = ()) -> Found:
        """Return associations that end at one of these objects."""
        return self._links(_object.target_object, numbers, types)

    def touching(self, numbers: Iterable[int], types: Sequence[str] = ()) -> Found:
        """Return associations that start or end at one of these objects."""
        known = list(numbers)
        return self.links_from(known, types) | self.links_to(known, types)

    def _links(self, end: ColumnElement[Any], numbers: Iterable[int], types: Sequence[str]) -> Found:
        wanted = self._all(Kind.ASSOCIATION)
        if types:
            wanted = wanted.where(_object.association_type.in_(types))
        return self._rows(wanted.where(end.in_(portion)) for portion in portions(numbers))

    def _any(self) -> Select[Any]:
        return select(*_COLUMNS).where(_object.tenant_id == self._tenant_id).order_by(_object.id)

    def _all(self, kind: Kind) -> Select[Any]:
        return self._any().where(_object.kind == int(kind))

    def _rows(self, statements: Iterable[Select[Any]]) -> Found:
        """Run statements that ask for portions of one thing.

        Raises:
            QueryError: XDSTooManyResults.
        """
        found: Found = {}
        for statement in statements:
            limited = statement.limit(self._most + 1 - len(found))
            found |= {row.id: row for row in self._connection.execute(limited)}
            check_number(found, self._most)
        return found


def check_number(found: Sequence[object] | Found, most: int) -> None:
    """Hold the size of an answer against its bound.

    Raises:
        QueryError: XDSTooManyResults.
    """
    if len(found) > most:
        raise QueryError([RegistryError(Xds.TOO_MANY_RESULTS, f"more than {most} objects")])
