"""The index of the eArchiwum: SQLite on the clinic's own disk, made from the records and from nothing else.

It never lies in the archive's folder: SQLite's locks and its write-ahead log do not work over network file
systems, and a damaged index must not take the archive with it. Lost or damaged, it is made again
(`erepo earchive rebuild`). Behind the records after a crash, it catches up by the next record's number.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa
from lxml import etree

from erepo.clinic.database import Database, open_database
from erepo.clinic.earchive.errors import IndexDamaged
from erepo.clinic.earchive.records import Record, StoredBlob
from erepo.xds.ebrim import Rules, read_objects, write_object_list, write_objects
from erepo.xds.model import MetadataSet
from erepo.xds.vocabulary import APPROVED, DEPRECATED

_Element = etree._Element  # noqa: SLF001 - the type lxml gives its elements has no public name
_PARSER = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=False)
#: Values of one statement.
_SLICE = 500

tables = sa.MetaData()

#: One row an object of the registry.
obj = sa.Table(
    "object",
    tables,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("entry_uuid", sa.String, nullable=False, unique=True),
    sa.Column("kind", sa.String, nullable=False),
    sa.Column("unique_id", sa.String, index=True),
    sa.Column("patient", sa.String),
    sa.Column("status", sa.String, nullable=False),
    sa.Column("source", sa.String, index=True),
    sa.Column("target", sa.String, index=True),
    sa.Column("record", sa.Integer, nullable=False, index=True),
    sa.Column("xml", sa.LargeBinary, nullable=False),
)

#: One row a document's octets.
blob = sa.Table(
    "blob",
    tables,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("unique_id", sa.String, nullable=False, unique=True),
    sa.Column("key", sa.String, nullable=False, unique=True),
    sa.Column("sha1", sa.String(40), nullable=False),
    sa.Column("sha256", sa.String(64), nullable=False),
    sa.Column("size", sa.BigInteger, nullable=False),
    sa.Column("mime_type", sa.String, nullable=False),
    sa.Column("record", sa.Integer, nullable=False),
)

#: What is decided to go and may still lie in the folder: octets, and words in records.
going = sa.Table(
    "going",
    tables,
    sa.Column("what", sa.String, primary_key=True),
    sa.Column("name", sa.String, primary_key=True),
)

#: The number of the last record that is in here.
position = sa.Table("position", tables, sa.Column("record", sa.Integer, nullable=False))

_KINDS: Final = ("documents", "submission_sets", "folders", "associations")


def open_index(file: Path, *, new: bool = False) -> Database:
    """Open the index.

    Raises:
        IndexDamaged: it is not there, or is no index; `new` makes one instead of the former.
    """
    if not (new or file.is_file()):
        raise IndexDamaged(problem="missing")
    database = open_database(f"sqlite:///{file}")
    try:
        with database.begin() as connection:
            if new:
                tables.create_all(connection)
                connection.execute(position.insert().values(record=0))
            last(connection)
    except BaseException as error:
        database.close()
        if isinstance(error, sa.exc.DBAPIError):
            raise IndexDamaged(problem=type(error.orig).__name__) from None
        raise
    return database


def last(connection: sa.Connection) -> int:
    """Return the number of the last record that is in the index."""
    found = connection.execute(sa.select(position.c.record)).scalar()
    if found is None:
        raise IndexDamaged(problem="empty")
    return int(found)


def apply(connection: sa.Connection, record: Record) -> None:
    """Take one record in; records come in the order of their numbers."""
    if record.objects:
        _insert_objects(connection, record)
    if record.blobs:
        _insert_blobs(connection, record)
    for part in slices(record.deprecates):
        change = sa.update(obj).where(obj.c.entry_uuid.in_(part), obj.c.kind == "documents")
        connection.execute(change.values(status=DEPRECATED))
    for part in slices(record.removed_objects):
        rows = connection.execute(sa.select(obj.c.record).where(obj.c.entry_uuid.in_(part)).distinct())
        _go(connection, "record", map(str, rows.scalars()))
        connection.execute(sa.delete(obj).where(obj.c.entry_uuid.in_(part)))
    for part in slices(record.removed_documents):
        rows = connection.execute(sa.select(blob.c.key).where(blob.c.unique_id.in_(part)))
        _go(connection, "blob", rows.scalars())
        connection.execute(sa.delete(blob).where(blob.c.unique_id.in_(part)))
    connection.execute(sa.update(position).values(record=record.number))


def _go(connection: sa.Connection, what: str, names: Iterable[str]) -> None:
    for name in names:
        known = sa.select(going.c.name).where(going.c.what == what, going.c.name == name)
        if connection.execute(known).first() is None:
            connection.execute(going.insert().values(what=what, name=name))


def _insert_objects(connection: sa.Connection, record: Record) -> None:
    listed = etree.fromstring(record.objects.encode(), _PARSER)
    metadata = read_objects(listed, Rules.ANSWER)
    rows: list[dict[str, Any]] = []
    for kind in _KINDS:
        for one in getattr(metadata, kind):
            (element,) = write_objects(MetadataSet(**{kind: (one,)}))
            rows.append(
                {
                    "entry_uuid": one.entry_uuid,
                    "kind": kind,
                    "unique_id": getattr(one, "unique_id", None),
                    "patient": str(patient) if (patient := getattr(one, "patient_id", None)) else None,
                    "status": one.status or APPROVED,
                    "source": getattr(one, "source", None),
                    "target": getattr(one, "target", None),
                    "record": record.number,
                    "xml": etree.tostring(element),
                }
            )
    connection.execute(obj.insert(), rows)


def _insert_blobs(connection: sa.Connection, record: Record) -> None:
    """Octets may be there without an entry: between the two halves of a removal."""
    connection.execute(blob.insert(), [asdict(one) | {"record": record.number} for one in record.blobs])


def read_rows(rows: Iterable[Any]) -> MetadataSet:
    """Return objects of the index as metadata, each with its present status."""
    listed = etree.Element("list")
    for row in rows:
        element = etree.fromstring(row.xml, _PARSER)
        element.set("status", row.status)
        listed.append(element)
    return read_objects(listed, Rules.ANSWER)


def objects_where(connection: sa.Connection, column: Any, values: Collection[str], *more: Any) -> list[Any]:
    """Return the rows whose column has one of the values."""
    found: list[Any] = []
    for part in slices(values):
        found += connection.execute(sa.select(obj).where(column.in_(part), *more).order_by(obj.c.id))
    return found


def blobs_of(connection: sa.Connection, unique_ids: Collection[str]) -> dict[str, StoredBlob]:
    """Return the octets that are there, by uniqueId."""
    found: dict[str, StoredBlob] = {}
    columns = [blob.c[name] for name in ("unique_id", "key", "sha1", "sha256", "size", "mime_type")]
    for part in slices(unique_ids):
        for row in connection.execute(sa.select(*columns).where(blob.c.unique_id.in_(part))):
            found[row.unique_id] = StoredBlob(*row)
    return found


def slices(values: Iterable[str]) -> Iterator[Sequence[str]]:
    """Yield the values, each once, in lists that one statement can take."""
    wanted = list(dict.fromkeys(values))
    for start in range(0, len(wanted), _SLICE):
        yield wanted[start : start + _SLICE]


def to_xml(metadata: MetadataSet) -> str:
    """Return objects as the XML that a record holds.

    Raises:
        ValueError: a value holds a character that XML cannot carry.
    """
    return etree.tostring(write_object_list(metadata), encoding="unicode")
