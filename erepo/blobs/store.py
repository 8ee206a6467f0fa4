"""Where contents live: the port `BlobStore` and its adapter on the file system (`s3` is the other).

The service keeps only its larger contents here, for small ones stand in its database; the eArchiwum
keeps all of them.
"""

import re
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO, Protocol
from uuid import uuid4

from erepo.content import Buffer
from erepo.durable import flush_folder, make_folder, write_durably

_KEY = re.compile(r"[0-9]{1,20}/[0-9a-f]{32}")


class BlobStore(Protocol):
    """Keeps immutable byte strings under keys that it is given.

    A key is `<tenant number>/<32 hex digits>`, made by `new_key` and used once. After `put` returned, the
    blob is durable and whole; before that nobody can open it. A crash inside `put` leaves nothing that `open`
    or `keys` show. Every method may be called from several threads at once.
    """

    def put(self, key: str, chunks: Iterable[Buffer]) -> int:
        """Store a blob durably, return its size; one already under the key is replaced as a whole."""
        ...

    def open(self, key: str) -> BinaryIO:
        """Open a blob at its start; the caller closes it. Raises KeyError when there is none."""
        ...

    def delete(self, key: str) -> None:
        """Remove a blob; removing what is not there is no error. A reader that has it open may finish."""
        ...

    def keys(self, older_than: float = 0) -> Iterator[str]:
        """Yield the keys of all blobs that were put at least `older_than` seconds ago, in no order."""
        ...

    def remove_leftovers(self, older_than: float) -> int:
        """Remove halves that a crash left and that are older than so many seconds; return how many."""
        ...


def new_key(tenant: int) -> str:
    """Return a fresh key for a blob of a tenant."""
    return f"{tenant}/{uuid4().hex}"


def is_key(text: str) -> bool:
    """Tell whether it has the form of a key."""
    return _KEY.fullmatch(text) is not None


def check_key(key: str) -> str:
    """Return the key; keys are ours, never a client's, still nothing may ever lead out of the store.

    Raises:
        KeyError: it has not the form of one.
    """
    if not is_key(key):
        raise KeyError(key)
    return key


class FileBlobStore:
    """Blobs as files: `<folder>/<tenant>/<first two digits>/<key>`, written by `erepo.durable`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        make_folder(folder)

    def put(self, key: str, chunks: Iterable[Buffer]) -> int:
        """See `BlobStore`; the commit point is the flush of the folders after the rename."""
        path = self._path(key)
        written = write_durably(path, chunks, mode=0o400)
        # Another thread or process may have made them a moment ago, and not have come to flush them.
        for folder in (path.parent.parent, self._folder):
            flush_folder(folder)
        return written

    def open(self, key: str) -> BinaryIO:
        """See `BlobStore`."""
        try:
            return self._path(key).open("rb")
        except FileNotFoundError:
            raise KeyError(key) from None

    def size(self, key: str) -> int:
        """Return the octets of a blob without reading it; 0 when there is none."""
        try:
            return self._path(key).stat().st_size
        except FileNotFoundError:
            return 0

    def delete(self, key: str) -> None:
        """See `BlobStore`."""
        self._path(key).unlink(missing_ok=True)

    def keys(self, older_than: float = 0) -> Iterator[str]:
        """See `BlobStore`."""
        limit = time.time() - older_than
        for path in self._folder.glob("*/??/*"):
            key = f"{path.parent.parent.name}/{path.name}"
            if is_key(key) and _changed(path) <= limit:
                yield key

    def remove_leftovers(self, older_than: float) -> int:
        """See `BlobStore`: temporary files."""
        limit = time.time() - older_than
        found = [path for path in self._folder.glob("*/??/.*.tmp") if _changed(path) <= limit]
        for path in found:
            path.unlink(missing_ok=True)
        return len(found)

    def _path(self, key: str) -> Path:
        tenant, name = check_key(key).split("/")
        return self._folder / tenant / name[:2] / name


def _changed(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except FileNotFoundError:
        return time.time() + 1
