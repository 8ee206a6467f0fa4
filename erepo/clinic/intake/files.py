"""Files as they come: found in folders, read whole and unchanging, or copied if they are large."""

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
    left out.
    """
    for path in paths:
        if path.is_dir():
            yield from _walk(path)
        else:
            yield path


def _walk(folder: Path) -> Iterator[Path]:
    try:
        with os.scandir(folder) as entries:
            found = sorted(
                (entry for entry in entries if not entry.name.startswith(".")), key=lambda one: one.name
            )
    except OSError:
        # Reported as a file that cannot be read, so that nobody thinks its content was taken in.
        yield folder
        return
    names = {entry.name for entry in found}
    for entry in found:
        if entry.is_dir(follow_symlinks=False):
            yield from _walk(Path(entry.path))
        elif not (entry.is_dir() or _describes_another(entry.name, names)):
            yield Path(entry.path)


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
    """
    try:
        # Without O_NONBLOCK a named pipe would keep us waiting for ever.
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError as error:
        raise FileUnreadable(problem=error.strerror) from None
    try:
        before = os.fstat(descriptor)
        _check(before, limit)
        content, digests = _read(descriptor, before.st_size, store)
        try:
            if stamp(os.fstat(descriptor)) != stamp(before) or digests.size != before.st_size:
                raise FileUnreadable(problem="it changed while being read")  # noqa: TRY301 (the copy must go)
        except FileUnreadable:
            if isinstance(content, Draft):
                store.discard(content)
            raise
    except OSError as error:
        raise FileUnreadable(problem=error.strerror) from None
    finally:
        os.close(descriptor)
    return Loaded(path, stamp(before), digests, before.st_mtime, content)


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
    while most > 0 and (chunk := os.read(descriptor, min(most, CHUNK))):
        most -= len(chunk)
        yield chunk
