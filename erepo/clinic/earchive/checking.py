"""The eArchiwum held against itself: every record, every document's octets, and the index.

`rebuild` makes the index anew from the records; `check` reads everything and names what is not as it should
be, by number or opaque id. Neither needs the clinic's database.
"""

import contextlib
import sqlite3
from collections.abc import Callable, Collection
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from erepo.blobs.errors import StoredContentDamaged
from erepo.clinic.database import Database
from erepo.clinic.earchive.archive import Archive
from erepo.clinic.earchive.errors import FolderMissing, RecordDamaged, typing
from erepo.clinic.earchive.giving import read_checked
from erepo.clinic.earchive.index import apply, blob, last, obj, open_index, position
from erepo.clinic.earchive.place import Place
from erepo.clinic.earchive.records import Record, Records, StoredBlob

Progress = Callable[[int], None]
_PAGE = 500
#: Seconds; what is younger may belong to a submission under way.
OLD = 6 * 3600.0


@dataclass
class CheckReport:
    """What `check` found.

    Attributes:
        records: that were read.
        documents: whose octets were read.
        bytes: octets read.
        damaged: numbers of documents in the index whose octets are lost or changed.
        damaged_records: numbers of records that are missing or do not match their fingerprint or seal.
        acknowledged: of such records, those that a person knows to be lost; they are no damage any more.
        unsealed: records that do not bear this installation's seal.
        without_octets: registered entries whose document is not there.
        orphans: octets that no record names, older than six hours.
        removed: of these, removed.
    """

    records: int = 0
    documents: int = 0
    bytes: int = 0
    damaged: list[int] = field(default_factory=list)
    damaged_records: list[int] = field(default_factory=list)
    acknowledged: list[int] = field(default_factory=list)
    unsealed: int = 0
    without_octets: int = 0
    orphans: int = 0
    removed: int = 0

    @property
    def sound(self) -> bool:
        """Whether nothing is lost or damaged; octets that nobody needs are no damage."""
        return not (self.damaged or self.damaged_records or self.unsealed or self.without_octets)

    def as_json(self) -> dict[str, Any]:
        """Return plain data."""
        return asdict(self) | {"sound": self.sound}


def check(
    archive: Archive,
    *,
    remove_orphans: bool = False,
    acknowledged: Collection[int] = (),
    progress: Progress | None = None,
) -> CheckReport:
    """Read everything in the archive.

    Args:
        archive: opened.
        remove_orphans: also remove octets that no record names.
        acknowledged: records that somebody knows to be lost.
        progress: called with documents just read.

    Raises:
        FolderMissing, FolderFaulty, IndexDamaged: it cannot be checked.
    """
    report = CheckReport()
    archive.place.check()
    _check_records(archive, report, acknowledged)
    with archive.reading() as connection:
        lost = sa.select(sa.func.count()).select_from(
            obj.outerjoin(blob, obj.c.unique_id == blob.c.unique_id)
        )
        report.without_octets = connection.execute(
            lost.where(obj.c.kind == "documents", blob.c.id.is_(None))
        ).scalar_one()
    after = 0
    while rows := _page(archive, after):
        after = rows[-1].id
        for row in rows:
            _check_octets(archive, row, report)
        if progress is not None:
            progress(len(rows))
    _check_orphans(archive, report, remove=remove_orphans)
    return report


def count(archive: Archive) -> int:
    """Return how many documents `check` will read."""
    with archive.reading() as connection:
        return connection.execute(sa.select(sa.func.count()).select_from(blob)).scalar_one()


def _page(archive: Archive, after: int) -> list[Any]:
    with archive.reading() as connection:
        wanted = sa.select(blob).where(blob.c.id > after).order_by(blob.c.id).limit(_PAGE)
        return list(connection.execute(wanted))


def is_damaged(archive: Archive, number: int) -> bool:
    """Tell whether a record that the index has passed is missing or damaged."""
    with archive.reading() as connection:
        if not 1 <= number <= last(connection):
            return False
    try:
        _record(archive.place, archive.records, number)
    except RecordDamaged:
        return True
    return False


def _check_records(archive: Archive, report: CheckReport, acknowledged: Collection[int]) -> None:
    with archive.reading() as connection:
        end = last(connection)
    for number in range(1, end + 1):
        try:
            _record(archive.place, archive.records, number)
        except RecordDamaged:
            known = number in acknowledged
            (report.acknowledged if known else report.damaged_records).append(number)
        else:
            report.records += 1
            with typing(archive.place.folder):
                report.unsealed += bool(archive.place.key) and not archive.records.is_sealed(number)


def _check_octets(archive: Archive, row: Any, report: CheckReport) -> None:
    known = StoredBlob(row.unique_id, row.key, row.sha1, row.sha256, row.size, row.mime_type)
    report.documents += 1
    report.bytes += row.size
    try:
        with typing(archive.place.folder):
            read_checked(archive, known)
    except StoredContentDamaged:
        report.damaged.append(row.id)


def _check_orphans(archive: Archive, report: CheckReport, *, remove: bool) -> None:
    with typing(archive.place.folder):
        for key in archive.blobs.keys(OLD):
            with archive.reading() as connection:
                known = connection.execute(sa.select(blob.c.id).where(blob.c.key == key)).first()
            if known is None:
                report.orphans += 1
                if remove:
                    archive.blobs.delete(key)
                    report.removed += 1
        if remove:
            archive.blobs.remove_leftovers(OLD)


def rebuild(
    place: Place, index_file: Path, *, skip_damaged: bool = False, sealing: bool = False
) -> tuple[int, list[int]]:
    """Make the index anew from the records, beside the former one, then in its place.

    Args:
        place: the archive.
        index_file: where the index goes.
        skip_damaged: leave out what cannot be trusted instead of ending there.
        sealing: seal records that do not bear this installation's seal; the caller trusts in them.

    Returns:
        (records taken in, numbers of those that are missing or damaged).

    Raises:
        RecordDamaged: one is missing or damaged, and none is to be skipped; the former index stays.
        FolderMissing, FolderFaulty: the folder.
    """
    place.check()
    draft = index_file.with_name(f"{index_file.name}.new")
    _remove(draft)
    database = open_index(draft, new=True)
    try:
        taken, damaged = _fold(place, database, skip_damaged=skip_damaged, sealing=sealing)
    finally:
        database.close()
    with contextlib.closing(sqlite3.connect(draft)) as connection:
        # The file alone gets its new name: nothing may be left in its log.
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    _remove(index_file)
    draft.rename(index_file)
    _remove(draft)
    return taken, damaged


def _fold(place: Place, database: Database, *, skip_damaged: bool, sealing: bool) -> tuple[int, list[int]]:
    records, damaged, taken = place.open_records(), [], 0
    with typing(place.folder):
        end = max(records.numbers(), default=0)
    for number in range(1, end + 1):
        try:
            record = _record(place, records, number)
        except RecordDamaged:
            if not skip_damaged:
                raise
            damaged.append(number)
            continue
        if sealing and not records.is_sealed(number):
            with typing(place.folder):
                records.rewrite(record)
        with database.begin() as connection:
            apply(connection, record)
        taken += 1
    with database.begin() as connection:
        connection.execute(sa.update(position).values(record=end))
    return taken, damaged


def _record(place: Place, records: Records, number: int) -> Record:
    try:
        with typing(place.folder):
            return records.read(number)
    except FolderMissing:
        place.check()
        raise RecordDamaged(number=number, file=records.path(number)) from None


def _remove(file: Path) -> None:
    for name in (file, file.with_name(f"{file.name}-wal"), file.with_name(f"{file.name}-shm")):
        name.unlink(missing_ok=True)
