"""Document content: bytes in memory or in a file, read in chunks, hashed once."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, Protocol

Buffer = bytes | bytearray | memoryview

#: Bytes per chunk; a multiple of 3 so that base64 of chunks can be joined without padding between them.
CHUNK = 3 * 64 * 1024


class Content(Protocol):
    """Octets of one document. `chunks` may be called any number of times and starts again each time."""

    @property
    def size(self) -> int:
        """Number of octets."""
        ...

    def chunks(self) -> Iterator[Buffer]:
        """Yield the octets in order, each chunk but the last of exactly `CHUNK` bytes."""
        ...


@dataclass(frozen=True)
class MemoryContent:
    """Octets held in memory; a memoryview is not copied."""

    octets: Buffer

    @property
    def size(self) -> int:
        """Number of octets."""
        return len(self.octets)

    def chunks(self) -> Iterator[memoryview]:
        """Yield views of the octets, no copy."""
        view = memoryview(self.octets)
        for start in range(0, len(view), CHUNK):
            yield view[start : start + CHUNK]


@dataclass(frozen=True)
class FileContent:
    """Octets in a file that nobody changes while this object lives."""

    path: Path

    @property
    def size(self) -> int:
        """Number of octets, from the file system."""
        return self.path.stat().st_size

    def chunks(self) -> Iterator[bytes]:
        """Read the file from its start."""
        with self.path.open("rb") as file:
            while chunk := file.read(CHUNK):
                yield chunk


class Digests(NamedTuple):
    """Fingerprints of one content; SHA-1 only because XDS `hash` demands it."""

    sha1: str
    sha256: str
    size: int


def digest(content: Content) -> Digests:
    """Hash a content in one pass. Hex strings; size in bytes."""
    sha1, sha256, size = hashlib.sha1(usedforsecurity=False), hashlib.sha256(), 0
    for chunk in content.chunks():
        sha1.update(chunk)
        sha256.update(chunk)
        size += len(chunk)
    return Digests(sha1.hexdigest(), sha256.hexdigest(), size)


def read_all(content: Content) -> bytes:
    """Return the whole content as one `bytes`."""
    return b"".join(content.chunks())
