"""Large contents in a bucket of an S3-compatible service.

An object appears whole when its last request was answered: one PUT up to `PART` bytes, else the completion of
a multipart upload. S3 promises that what it acknowledged is durable and seen by every later read. A crash in
a multipart upload leaves parts that nobody sees; a lifecycle rule of the bucket (AbortIncompleteMultipart-
Upload, one day) removes them.

Requests carry a SHA-256 of their octets, which the service checks. Each request has a time-out and is tried
again a few times; what still fails is `StorageUnavailable`. Blobs are read in blocks, so a slow client holds
no connection and one block of memory.
"""

import io
import itertools
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Any, BinaryIO

from obstore.exceptions import BaseError
from obstore.store import S3Store

from erepo.blobs.errors import StorageUnavailable
from erepo.blobs.store import check_key, is_key
from erepo.content import CHUNK, Buffer
from erepo.settings import S3Access

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

#: Largest object of one request, and the size of the parts of larger ones, in bytes.
PART = 8 * 1024**2
#: What is read at once, in bytes.
BLOCK = 4 * 1024**2
_RETRIES: Any = {"max_retries": 4, "retry_timeout": timedelta(seconds=45)}


class S3BlobStore:
    """Blobs as objects `<prefix>/<key>`.

    Args:
        bucket: it must exist.
        prefix: put before every key; may be empty.
        access: where and who; what is empty comes from the environment (AWS_…).
    """

    def __init__(self, bucket: str, prefix: str, access: S3Access) -> None:
        config: dict[str, Any] = {"checksum_algorithm": "SHA256"}
        if access.endpoint:
            config["endpoint"] = access.endpoint
        if access.region:
            config["region"] = access.region
        if access.key_id:
            config["access_key_id"] = access.key_id
            config["secret_access_key"] = access.secret_key.get_secret_value()
        options: Any = {"connect_timeout": "10s", "timeout": "60s", "allow_http": access.http_allowed}
        self._store = S3Store(
            bucket, prefix=prefix or None, client_options=options, retry_config=_RETRIES, **config
        )

    def put(self, key: str, chunks: Iterable[Buffer]) -> int:
        """See `BlobStore`; the commit point is the answer to the last request."""
        check_key(key)
        rest, head, size = iter(chunks), bytearray(), 0
        for chunk in rest:
            head += chunk
            if len(head) > PART:
                break
        else:
            with _typed():
                self._store.put(key, bytes(head), use_multipart=False)
            return len(head)

        def counted() -> Iterator[bytes]:
            nonlocal size
            for chunk in itertools.chain([head], rest):
                size += len(chunk)
                yield bytes(chunk)

        with _typed():
            self._store.put(key, counted(), use_multipart=True, chunk_size=PART, max_concurrency=2)
        return size

    def open(self, key: str) -> BinaryIO:
        """See `BlobStore`; larger than a block and deleted meanwhile, it ends in StorageUnavailable."""
        check_key(key)
        with _typed(key):
            found = self._store.head(key)
        raw = _Object(self._store, key, found["size"], found["e_tag"])
        raw.fill()
        return io.BufferedReader(raw, CHUNK)

    def delete(self, key: str) -> None:
        """See `BlobStore`."""
        check_key(key)
        with _typed():
            try:
                self._store.delete(key)
            except FileNotFoundError:
                return

    def keys(self, older_than: float = 0) -> Iterator[str]:
        """See `BlobStore`; the age is counted by the bucket's clock to the second."""
        limit = time.time() - older_than
        with _typed():
            pages = iter(self._store.list())
        while True:
            with _typed():
                page = next(pages, None)
            if page is None:
                return
            for each in page:
                # Its clock tells whole seconds, rounded down.
                if each["last_modified"].timestamp() <= limit and is_key(each["path"]):
                    yield each["path"]

    def remove_leftovers(self, older_than: float) -> int:  # noqa: ARG002  # a lifecycle rule's work
        """See `BlobStore`; half uploads are removed by a rule of the bucket."""
        return 0


class _Object(io.RawIOBase):
    """An object, read block by block; a change of it meanwhile is noticed by its ETag."""

    def __init__(self, store: S3Store, key: str, size: int, tag: str | None) -> None:
        self._store, self._key, self._size, self._tag = store, key, size, tag
        self._place = 0
        self._block = memoryview(b"")

    def readable(self) -> bool:
        """See `io.RawIOBase`."""
        return True

    def readinto(self, target: "WriteableBuffer") -> int:
        """See `io.RawIOBase`."""
        self.fill()
        wanted = memoryview(target).cast("B")
        count = min(len(wanted), len(self._block))
        wanted[:count] = self._block[:count]
        self._block = self._block[count:]
        return count

    def fill(self) -> None:
        """Fetch the next block when the last is used up."""
        if not self._block and self._place < self._size:
            self._block = memoryview(self._fetch())
            self._place += len(self._block)

    def _fetch(self) -> bytes:
        end = min(self._place + BLOCK, self._size)
        options: Any = {"range": (self._place, end)}
        if self._tag:
            options["if_match"] = self._tag
        with _typed():
            try:
                found = bytes(self._store.get(self._key, options=options).bytes())
            except FileNotFoundError as error:
                raise StorageUnavailable from error
        if len(found) != end - self._place:
            raise StorageUnavailable
        return found


@contextmanager
def _typed(key: str = "") -> Iterator[None]:
    """Turn the client's errors into ours; with a key, a missing object is KeyError."""
    try:
        yield
    except FileNotFoundError:
        if key:
            raise KeyError(key) from None
        raise
    except BaseError as error:
        # Its text quotes the request, with the address; the log shows only kinds and places.
        raise StorageUnavailable from error
