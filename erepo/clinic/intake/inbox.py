"""The drop folder: which of its files are finished and may be taken in."""

import time
from pathlib import Path

from erepo.clinic.intake.files import find_files

#: Writers that do not rename into place announce themselves so.
_UNFINISHED = (".part", ".tmp", ".crdownload", ".filepart")


def finished_files(inbox: Path, quiet_seconds: float) -> list[Path]:
    """Return the files of a drop folder that nobody has written to for some seconds."""
    if not inbox.is_dir():
        return []
    now = time.time()
    return [file for file in find_files([inbox]) if is_finished(file, now - quiet_seconds, now)]


def is_finished(file: Path, before: float, now: float) -> bool:
    """Tell whether nobody has written to a file between `before` and `now` (seconds since 1970).

    A time in the future says nothing of that: it comes from another clock, or ours has been set back. Such a
    file would otherwise wait for years without a word; intake notices itself if it still grows.
    """
    if file.suffix.lower() in _UNFINISHED:
        return False
    try:
        return not before < file.stat().st_mtime <= now
    except FileNotFoundError:  # gone since the folder was read, or a link to nowhere
        return file.is_symlink()
    except OSError:  # cannot be looked at: intake says why
        return True
