"""How contents are kept: zstd where it helps, as they are where not, always checked on the way out."""

import hashlib
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from typing import BinaryIO, Literal

import zstandard

from erepo.blobs.errors import StoredContentDamaged
from erepo.content import CHUNK, Buffer, Content

Coding = Literal["raw", "zstd"]

LEVEL = 3
#: Formats that are compressed already; trying again costs time and gains nothing.
_DENSE = (b"%PDF", b"\xff\xd8\xff", b"\x89PNG", b"II*\x00", b"MM\x00*", b"PK\x03\x04", b"\x1f\x8b", b"GIF8")
_SNIFFED = 8


def is_dense(content: Content) -> bool:
    """Tell from the first bytes whether compressing would be in vain."""
    for chunk in content.chunks():
        return bytes(chunk[:_SNIFFED]).startswith(_DENSE)
    return True


class Compressor:
    """A zstd context that is used again and again by one thread."""

    def __init__(self) -> None:
        self._context = zstandard.ZstdCompressor(level=LEVEL)

    def compress(self, octets: Buffer) -> bytes:
        """Return the octets as one zstd frame."""
        return self._context.compress(octets)


def compressed_chunks(content: Content) -> Iterator[bytes]:
    """Yield a large content as one zstd frame, piece by piece."""
    context = zstandard.ZstdCompressor(level=LEVEL).compressobj(size=content.size)
    for chunk in content.chunks():
        if packed := context.compress(chunk):
            yield packed
    yield context.flush()


def expand(octets: Buffer, size: int) -> bytes:
    """Return what `Compressor.compress` was given; `size` bounds the result."""
    return zstandard.ZstdDecompressor().decompress(octets, max_output_size=size)


@dataclass(frozen=True)
class StoredContent:
    """A large content in the blob store, read again from its start on every pass.

    The fingerprint is checked at the end of each pass: reading it once completely before sending proves the
    bytes.
    """

    document: int
    size: int
    sha256: str
    coding: Coding
    open: Callable[[], BinaryIO]

    def chunks(self) -> Iterator[bytes]:
        """Yield the octets in chunks of `CHUNK`.

        Raises:
            StoredContentDamaged: they are lost, or (told at the end) not what came in.
        """
        digest, seen = hashlib.sha256(), 0
        try:
            opened = self.open()
        except KeyError:
            raise StoredContentDamaged(document=self.document) from None
        with closing(opened) as file:
            for chunk in self._pieces(file):
                digest.update(chunk)
                seen += len(chunk)
                yield chunk
        if seen != self.size or digest.hexdigest() != self.sha256:
            raise StoredContentDamaged(document=self.document)

    def _pieces(self, file: BinaryIO) -> Iterator[bytes]:
        source = file if self.coding == "raw" else zstandard.ZstdDecompressor().stream_reader(file)
        try:
            while chunk := _read(source, CHUNK):
                yield chunk
        except zstandard.ZstdError:
            raise StoredContentDamaged(document=self.document) from None


def _read(source: BinaryIO, size: int) -> bytes:
    """Read exactly `size` bytes unless the end comes first."""
    first = source.read(size)
    if len(first) == size or not first:
        return first
    pieces, missing = [first], size - len(first)
    while missing and (more := source.read(missing)):
        pieces.append(more)
        missing -= len(more)
    return b"".join(pieces)
