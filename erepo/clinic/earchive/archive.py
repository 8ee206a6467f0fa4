"""The eArchiwum opened: its folder, records and index, and the one way to change it.

Commit points of a change, in order:

    B  octets are durable files          nothing points at them yet
    R  the record is durable             **the change is made**; the next record's number is taken
    I  the index has taken it in         answers show it
    G  what was decided to go is gone    files of removed octets, words in older records

A crash between R and I: whoever opens, asks or writes next finds the record by its number and takes it in. A
crash between B and R leaves octets that no record names (`erepo earchive check` counts them). After I, what
still has to go stands in the index until it is gone.
"""

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import sqlalchemy as sa

from erepo.blobs.store import FileBlobStore
from erepo.clinic.database import Database
from erepo.clinic.earchive import index
from erepo.clinic.earchive.errors import (
    ArchiveBehind,
    FolderMissing,
    IndexDamaged,
    RecordDamaged,
    StoringUnknown,
    typed,
    typing,
)
from erepo.clinic.earchive.index import apply, going, last, open_index
from erepo.clinic.earchive.place import MARK, Place
from erepo.clinic.earchive.records import Record, Records
from erepo.clinic.tables import now

#: Makes the record of a change from what the index says, and from the number that it will have.
Draft = Callable[[sa.Connection, int], Record]


@dataclass
class Archive:
    """An opened archive; may be shared by threads.

    Attributes:
        place: its folder.
        index: its index.
        records: its records.
        blobs: its octets.
    """

    place: Place
    index: Database = field(repr=False)
    records: Records = field(init=False)
    blobs: FileBlobStore = field(init=False)

    def __post_init__(self) -> None:
        """Find out whether the folder is there."""
        self.records, self.blobs = self.place.open_records(), self.place.blobs()

    def close(self) -> None:
        """Close the index."""
        self.index.close()

    def catch_up(self) -> int:
        """Take in records that a crash kept from the index, and finish what was to go; return how many.

        Raises:
            ArchiveBehind: the folder ends before the index does.
            RecordDamaged: the next record cannot be trusted.
        """
        with self.reading() as connection:
            known = last(connection)
        if known and not self._has(known):
            found = max((number for number in self.records.numbers() if number < known), default=0)
            raise ArchiveBehind(found=found, known=known)
        taken = 0
        if self._has(known + 1):
            with self.writing() as connection:
                taken = self._take_in(connection)
        self.clear()
        return taken

    @contextlib.contextmanager
    def reading(self) -> Iterator[sa.Connection]:
        """Read the index.

        Raises:
            IndexDamaged: it cannot be read.
        """
        with _index_typed(), self.index.read() as connection:
            yield connection

    @contextlib.contextmanager
    def writing(self) -> Iterator[sa.Connection]:
        """Change the index; one at a time in all processes.

        Raises:
            IndexDamaged: it cannot be written.
        """
        with _index_typed(), self.index.begin() as connection:
            yield connection

    @contextlib.contextmanager
    def up_to_date(self) -> Iterator[sa.Connection]:
        """Read the index after it has taken in what another process left behind."""
        self.place.check()
        with self.reading() as connection:
            behind = self._has(last(connection) + 1)
        if behind:
            with self.writing() as connection:
                self._take_in(connection)
        with self.reading() as connection:
            yield connection

    def change(self, draft: Draft) -> Record:
        """Make one change: its record is written, then the index takes it in.

        Args:
            draft: called under the lock; whatever it raises ends the change before anything is written.

        Raises:
            FolderMissing, FolderFull, FolderReadOnly, FolderFaulty: nothing was changed.
            StoringUnknown: it may have been made; ask.
        """
        written = False
        try:
            with self.writing() as connection:
                self._take_in(connection)
                record = draft(connection, last(connection) + 1)
                device = self.place.check()
                self._append(record)
                written = True
                self._check_landed(record, device)
                apply(connection, record)
        except Exception as error:
            if written and not isinstance(error, StoringUnknown):
                raise StoringUnknown(folder=self.place.folder, address=self.place.folder) from None
            raise
        return record

    def clear(self) -> None:
        """Remove what was decided to go; what cannot be removed now is tried again at the next opening."""
        with self.reading() as connection:
            rows = connection.execute(sa.select(going.c.what, going.c.name)).all()
        for what, name in rows:
            with contextlib.suppress(OSError, RecordDamaged):
                if what == "blob":
                    self.blobs.delete(name)
                else:
                    self._forget_words(int(name))
                with self.writing() as connection:
                    gone = sa.delete(going).where(going.c.what == what, going.c.name == name)
                    connection.execute(gone)

    def octets(self) -> int:
        """Return the size of all documents, in bytes."""
        with self.reading() as connection:
            return int(connection.execute(sa.select(sa.func.sum(index.blob.c.size))).scalar() or 0)

    def stamp(self) -> str:
        """Return the present moment as records write it."""
        return now().isoformat(timespec="milliseconds")

    def _take_in(self, connection: sa.Connection) -> int:
        taken, number = 0, last(connection) + 1
        while self._has(number):
            with typing(self.place.folder):
                record = self.records.read(number)
            apply(connection, record)
            taken, number = taken + 1, number + 1
        return taken

    def _has(self, number: int) -> bool:
        with typing(self.place.folder):
            return self.records.has(number)

    def _append(self, record: Record) -> None:
        try:
            self.records.append(record)
        except OSError as error:
            try:
                landed = self.records.has(record.number)
            except OSError:
                landed = True
            if landed:
                folder = self.place.folder
                raise StoringUnknown(folder=folder, address=folder) from None
            raise typed(error, self.place.folder) from None

    def _check_landed(self, record: Record, device: int) -> None:
        """The share may have gone just now, and the record have landed on its mount point."""
        with typing(self.place.folder):
            landed = self.records.path(record.number).stat().st_dev
        if landed != device or self.place.check() != device:
            raise FolderMissing(folder=self.place.folder, problem=MARK)

    def _forget_words(self, number: int) -> None:
        """Leave out of a record the objects that are no longer registered: no patient's data stays in it."""
        with self.reading() as connection:
            wanted = sa.select(index.obj).where(index.obj.c.record == number).order_by(index.obj.c.id)
            left = connection.execute(wanted).all()
            listed = index.read_rows(left)
        record = self.records.read(number)
        self.records.rewrite(record, objects=index.to_xml(listed) if left else "")


@contextlib.contextmanager
def _index_typed() -> Iterator[None]:
    try:
        yield
    except sa.exc.DBAPIError as error:
        raise IndexDamaged(problem=type(error.orig).__name__) from None


def open_archive(place: Place, index_file: Path) -> Archive:
    """Open an archive and bring its index up to date.

    Raises:
        FolderMissing, ForeignArchive, FolderReadOnly, FolderFaulty: the folder.
        IndexDamaged, ArchiveBehind, RecordDamaged: the index, or what it is made from.
    """
    place.check()
    database = open_index(index_file)
    try:
        archive = Archive(place, database)
        archive.catch_up()
    except BaseException:
        database.close()
        raise
    return archive
