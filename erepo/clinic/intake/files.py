"""Files as they come: found in folders, read whole and unchanging, or copied if they are large."""

import errno
import mmap
import os
import stat
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha1, sha256
from pathlib import Path

from erepo.cda.errors import DocumentTooLarge
from erepo.clinic.content import ContentStore, Draft
from erepo.clinic.errors import FileEmpty, FileUnreadable
from erepo.content import CHUNK, Buffer, Content, Digests, MemoryContent

#: Bytes up to which a file is held in memory while it is taken in; a larger one is copied and mapped.
IN_MEMORY = 4 * 1024**2
#: Ending of the file that describes the file beside it.
SIDECAR = ".json"

Stamp = tuple[int, int, int, int]
"""Device, inode, size and modification time: equal while nobody touches the file."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """A file as read.

    Attributes:
        path: where it was.
        stamp: what it looked like while it was read.
        digests: of its bytes.
        modified: seconds since 1970.
        content: its bytes, or a durable copy of them.
    """

    path: Path
    stamp: Stamp
    digests: Digests
    modified: float
    content: Content | Draft

    @contextmanager
    def octets(self) -> Iterator[Buffer]:
        """Give the bytes as one buffer, mapped from the copy if large."""
        if isinstance(self.content, MemoryContent):
            yield self.content.octets
            return
        if not isinstance(self.content, Draft):
            raise TypeError("content is in memory or a draft")
        with (
            self.content.path.open("rb") as file,
            mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped,
            memoryview(mapped) as view,
        ):
            yield view


def find_files(paths: Iterable[Path]) -> Iterator[Path]:
    """Yield the files meant by paths: files as they are, folders with all below them, in order of name.

    Inside folders, hidden files, links to folders, and descriptions (`<file>.json` beside `<file>`) are
    left out. A file that several of the paths mean comes once. What cannot be looked at is yielded as well:
    it is reported as a file that cannot be read, so that nobody thinks its content was taken in.
    """
    seen: set[str] = set()
    for path in paths:
        for file in _walk(path) if _is_folder(path) else (path,):
            if (name := os.fspath(file)) not in seen:
                seen.add(name)
                yield file


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError:
        return False


def _walk(folder: Path) -> Iterator[Path]:
    # No recursion: folders may lie deeper in each other than Python calls may.
    open_folders = [iter([(folder, True)])]
    while open_folders:
        path, is_folder = next(open_folders[-1], (None, False))
        if path is None:
            open_folders.pop()
        elif is_folder and (listed := _listed(path)) is not None:
            open_folders.append(iter(listed))
        else:
            yield path


def _listed(folder: Path) -> list[tuple[Path, bool]] | None:
    """Return what lies in a folder, in order of name, and whether each is a folder; None if it is closed."""
    try:
        with os.scandir(folder) as entries:
            found = sorted(
                (entry for entry in entries if not entry.name.startswith(".")), key=lambda one: one.name
            )
    except OSError:
        return None
    names = {entry.name for entry in found}
    return [
        (Path(entry.path), entry.is_dir(follow_symlinks=False))
        for entry in found
        if not (_is_link_to_folder(entry) or _describes_another(entry.name, names))
    ]


def _is_link_to_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_symlink() and entry.is_dir()
    except OSError:  # a link to itself, for instance: nothing that could be read
        return False


def _describes_another(name: str, names: set[str]) -> bool:
    return name.endswith(SIDECAR) and name.removesuffix(SIDECAR) in names


def load(path: Path, store: ContentStore, limit: int) -> Loaded:
    """Read a file whole.

    Args:
        path: the file.
        store: keeps the copy of a large one.
        limit: most bytes accepted.

    Raises:
        FileUnreadable: gone, no permission, no regular file, or changing under our eyes.
        FileEmpty: no content.
        DocumentTooLarge: above the limit.
        OSError: our own disk refused the copy.
    """
    with _opened(path) as descriptor:
        before = os.fstat(descriptor)
        _check(before, limit)
        content, digests = _read(descriptor, before.st_size, store)
        if stamp(os.fstat(descriptor)) != stamp(before) or digests.size != before.st_size:
            if isinstance(content, Draft):
                store.discard(content)
            raise FileUnreadable(problem="it changed while being read")
    return Loaded(path, stamp(before), digests, before.st_mtime, content)


@contextmanager
def _opened(path: Path) -> Iterator[int]:
    try:
        # Without O_NONBLOCK a named pipe would keep us waiting for ever.
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except (OSError, ValueError) as error:
        raise FileUnreadable(problem=_words(error)) from None
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def read_beside(path: Path, most: int) -> bytes | None:
    """Return up to `most` bytes of a small file beside a document; None if there is no such file.

    Raises:
        OSError: it cannot be read, or is no regular file.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except FileNotFoundError:
        return None
    with os.fdopen(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError(errno.EINVAL, "no regular file")
        return file.read(most)


def plain_name(path: Path) -> str:
    """Return a file's name as text that every database and terminal takes.

    Bytes that are no UTF-8, line ends, escape sequences and marks that turn the direction of writing are
    written as escapes.
    """
    return plain(path.name)


def plain(text: str) -> str:
    """Return a path or name with everything unprintable in it written as escapes."""
    return "".join(one if one.isprintable() else ascii(one)[1:-1] for one in text)


def stamp(status: os.stat_result) -> Stamp:
    """Return what tells an untouched file from a changed one."""
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns


def _check(status: os.stat_result, limit: int) -> None:
    if not stat.S_ISREG(status.st_mode):
        raise FileUnreadable(problem="it is no regular file")
    if status.st_size == 0:
        raise FileEmpty
    if status.st_size > limit:
        raise DocumentTooLarge(size=status.st_size, limit=limit, unit="bytes")


def _read(descriptor: int, size: int, store: ContentStore) -> tuple[Content | Draft, Digests]:
    # One byte more than announced shows a growing file, and bounds what a growing file can make us read.
    if size > IN_MEMORY:
        draft = store.draft(_chunks(descriptor, size + 1))
        return draft, draft.digests
    octets = b"".join(_chunks(descriptor, size + 1))
    digests = Digests(
        sha1(octets, usedforsecurity=False).hexdigest(), sha256(octets).hexdigest(), len(octets)
    )
    return MemoryContent(octets), digests


def _chunks(descriptor: int, most: int) -> Iterator[bytes]:
    # Only reading is the file's fault; where a copy cannot be written, it is our own disk's.
    while most > 0:
        try:
            chunk = os.read(descriptor, min(most, CHUNK))
        except OSError as error:
            raise FileUnreadable(problem=_words(error)) from None
        if not chunk:
            return
        most -= len(chunk)
        yield chunk


def _words(error: Exception) -> str:
    return getattr(error, "strerror", None) or "no such name"
