"""The folder of the eArchiwum: what lies where, and the mark that proves it is the right one.

    FOLDER/earchiwum.json            the mark: archive, repository, whose it is
    FOLDER/blobs/1/<2>/<32 hex>      octets of documents, exactly as they were taken in
    FOLDER/records/<6>/<9>.json      what happened, in order, one file a submission or removal

The mark is written once. Where a share is not mounted its mount point is an empty folder of the local disk:
without the mark nothing is ever written there, and no empty archive comes into being.
"""

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from uuid import uuid4

from erepo.blobs.store import FileBlobStore
from erepo.clinic.earchive.errors import (
    ArchiveTooNew,
    FolderInUse,
    FolderMissing,
    ForeignArchive,
    typing,
)
from erepo.clinic.earchive.records import Records
from erepo.durable import make_folder, write_durably
from erepo.identifiers import oids

MARK = "earchiwum.json"
FORMAT = 1
#: What a file system itself puts into an empty one.
_USUAL = frozenset({"lost+found", ".snapshot", ".Trash-1000", "System Volume Information", "$RECYCLE.BIN"})


@dataclass(frozen=True)
class Mark:
    """What stands in the mark.

    Attributes:
        archive: random id of the archive, 32 hex digits.
        repository_unique_id: OID that it has as an XDS repository.
        installation: random id of the installation that uses it.
        format: of the folder.
    """

    archive: str
    repository_unique_id: str
    installation: str
    format: int = FORMAT


@dataclass(frozen=True)
class Place:
    """A folder that holds the archive that we expect.

    Attributes:
        folder: on a disk or share.
        mark: that must lie in it.
        key: of the seal of its records; empty: they are neither sealed nor are seals looked at.
    """

    folder: Path
    mark: Mark
    key: bytes = field(default=b"", repr=False, compare=False)

    @property
    def records(self) -> Path:
        """Where the records lie."""
        return self.folder / "records"

    def open_records(self) -> Records:
        """Return the records; nothing is read."""
        return Records(self.records, self.mark.archive, self.key)

    def blobs(self) -> FileBlobStore:
        """Return the store of octets.

        Raises:
            FolderMissing: the archive is not there (any more).
        """
        self.check()
        with typing(self.folder):
            return FileBlobStore(self.folder / "blobs")

    def check(self) -> int:
        """Make sure that the archive is there; return the number of its device.

        Raises:
            FolderMissing: the mark is not there.
            ForeignArchive: it is the mark of another archive, or another installation has taken it over.
            FolderFaulty, FolderReadOnly: it cannot be read.
        """
        if read_mark(self.folder) != self.mark:
            raise ForeignArchive(folder=self.folder)
        with typing(self.folder):
            return (self.folder / MARK).stat().st_dev


def read_mark(folder: Path) -> Mark:
    """Read the mark of a folder.

    Raises:
        FolderMissing: there is none, or it cannot be understood.
        ArchiveTooNew: it was written by a later version.
        FolderFaulty, FolderReadOnly: it cannot be read.
    """
    with typing(folder):
        octets = (folder / MARK).read_bytes()
    try:
        found = Mark(**json.loads(octets))
    except (ValueError, TypeError):
        raise FolderMissing(folder=folder, problem=MARK) from None
    if found.format > FORMAT:
        raise ArchiveTooNew(folder=folder)
    return found


def found_archive(folder: Path, installation: str) -> Place:
    """Make a new archive in an empty folder that exists.

    Raises:
        FolderMissing: it does not exist.
        FolderInUse: it is not empty.
        FolderFull, FolderReadOnly, FolderFaulty: it cannot be written.
    """
    with typing(folder):
        if {one.name for one in folder.iterdir()} - _USUAL:
            raise FolderInUse(folder=folder)
        mark = Mark(uuid4().hex, oids.new_uuid_oid(), installation)
        for name in ("blobs", "records"):
            make_folder(folder / name)
        _write(folder, mark)
    return Place(folder, mark)


def take_over(folder: Path, installation: str) -> Place:
    """Make an archive that is there this installation's own.

    Raises:
        FolderMissing, ArchiveTooNew, FolderReadOnly, FolderFaulty: as `read_mark`.
    """
    found = read_mark(folder)
    mark = Mark(found.archive, found.repository_unique_id, installation)
    with typing(folder):
        _write(folder, mark)
    return Place(folder, mark)


def _write(folder: Path, mark: Mark) -> None:
    write_durably(folder / MARK, [json.dumps(asdict(mark), indent=1).encode()])
