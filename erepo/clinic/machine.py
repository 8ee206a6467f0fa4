"""When the machine itself refuses: full or read-only disks, no permission, a database that stays locked."""

import sqlite3
from typing import Final

import sqlalchemy as sa

from erepo.errors import RetryableError
from erepo.texts import Text

#: SQLite's own sentences for these quote nothing of a row.
_QUOTABLE: Final = frozenset(
    {
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_LOCKED,
        sqlite3.SQLITE_NOMEM,
        sqlite3.SQLITE_READONLY,
    }
)


class DiskTrouble(RetryableError):
    """The machine's own disk, memory or database refused."""

    code = "erepo.machine"
    cause = Text("The machine refused: {reason} ({place}).", "Odmowa systemu: {reason} ({place}).")
    cure = Text(
        "Check free space and permissions under EREPO_HOME, and that no other program keeps the database"
        " locked; the next run goes on.",
        "Sprawdź wolne miejsce i uprawnienia w EREPO_HOME oraz czy inny program nie blokuje bazy danych;"
        " następne uruchomienie dokończy pracę.",
    )


def trouble_of(error: Exception, place: str) -> DiskTrouble | None:
    """Return what the machine refused, without names of files or contents of rows; else None.

    Args:
        error: as caught.
        place: where it happened, in words that may be shown.
    """
    if isinstance(error, OSError):
        # strerror is the system's own sentence; the file name is left out.
        return DiskTrouble(reason=error.strerror or type(error).__name__, place=place)
    if not isinstance(error, sa.exc.OperationalError):
        return None
    cause = error.orig
    if isinstance(cause, sqlite3.Error):
        # The lower byte is the kind of the error, the upper ones refine it.
        known = (getattr(cause, "sqlite_errorcode", 0) & 0xFF) in _QUOTABLE
        return DiskTrouble(reason=str(cause), place=place) if known else None
    return DiskTrouble(reason=type(cause).__name__, place=place)
