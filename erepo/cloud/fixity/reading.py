"""Reading one content and judging it."""

import hashlib
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from io import BytesIO
from typing import Any, BinaryIO

import zstandard

from erepo.blobs.store import BlobStore
from erepo.cloud.fixity.findings import Kind
from erepo.cloud.fixity.pace import Pace
from erepo.content import CHUNK


@dataclass(frozen=True, slots=True)
class Expected:
    """What a content must be, as its row says."""

    document: int
    tenant_id: int
    sha1: str
    sha256: str
    size: int
    coding: str
    key: str | None
    octets: bytes | None

    @classmethod
    def of(cls, row: Any) -> "Expected":
        """Read a row of `document` joined with its octets."""
        return cls(
            row.id, row.tenant_id, row.sha1, row.sha256, row.size, row.coding, row.blob_key, row.octets
        )


def judge_inline(expected: Expected, pace: Pace) -> Kind | None:
    """Return what is wrong with octets that lie in the database, None when nothing is."""
    octets = expected.octets
    return Kind.MISSING if octets is None else _judge(expected, lambda: BytesIO(octets), pace)


def judge_blob(expected: Expected, key: str, store: BlobStore, pace: Pace) -> Kind | None:
    """Return what is wrong with a blob in one store, None when nothing is."""
    return _judge(expected, lambda: store.open(key), pace)


def _judge(expected: Expected, opening: Callable[[], BinaryIO], pace: Pace) -> Kind | None:
    try:
        with closing(opening()) as file:
            same = _is_same(expected, _Counted(file, pace))
    except KeyError:
        return Kind.MISSING
    except zstandard.ZstdError:
        return Kind.DAMAGED
    except Exception:  # noqa: BLE001  # whatever the store's client raises, the content was not read
        return Kind.UNREADABLE
    return None if same else Kind.DAMAGED


class _Counted:
    """A file whose readers keep to the pace."""

    def __init__(self, file: BinaryIO, pace: Pace) -> None:
        self._file, self._pace = file, pace

    def read(self, size: int = -1) -> bytes:
        chunk = self._file.read(size)
        self._pace.took(len(chunk))
        return chunk


def _is_same(expected: Expected, file: _Counted) -> bool:
    """Compare size, SHA-256 and SHA-1; reads at most one chunk more than there should be."""
    source = file if expected.coding == "raw" else zstandard.ZstdDecompressor().stream_reader(file)  # type: ignore[arg-type]  # `read` is all it asks for
    sha1, sha256, seen = hashlib.sha1(usedforsecurity=False), hashlib.sha256(), 0
    while seen <= expected.size and (chunk := source.read(CHUNK)):
        sha1.update(chunk)
        sha256.update(chunk)
        seen += len(chunk)
    found = (seen, sha256.hexdigest(), sha1.hexdigest())
    return found == (expected.size, expected.sha256, expected.sha1)
