"""The clinic's own store of document content: files named by their SHA-256 under `clinic_home/content`.

A name appears only after its bytes are whole and on the disk. Many files are written side by side, because
each waits for the disk. What a crash leaves behind is a temporary file in `.incoming` (swept) or a whole
file that no row of the database names (kept: the next import of the same bytes finds it).
"""

import os
import secrets
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from hashlib import sha1, sha256
from pathlib import Path
from typing import BinaryIO, NamedTuple

from erepo.clinic.errors import ContentDamaged
from erepo.content import Content, Digests, FileContent, digest
from erepo.durable import flush_folder, make_folder
from erepo.settings import Settings

#: Files written at once.
WRITERS = 8
#: Seconds after which a temporary file can belong to no running import any more.
STALE = 24 * 3600


class Draft(NamedTuple):
    """A file already durable under a temporary name, not yet part of the store."""

    path: Path
    digests: Digests


class DraftWriter:
    """A draft that is written as its octets arrive."""

    def __init__(self, path: Path) -> None:
        self._path, self._file, self._size = path, _create(path), 0
        self._one, self._two = sha1(usedforsecurity=False), sha256()

    def write(self, chunk: bytes | bytearray | memoryview) -> None:
        """Add octets.

        Raises:
            OSError: the disk refused.
        """
        self._one.update(chunk)
        self._two.update(chunk)
        self._size += self._file.write(chunk)

    def finish(self) -> Draft:
        """Make all octets durable.

        Raises:
            OSError: the disk refused.
        """
        _flush(self._file)
        self._file.close()
        return Draft(self._path, Digests(self._one.hexdigest(), self._two.hexdigest(), self._size))

    def abandon(self) -> None:
        """Leave nothing behind."""
        self._path.unlink(missing_ok=True)
        self._file.close()


class ContentStore:
    """Content-addressed files. May be shared by threads and processes."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._incoming = root / ".incoming"

    @classmethod
    def at(cls, settings: Settings) -> "ContentStore":
        """Open the store of this installation."""
        return cls(settings.clinic_home / "content")

    def path(self, sha256: str) -> Path:
        """Return where content of this SHA-256 (hex) lies or would lie."""
        return self.root / sha256[:2] / sha256

    def open(self, sha256: str) -> FileContent:
        """Return stored content.

        Raises:
            ContentDamaged: it is not there.
        """
        path = self.path(sha256)
        if not path.is_file():
            raise ContentDamaged(sha256=sha256, problem="missing")
        return FileContent(path)

    def check(self, sha256: str) -> Digests:
        """Read stored content back from its file and return its digests.

        Raises:
            ContentDamaged: it is not there, or its bytes have changed.
        """
        found = digest(self.open(sha256))
        if found.sha256 != sha256:
            raise ContentDamaged(sha256=sha256, problem="changed")
        return found

    def has(self, sha256: str, size: int) -> bool:
        """Tell whether a file of this name and size (bytes) is there; its bytes are not read."""
        try:
            return self.path(sha256).stat().st_size == size
        except FileNotFoundError:
            return False

    def put(self, content: Content) -> Path:
        """Store one content durably and return its file.

        Raises:
            OSError: the disk refused; nothing half-written is visible.
        """
        digests = digest(content)
        self.put_all([(digests, content)])
        return self.path(digests.sha256)

    def put_all(self, contents: Iterable[tuple[Digests, Content | Draft]]) -> None:
        """Store many contents; all are durable when this returns.

        Args:
            contents: each with its digests; a draft of this store is moved, not copied.

        Raises:
            OSError: the disk refused; some of the contents may have been stored.
        """
        waiting = list(contents)
        for folder in {self.path(digests.sha256).parent for digests, _ in waiting}:
            make_folder(folder)
        make_folder(self._incoming)
        written = list(self._writers.map(lambda item: self._place(*item), waiting))
        list(self._writers.map(flush_folder, {path.parent for path in written}))

    def draft(self, source: Iterable[bytes | memoryview]) -> Draft:
        """Copy octets chunk by chunk to a durable temporary file, for what is too large to be held in memory.

        Raises:
            OSError: the disk refused, or reading failed; nothing is left behind.
        """
        writer = self.open_draft()
        try:
            for chunk in source:
                writer.write(chunk)
            return writer.finish()
        except BaseException:
            writer.abandon()
            raise

    def open_draft(self) -> DraftWriter:
        """Return a draft to be written piece by piece; whoever asked finishes or abandons it."""
        make_folder(self._incoming)
        return DraftWriter(self._temporary_name())

    def discard(self, draft: Draft) -> None:
        """Remove a draft that was not stored."""
        draft.path.unlink(missing_ok=True)

    def remove(self, sha256: str) -> bool:
        """Remove content for good; the caller has made sure that it is safe elsewhere.

        Returns:
            Whether there was any.
        """
        path = self.path(sha256)
        try:
            path.unlink()
        except FileNotFoundError:
            return False
        flush_folder(path.parent)
        return True

    def remove_all(self, digests: Iterable[str]) -> int:
        """Remove many contents for good, as `remove` does; all are gone from the disk when this returns.

        Returns:
            How many there were.

        Raises:
            OSError: the disk refused; some may be gone already.
        """
        removed = 0
        paths = [self.path(one) for one in digests]
        for path in paths:
            try:
                path.unlink()
            except FileNotFoundError:
                continue
            removed += 1
        # Also where a file was gone already: who removed it may have ended before this.
        list(self._writers.map(flush_folder, {path.parent for path in paths if path.parent.is_dir()}))
        return removed

    def stored(self) -> Iterator[str]:
        """Yield the SHA-256 of everything in the store, in order."""
        for folder in sorted(self.root.glob("[0-9a-f][0-9a-f]")):
            yield from sorted(path.name for path in folder.iterdir())

    def sweep(self, older_than: float = STALE) -> int:
        """Remove temporary files that a crash left behind; return how many.

        Args:
            older_than: age in seconds from which a file counts as left behind.
        """
        swept, limit = 0, time.time() - older_than
        for path in self._incoming.glob("*") if self._incoming.is_dir() else ():
            try:
                if path.stat().st_mtime <= limit:
                    path.unlink()
                    swept += 1
            except FileNotFoundError:
                continue  # another process was quicker
        return swept

    @cached_property
    def _writers(self) -> ThreadPoolExecutor:
        return ThreadPoolExecutor(WRITERS, thread_name_prefix="content")

    def _temporary_name(self) -> Path:
        return self._incoming / secrets.token_hex(12)

    def _place(self, digests: Digests, content: Content | Draft) -> Path:
        path = self.path(digests.sha256)
        if path.exists() and digest(FileContent(path)) == digests:
            if isinstance(content, Draft):
                self.discard(content)
            return path
        source = content.path if isinstance(content, Draft) else self._write(content)
        source.replace(path)
        return path

    def _write(self, content: Content) -> Path:
        path = self._temporary_name()
        try:
            with _create(path) as file:
                for chunk in content.chunks():
                    file.write(chunk)
                _flush(file)
        except BaseException:
            path.unlink(missing_ok=True)
            raise
        return path


def _create(path: Path) -> BinaryIO:
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600), "wb")


def _flush(file: BinaryIO) -> None:
    file.flush()
    os.fsync(file.fileno())
