"""Files that survive a power cut: write, fsync, rename, fsync of the folder."""

import os
import secrets
import stat
from collections.abc import Iterable
from pathlib import Path


def write_durably(path: Path, chunks: Iterable[bytes | memoryview | bytearray], mode: int = 0o600) -> int:
    """Write a file so that after this returns it is whole and stays, and before that nobody sees it.

    The bytes go to a temporary name in the same folder (a rename across file systems is no rename), are
    flushed to the disk, renamed to `path` and the folder is flushed. An existing file is replaced as a whole.

    Args:
        path: the final name; missing folders are made (and flushed into their parents).
        chunks: the content, in order.
        mode: permission bits of the file.

    Returns:
        The number of bytes written.

    Raises:
        OSError: the disk refused; no temporary file is left behind.
    """
    make_folder(path.parent)
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(6)}.tmp")
    try:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
        with os.fdopen(descriptor, "wb") as file:
            written = sum(file.write(chunk) for chunk in chunks)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    flush_folder(path.parent)
    return written


def make_folder(folder: Path, mode: int = 0o700) -> None:
    """Make a folder and its missing parents, each entry flushed to the disk."""
    if folder.is_dir():
        return
    make_folder(folder.parent, mode)
    folder.mkdir(mode=mode, exist_ok=True)
    flush_folder(folder.parent)


def keep_private(path: Path) -> None:
    """Take away whatever rights group and others have on a file or folder."""
    mode = path.stat().st_mode
    if mode & (stat.S_IRWXG | stat.S_IRWXO):
        path.chmod(stat.S_IMODE(mode) & stat.S_IRWXU)


def flush_folder(folder: Path) -> None:
    """Flush a folder's entries (names, renames, removals) to the disk."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
