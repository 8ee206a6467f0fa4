"""Make a file longer in a way its format allows, so that readers show the same page."""

import re
import struct
import zlib
from random import Random
from typing import Final

from erepo.cda.errors import SampleSizeImpossible
from erepo.cda.media import JPEG, PDF, PNG

_SEGMENT: Final = 65_533


def pad(media: str, octets: bytes, size: int, rng: Random) -> bytes:
    """Return the file with `size` octets, near enough for formats that count in blocks.

    The added octets are random, so that nothing compresses them away: JPEG comments, a private PNG chunk, an
    unused object in an incremental update of a PDF, octets behind a TIFF.

    Args:
        media: media type of the file.
        octets: the file.
        size: wanted length; at most 32 octets less come out.
        rng: where the added octets come from.

    Raises:
        SampleSizeImpossible: the file is longer already.
    """
    room = size - len(octets)
    if room < 0:
        raise SampleSizeImpossible(least=len(octets), most="…")
    if media == JPEG:
        return _pad_jpeg(octets, room, rng)
    if media == PNG:
        return _pad_png(octets, room, rng)
    if media == PDF:
        return _pad_pdf(octets, room, rng)
    return octets + rng.randbytes(room)


def _pad_jpeg(octets: bytes, room: int, rng: Random) -> bytes:
    # Comments come behind the JFIF segment, which must be the first.
    first = 4 + struct.unpack(">H", octets[4:6])[0]
    pieces = [octets[:first]]
    while room >= 4:
        length = min(room - 4, _SEGMENT)
        # A rest too short for a segment of its own would stay unused.
        pieces.append(b"\xff\xfe" + struct.pack(">H", length + 2) + rng.randbytes(length))
        room -= length + 4
    return b"".join((*pieces, octets[first:]))


def _pad_png(octets: bytes, room: int, rng: Random) -> bytes:
    if room < 12:
        return octets
    data = rng.randbytes(room - 12)
    kind = b"erPd"  # ancillary, private, safe to copy
    chunk = struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    return octets[:-12] + chunk + octets[-12:]


def _pad_pdf(octets: bytes, room: int, rng: Random) -> bytes:
    root, number = re.search(rb"/Root (\d+ \d+ R)", octets), re.search(rb"/Size (\d+)", octets)
    previous = re.findall(rb"startxref\s+(\d+)", octets)
    if not root or not number or not previous:
        return octets
    for length in range(max(0, room - 40), max(0, room - 400), -1):
        update = _update(octets, length, int(number[1]), root[1], int(previous[-1]))
        if len(update) + length <= room:
            return octets + update.replace(b"@", rng.randbytes(length), 1)
    return octets


def _update(octets: bytes, length: int, number: int, root: bytes, previous: int) -> bytes:
    """An incremental update with one stream, whose data go where `@` stands."""
    start = len(octets)
    head = b"\n%d 0 obj\n<</Length %d>>\nstream\n" % (number, length)
    tail = b"\nendstream\nendobj\n"
    table = start + len(head) + length + len(tail)
    return (
        head
        + b"@"
        + tail
        + (
            b"xref\n%d 1\n%010d 00000 n \ntrailer\n<</Size %d/Root %s/Prev %d>>\nstartxref\n%d\n%%%%EOF\n"
            % (number, start + 1, number + 1, root, previous, table)
        )
    )
