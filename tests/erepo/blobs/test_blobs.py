"""The conformance suite of the port `BlobStore`, run on every adapter."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from erepo.blobs.copies import MirroredBlobStore
from erepo.blobs.errors import StorageUnavailable
from erepo.blobs.s3 import BLOCK, PART, S3BlobStore
from erepo.blobs.store import BlobStore, FileBlobStore, new_key
from erepo.cloud.errors import BlobAddressWrong
from erepo.cloud.storage.places import open_store
from erepo.settings import S3Access
from tests.support import s3
from tests.support.ports import free_port


@pytest.fixture(params=["files", "s3", "mirrored"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[BlobStore]:
    """Each adapter in turn, empty."""
    if request.param == "files":
        yield FileBlobStore(tmp_path / "blobs")
        return
    with s3.place() as place:
        store = place.store()
        yield store if request.param == "s3" else MirroredBlobStore(FileBlobStore(tmp_path / "blobs"), store)


def read(store: BlobStore, key: str) -> bytes:
    """Return a whole blob."""
    with store.open(key) as file:
        return file.read()


CONTENTS = {
    "empty": b"",
    "one": b"x",
    "large": bytes(range(256)) * 5000,
    "one request": bytes(PART),
    "parts": bytes(range(251)) * (3 * PART // 251),
}


@pytest.mark.parametrize("content", CONTENTS.values(), ids=CONTENTS)
def test_what_was_put_is_read_back(store: BlobStore, content: bytes) -> None:
    """A blob is read back octet for octet, and `put` tells its size."""
    key = new_key(7)
    assert store.put(key, [content[:100], memoryview(content)[100:]]) == len(content)
    assert read(store, key) == content


def test_unknown_keys_are_told(store: BlobStore) -> None:
    """Opening what is not there raises KeyError."""
    with pytest.raises(KeyError):
        store.open(new_key(7))


@pytest.mark.parametrize("key", ["../../etc/passwd", "7/../x", "7/" + "g" * 32, "/7/" + "0" * 32, "", "7"])
def test_keys_lead_nowhere_else(store: BlobStore, key: str) -> None:
    """A key of another form than ours is refused by every method that takes one."""
    with pytest.raises(KeyError):
        store.put(key, [b"x"])
    with pytest.raises(KeyError):
        store.open(key)
    with pytest.raises(KeyError):
        store.delete(key)


def test_deleting_is_final_and_repeatable(store: BlobStore) -> None:
    """A deleted blob is gone; deleting it again is no error."""
    key = new_key(7)
    store.put(key, [b"x"])
    store.delete(key)
    store.delete(key)
    assert list(store.keys()) == []
    with pytest.raises(KeyError):
        store.open(key)


def test_a_reader_may_finish_after_the_deletion(store: BlobStore) -> None:
    """Who has a blob open reads it to its end although it is deleted meanwhile."""
    key = new_key(7)
    store.put(key, [b"abc"])
    with store.open(key) as file:
        store.delete(key)
        assert file.read() == b"abc"


def test_a_deleted_blob_is_never_read_short(store: BlobStore) -> None:
    """Who reads a large blob that is deleted meanwhile gets it whole or an error, never a part of it."""
    key, content = new_key(7), bytes(range(256)) * (BLOCK // 64)
    store.put(key, [content])
    with store.open(key) as file:
        head = file.read(1000)
        store.delete(key)
        try:
            rest = file.read()
        except StorageUnavailable:
            return
    assert head + rest == content


def test_reading_goes_on_where_it_stopped(store: BlobStore) -> None:
    """A blob read in pieces of any size is the same as read at once."""
    key, content = new_key(7), bytes(range(253)) * (BLOCK // 100)
    store.put(key, [content])
    with store.open(key) as file:
        pieces = []
        while piece := file.read(len(pieces) * 70_001 + 1):
            pieces.append(piece)
    assert b"".join(pieces) == content


def test_keys_are_listed_by_age(store: BlobStore) -> None:
    """Every key is listed; with an age only those old enough."""
    keys = {new_key(7), new_key(8), new_key(123456789)}
    for key in keys:
        store.put(key, [b"x"])
    assert set(store.keys()) == keys
    assert list(store.keys(older_than=60)) == []
    assert store.remove_leftovers(older_than=0) == 0


def test_a_failed_put_leaves_nothing(store: BlobStore) -> None:
    """When the source of the octets fails, nothing of the blob can be seen."""

    def broken(pieces: int) -> Iterator[bytes]:
        for _ in range(pieces):
            yield bytes(1024**2)
        raise OSError("the source failed")

    for pieces in (0, 1, 2 * PART // 1024**2 + 1):
        with pytest.raises(OSError, match="source"):
            store.put(new_key(7), broken(pieces))
    assert list(store.keys()) == []


def test_putting_again_replaces_as_a_whole(store: BlobStore) -> None:
    """A second `put` under one key replaces the blob."""
    key = new_key(7)
    store.put(key, [b"first"])
    store.put(key, [b"second"])
    assert read(store, key) == b"second"


def test_many_threads_write_at_once(store: BlobStore) -> None:
    """Blobs put from several threads at once are all there and whole."""
    keys = [new_key(number) for number in range(40)]
    threads = [threading.Thread(target=store.put, args=(key, [key.encode() * 1000])) for key in keys]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(read(store, key) == key.encode() * 1000 for key in keys)


def test_leftovers_of_a_crash_are_invisible_and_removed(tmp_path: Path) -> None:
    """A temporary file that a crash left is never listed, and is removed when it is old enough."""
    store = FileBlobStore(tmp_path)
    key = new_key(7)
    store.put(key, [b"x"])
    folder = next(tmp_path.glob("7/??"))
    (folder / f".{'0' * 32}.abc.tmp").write_bytes(b"half")
    assert list(store.keys()) == [key]
    assert store.remove_leftovers(older_than=60) == 0
    assert store.remove_leftovers(older_than=0) == 1
    assert read(store, key) == b"x"


def test_the_copy_gives_what_the_first_store_lost(tmp_path: Path) -> None:
    """A blob is in both stores before `put` returns; what one has lost comes from the other."""
    first, second = FileBlobStore(tmp_path / "first"), FileBlobStore(tmp_path / "second")
    store, key = MirroredBlobStore(first, second), new_key(7)
    store.put(key, [b"kept"])
    assert read(second, key) == b"kept"
    first.delete(key)
    assert read(store, key) == b"kept"
    assert store.restore(key) == 4
    second.delete(key)
    assert store.copy_again(key) == 4
    assert read(first, key) == read(second, key) == b"kept"
    with pytest.raises(KeyError):
        store.restore(new_key(7))


def test_a_copy_that_fails_fails_the_whole(tmp_path: Path) -> None:
    """When the second store does not take a blob, neither shows it and the caller hears why."""
    second = FileBlobStore(tmp_path / "second")
    store = MirroredBlobStore(FileBlobStore(tmp_path / "first"), second)
    (tmp_path / "second" / "7").write_text("a file where a folder should be")
    with pytest.raises(OSError, match="7"):
        store.put(new_key(7), [b"x"])
    assert list(store.keys()) == []


def test_a_bucket_that_is_gone_is_a_passing_trouble() -> None:
    """When nobody answers at the endpoint, every method says so as an error that may be tried again."""
    store = s3.Place(f"http://127.0.0.1:{free_port()}", "none").store()
    for call in (
        lambda: store.put(new_key(7), [b"x"]),
        lambda: store.open(new_key(7)),
        lambda: store.delete(new_key(7)),
        lambda: list(store.keys()),
    ):
        with pytest.raises(StorageUnavailable):
            call()


@pytest.mark.parametrize(
    ("address", "kind"),
    [
        ("", FileBlobStore),
        ("file", FileBlobStore),
        ("file:///{folder}/x", FileBlobStore),
        ("s3://b/p/q", S3BlobStore),
    ],
)
def test_addresses_name_stores(address: str, kind: type[BlobStore], tmp_path: Path) -> None:
    """Files and buckets are told apart by their address."""
    assert isinstance(
        open_store(address.format(folder=tmp_path), tmp_path, S3Access(region="x"), "BLOBS"), kind
    )


@pytest.mark.parametrize(
    ("address", "endpoint"),
    [
        ("ftp://host/x", ""),
        ("s3:///x", ""),
        ("s3://key:secret@bucket/x", ""),
        ("file://host/x", ""),
        ("file://", ""),
        ("/folder", ""),
        ("s3://bucket", "http://s3.example.org"),
        ("s3://bucket", "gopher://localhost"),
    ],
)
def test_wrong_addresses_are_told_and_not_quoted(address: str, endpoint: str, tmp_path: Path) -> None:
    """What names no store is refused with a cure and without the address, which may hold a key."""
    with pytest.raises(BlobAddressWrong) as caught:
        open_store(address, tmp_path, S3Access(endpoint=endpoint), "BLOBS")
    assert "secret" not in str(caught.value)
