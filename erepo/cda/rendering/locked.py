"""What the locked processes have in common: lock, read, do one job, answer.

Each is started as `python -I -m erepo.cda.rendering.<job> SECONDS MEMORY OUTPUT` with an empty environment.
It has imported what it needs; it locks itself (`walls`), and only then reads the first byte of its request.
It answers with one line of JSON, and the result if there is one. An error is told by its kind alone: texts of
libraries quote documents.
"""

import json
import os
import sys
from collections.abc import Callable
from typing import Final

from erepo.cda.rendering.walls import build

_PIECE: Final = 1024 * 1024


class Refused(Exception):
    """The job ends without a result; the only argument is the kind of the error."""


def serve(job: Callable[[bytes], bytes]) -> None:
    """Lock this process, do the job once, and answer."""
    seconds, memory, output = (int(argument) for argument in sys.argv[1:4])
    answer: dict[str, object] = {"walls": build(seconds=seconds, memory=memory)}
    result = b""
    try:
        result = job(_read())
        if len(result) > output:
            raise Refused("output")  # noqa: TRY301 - told like every other end
    except Refused as refused:
        answer["error"], result = str(refused), b""
    except MemoryError:
        answer["error"] = "memory"
    _write(json.dumps(answer).encode() + b"\n" + result)


def _read() -> bytes:
    pieces = []
    while piece := os.read(0, _PIECE):
        pieces.append(piece)
    return b"".join(pieces)


def _write(octets: bytes) -> None:
    view = memoryview(octets)
    while view:
        view = view[os.write(1, view) :]
