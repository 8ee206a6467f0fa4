"""Files where people want them: a set is refused as a whole, and never over another file unless asked.

Each is written under a temporary name in the same folder and gets its own name in one step, by a hard link:
that step fails where anything has the name already, a link to somewhere else included. Where a file system
has no hard links (FAT on a memory stick), an empty file takes the name first, and is then replaced.
"""

import errno
import os
import secrets
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

from erepo.clinic.reading.deliveries import Delivered
from erepo.clinic.reading.errors import FilesThere
from erepo.clinic.reading.names import key
from erepo.durable import flush_folder, make_folder

_NO_LINKS: Final = {errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK, errno.EACCES}


def write_files(folder: Path, files: Sequence[Delivered], *, force: bool = False) -> list[Path]:
    """Write files into a folder; it is made if it is missing.

    A file that is there with the same content (the stylesheet beside an earlier document) is left as it is.

    Args:
        folder: chosen by the person.
        files: their names are safe and distinct.
        force: whether what is there may be replaced; a link is replaced itself, not what it leads to.

    Returns:
        Their paths, in order.

    Raises:
        FilesThere: some names are taken; nothing was written.
        OSError: the disk refused; what was written before stays.
    """
    make_folder(folder)
    targets = [(folder / one.name, one.content) for one in files]
    wanted = [(path, content) for path, content in targets if not _same(path, content)]
    if not force:
        _refuse_taken(folder, [path.name for path, _ in wanted])
    for path, content in wanted:
        _write(path, content, force=force)
    return [path for path, _ in targets]


def _same(path: Path, content: bytes) -> bool:
    if path.is_symlink() or not path.is_file() or path.stat().st_size != len(content):
        return False
    return path.read_bytes() == content


def _refuse_taken(folder: Path, names: Sequence[str]) -> None:
    # Folders are copied from system to system: a name that differs in capitals alone is taken, everywhere.
    there = {key(name) for name in os.listdir(folder)}  # noqa: PTH208 - names are wanted, not paths
    taken = tuple(name for name in names if key(name) in there)
    if taken:
        raise _there(taken)


def _there(names: tuple[str, ...]) -> FilesThere:
    error = FilesThere(count=len(names))
    error.names = names
    return error


def _write(path: Path, content: bytes, *, force: bool) -> None:
    # A short name: the final one may be as long as the file system allows.
    temporary = path.with_name(f".{secrets.token_hex(8)}.tmp")
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    try:
        with os.fdopen(os.open(temporary, flags, 0o600), "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        if force:
            temporary.replace(path)
        else:
            _take_name(temporary, path)
    finally:
        with suppress(FileNotFoundError):
            temporary.unlink()
    flush_folder(path.parent)


def _take_name(temporary: Path, path: Path) -> None:
    try:
        os.link(temporary, path, follow_symlinks=False)
    except FileExistsError:
        raise _there((path.name,)) from None
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        try:
            os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600))
        except FileExistsError:
            raise _there((path.name,)) from None
        temporary.replace(path)
