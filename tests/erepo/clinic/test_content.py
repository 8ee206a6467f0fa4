"""The content store: whole or not there, by its own hash, and honest about damage."""

import hashlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from erepo.clinic.content import ContentStore
from erepo.clinic.errors import ContentDamaged
from erepo.content import FileContent, MemoryContent, digest, read_all


def _files(store: ContentStore) -> list[Path]:
    return [path for path in store.root.rglob("*") if path.is_file()]


@pytest.mark.parametrize("octets", [b"", b"x", bytes(range(256)) * 5000])
def test_what_is_put_comes_back(clinic_store: ContentStore, octets: bytes) -> None:
    """Stored content is found under its SHA-256 with the same bytes."""
    path = clinic_store.put(MemoryContent(octets))
    sha256 = hashlib.sha256(octets).hexdigest()
    assert path == clinic_store.path(sha256)
    assert read_all(clinic_store.open(sha256)) == octets
    assert clinic_store.check(sha256) == digest(MemoryContent(octets))
    assert clinic_store.has(sha256, len(octets))


def test_many_at_once(clinic_store: ContentStore) -> None:
    """A group of contents is stored together, nothing temporary remains."""
    contents = [MemoryContent(f"document {number}".encode()) for number in range(200)]
    clinic_store.put_all([(digest(one), one) for one in contents])
    assert set(clinic_store.stored()) == {digest(one).sha256 for one in contents}
    assert len(_files(clinic_store)) == 200


def test_only_the_owner_may_read(clinic_store: ContentStore) -> None:
    """Files and folders of patients' documents are closed to everybody else."""
    path = clinic_store.put(MemoryContent(b"secret"))
    assert path.stat().st_mode & 0o077 == 0
    assert path.parent.stat().st_mode & 0o077 == 0


def test_the_same_bytes_are_one_file(clinic_store: ContentStore) -> None:
    """Putting the same bytes again, even from many threads, leaves one file."""
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda _: clinic_store.put(MemoryContent(b"once")), range(16)))
    assert len(_files(clinic_store)) == 1


def test_missing_content_is_said_to_be_missing(clinic_store: ContentStore) -> None:
    """Opening what is not there names the problem."""
    with pytest.raises(ContentDamaged, match="missing"):
        clinic_store.open("0" * 64)
    assert not clinic_store.has("0" * 64, 0)


def test_changed_bytes_are_found_and_repaired(clinic_store: ContentStore) -> None:
    """A flipped bit is found by reading back, and putting the right bytes again repairs it."""
    content = MemoryContent(b"the right bytes")
    path = clinic_store.put(content)
    path.write_bytes(b"the wrong bytes")
    with pytest.raises(ContentDamaged, match="changed"):
        clinic_store.check(path.name)
    clinic_store.put(content)
    assert clinic_store.check(path.name).size == 15


def test_a_draft_is_hashed_on_the_way_and_moved(clinic_store: ContentStore) -> None:
    """A large content copied in chunks becomes part of the store without a second copy."""
    draft = clinic_store.draft([b"one", b"two"])
    assert draft.digests == digest(MemoryContent(b"onetwo"))
    clinic_store.put_all([(draft.digests, draft)])
    assert not draft.path.exists()
    assert read_all(clinic_store.open(draft.digests.sha256)) == b"onetwo"


def test_a_draft_of_known_bytes_is_dropped(clinic_store: ContentStore) -> None:
    """If the bytes are there already, the draft disappears."""
    clinic_store.put(MemoryContent(b"known"))
    draft = clinic_store.draft([b"known"])
    clinic_store.put_all([(draft.digests, draft)])
    assert len(_files(clinic_store)) == 1


def test_a_discarded_draft_is_gone(clinic_store: ContentStore) -> None:
    """Discarding twice is no error."""
    draft = clinic_store.draft([b"x"])
    clinic_store.discard(draft)
    clinic_store.discard(draft)
    assert _files(clinic_store) == []


class _Broken:
    """Content that ends in a read error."""

    size = 3

    def chunks(self) -> Iterator[bytes]:
        yield b"abc"
        raise OSError(5, "read error")


def test_a_failed_write_leaves_nothing(clinic_store: ContentStore) -> None:
    """When reading or writing breaks off, neither a document nor a temporary file remains."""
    with pytest.raises(OSError, match="read error"):
        clinic_store.put_all([(digest(MemoryContent(b"abc")), _Broken())])
    with pytest.raises(OSError, match="read error"):
        clinic_store.draft(_Broken().chunks())
    assert _files(clinic_store) == []


def test_sweeping_takes_only_what_is_old(clinic_store: ContentStore) -> None:
    """Left-over temporary files go, running ones and documents stay."""
    assert clinic_store.sweep() == 0
    clinic_store.put(MemoryContent(b"document"))
    clinic_store.draft([b"left over"])
    assert clinic_store.sweep() == 0
    assert clinic_store.sweep(older_than=-1) == 1
    assert len(_files(clinic_store)) == 1


def test_removing(clinic_store: ContentStore) -> None:
    """Removed content is gone; removing it again is no error and says so."""
    path = clinic_store.put(MemoryContent(b"x"))
    assert clinic_store.remove(path.name)
    assert not clinic_store.remove(path.name)
    with pytest.raises(ContentDamaged):
        clinic_store.open(path.name)


def test_a_file_is_stored_without_being_read_whole(clinic_store: ContentStore, tmp_path: Path) -> None:
    """Any content may be stored, files too."""
    source = tmp_path / "source"
    source.write_bytes(b"f" * 1_000_000)
    assert clinic_store.put(FileContent(source)).stat().st_size == 1_000_000
