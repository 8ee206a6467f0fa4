"""The eArchiwum: the other external repository, an archive on the clinic's own disk or share (manual 1.5).

It stands behind the same port as the service (`erepo.clinic.repository.Cloud`), so archiving, reconciling,
verifying, migrating and deleting run the same code. See `archive` for its commit points, `place` for what
lies where, `records` for its truth, and `index` for why that stays on the clinic's own disk.
"""

from erepo.clinic.earchive.archive import Archive, open_archive
from erepo.clinic.earchive.checking import CheckReport, check, rebuild
from erepo.clinic.earchive.connection import EArchive
from erepo.clinic.earchive.place import Mark, Place, found_archive, read_mark, take_over

__all__ = [
    "Archive",
    "CheckReport",
    "EArchive",
    "Mark",
    "Place",
    "check",
    "found_archive",
    "open_archive",
    "read_mark",
    "rebuild",
    "take_over",
]
