"""The records of the eArchiwum: what happened, in order, one file each. They are the archive's truth.

A record is written whole, flushed, and gets its number by a link that never replaces another file: **that is
the commit point** of a submission or a removal. The index is made from records and can be made again.

A file is one line, then JSON. The line holds the SHA-256 of what follows, and the seal of the installation
that wrote it: the name of its key, and an HMAC. Who may write to the folder, but has not the key, can
change a record so that its fingerprint fits; its seal does not. A record without a seal, or with that of
another key, is read and told (`erepo earchive check`): an older version wrote it, or another installation
whose archive was taken over.

Of a submission: the objects as ebRIM XML, each document's octets by key and fingerprint, and what the
submission deprecates. Of a removal: ids only.
"""

import errno
import json
import os
import secrets
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field, replace
from hashlib import sha256
from pathlib import Path
from typing import Any

from erepo.blobs.store import is_key
from erepo.clinic.earchive.errors import RecordDamaged
from erepo.clinic.sealing import is_sealed, seal
from erepo.durable import flush_folder, make_folder, write_durably

_NO_LINKS = frozenset({errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK})


@dataclass(frozen=True)
class StoredBlob:
    """Octets of one document: uniqueId, key in the blob store, fingerprints in hex, octets, media type."""

    unique_id: str
    key: str
    sha1: str
    sha256: str
    size: int
    mime_type: str


@dataclass(frozen=True)
class Record:
    """One thing that happened.

    Attributes:
        number: its place in the order, from 1.
        at: when, ISO 8601 in UTC.
        objects: XML of a `rim:RegistryObjectList`; empty for a removal.
        blobs: octets that came with it.
        deprecates: entryUUIDs of documents that are replaced from here on.
        removed_objects: entryUUIDs that go (ITI-62).
        removed_documents: uniqueIds whose octets go (ITI-86).
    """

    number: int
    at: str
    objects: str = field(default="", repr=False)
    blobs: tuple[StoredBlob, ...] = ()
    deprecates: tuple[str, ...] = ()
    removed_objects: tuple[str, ...] = ()
    removed_documents: tuple[str, ...] = ()


class Records:
    """The records in a folder.

    Args:
        folder: where they lie.
        archive: id of the archive, for the seal.
        key: of the seal; empty: nothing is sealed, and no seal is looked at.
    """

    def __init__(self, folder: Path, archive: str = "", key: bytes = b"") -> None:
        self._folder, self._purpose, self._key = folder, f"erepo earchive {archive}", key

    def path(self, number: int) -> Path:
        """Return where a record lies or would lie."""
        return self._folder / f"{number // 1000:06d}" / f"{number:09d}.json"

    def has(self, number: int) -> bool:
        """Tell whether a record is there."""
        try:
            self.path(number).stat()
        except FileNotFoundError:
            return False
        return True

    def append(self, record: Record) -> Path:
        """Write a new record durably; return its file.

        Raises:
            FileExistsError: there is one of this number; nothing was changed.
            OSError: the disk refused. Only if the file is there is it known to be written.
        """
        path = self.path(record.number)
        make_folder(path.parent)
        draft = path.with_name(f".{path.name}.{secrets.token_hex(6)}.tmp")
        try:
            descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                file.write(self._pack(record))
                file.flush()
                os.fsync(file.fileno())
            _place(draft, path)
        finally:
            draft.unlink(missing_ok=True)
        flush_folder(path.parent)
        return path

    def read(self, number: int) -> Record:
        """Read a record.

        Raises:
            FileNotFoundError: there is none.
            RecordDamaged: it does not match its fingerprint or seal, is another number's, or none of ours.
        """
        path = self.path(number)
        line, _, body = path.read_bytes().partition(b"\n")
        fingerprint, *sealed = line.decode("ascii", "replace").split(" ")
        if sha256(body).hexdigest() != fingerprint or not self._may_be_ours(body, sealed):
            raise RecordDamaged(number=number, file=path)
        try:
            record = _unpack(body)
        except (ValueError, TypeError, KeyError, AttributeError):
            raise RecordDamaged(number=number, file=path) from None
        # A copy under a later number would turn the index back, and keep it there.
        if record.number != number or not all(is_key(one.key) for one in record.blobs):
            raise RecordDamaged(number=number, file=path)
        return record

    def rewrite(self, record: Record, **changes: Any) -> None:
        """Replace a record by itself with parts left out, as a whole; its number stays."""
        write_durably(self.path(record.number), [self._pack(replace(record, **changes))])

    def is_sealed(self, number: int) -> bool:
        """Tell whether a record that can be read bears the seal of this installation.

        Raises:
            FileNotFoundError: there is none.
        """
        with self.path(number).open("rb") as file:
            _, *sealed = file.readline(300).decode("ascii", "replace").strip().split(" ")
        return sealed[:1] == [self._key_name]

    @property
    def _key_name(self) -> str:
        return sha256(b"erepo seal\n" + self._key).hexdigest()[:16]

    def _may_be_ours(self, body: bytes, sealed: list[str]) -> bool:
        if not self._key or sealed[:1] != [self._key_name]:
            return True
        return len(sealed) == 2 and is_sealed(self._key, self._purpose, body, sealed[1])

    def _pack(self, record: Record) -> bytes:
        body = json.dumps(asdict(record), ensure_ascii=False, sort_keys=True).encode()
        line = sha256(body).hexdigest()
        if self._key:
            line += f" {self._key_name} {seal(self._key, self._purpose, body)}"
        return line.encode() + b"\n" + body

    def numbers(self) -> Iterator[int]:
        """Yield the numbers of all records, in order."""
        for folder in sorted(self._folder.glob("[0-9]*")):
            yield from sorted(int(path.stem) for path in folder.glob("[0-9]*.json"))


def _unpack(body: bytes) -> Record:
    found: dict[str, Any] = json.loads(body)
    blobs = tuple(StoredBlob(**one) for one in found.pop("blobs"))
    values: dict[str, Any] = {
        name: tuple(one) if isinstance(one, list) else one for name, one in found.items()
    }
    return Record(**(values | {"blobs": blobs}))


def _place(draft: Path, path: Path) -> None:
    try:
        os.link(draft, path)
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        # Some shares know no links; then the lock of the index alone keeps writers apart.
        if path.exists():
            raise FileExistsError(errno.EEXIST, "record exists") from None
        draft.rename(path)
