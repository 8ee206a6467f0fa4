"""Every large content kept twice: a second store is written before the commit, too.

The copy is made by reading the first store back, so each blob has been read whole once before anything points
at it. `erepo cloud check --repair` takes from one what the other has lost.
"""

import contextlib
import itertools
from collections.abc import Iterable, Iterator
from contextlib import closing
from typing import BinaryIO

from erepo.blobs.store import BlobStore
from erepo.content import CHUNK, Buffer


class MirroredBlobStore:
    """Two stores that hold the same blobs.

    Attributes:
        first: what is read.
        second: the copy; read only where the first does not have a blob.
    """

    def __init__(self, first: BlobStore, second: BlobStore) -> None:
        self.first, self.second = first, second

    def put(self, key: str, chunks: Iterable[Buffer]) -> int:
        """See `BlobStore`; the blob is durable in both, or the call fails and neither shows it."""
        size = self.first.put(key, chunks)
        try:
            _copy(key, self.first, self.second)
        except BaseException:
            # What cannot be taken back now stays until the operator removes it: nothing points at it.
            with contextlib.suppress(Exception):
                self.first.delete(key)
            raise
        return size

    def open(self, key: str) -> BinaryIO:
        """See `BlobStore`; a blob that the first store has lost comes from the copy."""
        try:
            return self.first.open(key)
        except KeyError:
            return self.second.open(key)

    def delete(self, key: str) -> None:
        """See `BlobStore`; the copy goes first, so that no half of a deletion looks like a lost original."""
        self.second.delete(key)
        self.first.delete(key)

    def keys(self, older_than: float = 0) -> Iterator[str]:
        """See `BlobStore`; a key is yielded twice where both stores have it."""
        return itertools.chain(self.first.keys(older_than), self.second.keys(older_than))

    def remove_leftovers(self, older_than: float) -> int:
        """See `BlobStore`."""
        return self.first.remove_leftovers(older_than) + self.second.remove_leftovers(older_than)

    def restore(self, key: str) -> int:
        """Write a blob of the first store anew from the copy, return its size.

        Whether the copy is the right one is for the caller to prove, before.

        Raises:
            KeyError: the copy is not there either.
        """
        return _copy(key, self.second, self.first)

    def copy_again(self, key: str) -> int:
        """Write the copy anew from the first store, return its size.

        Raises:
            KeyError: the first store does not have it.
        """
        return _copy(key, self.first, self.second)


def _copy(key: str, source: BlobStore, target: BlobStore) -> int:
    with closing(source.open(key)) as file:
        return target.put(key, iter(lambda: file.read(CHUNK), b""))
