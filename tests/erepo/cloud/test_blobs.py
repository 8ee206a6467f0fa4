"""The conformance suite of the port `BlobStore`, run on every adapter."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from erepo.cloud.storage.blobs import BlobStore, FileBlobStore, new_key


@pytest.fixture(params=["files"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> BlobStore:
    """Each adapter in turn, empty."""
    return {"files": lambda: FileBlobStore(tmp_path / "blobs")}[request.param]()


def read(store: BlobStore, key: str) -> bytes:
    """Return a whole blob."""
    with store.open(key) as file:
        return file.read()


@pytest.mark.parametrize("content", [b"", b"x", bytes(range(256)) * 5000], ids=["empty", "one", "large"])
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


def test_keys_are_listed_by_age(store: BlobStore) -> None:
    """Every key is listed; with an age only those old enough."""
    keys = {new_key(7), new_key(8), new_key(123456789)}
    for key in keys:
        store.put(key, [b"x"])
    assert set(store.keys()) == keys
    assert list(store.keys(older_than=60)) == []


def test_a_failed_put_leaves_nothing(store: BlobStore) -> None:
    """When the source of the octets fails, nothing of the blob can be seen."""

    def broken() -> Iterator[bytes]:
        yield b"abc"
        raise OSError("the source failed")

    key = new_key(7)
    with pytest.raises(OSError, match="source"):
        store.put(key, broken())
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
