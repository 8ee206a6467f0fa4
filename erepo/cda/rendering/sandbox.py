"""Starting the locked processes, speaking with them through pipes alone, and ending them in time."""

import json
import os
import selectors
import signal
import struct
import subprocess
import sys
import threading
import time
from typing import Final, NamedTuple

from erepo.cda.rendering.errors import (
    RenderingFailed,
    RenderingTooLarge,
    RenderingTooSlow,
    StylesheetUnusable,
)
from erepo.settings import RenderingLimits

_PIECE: Final = 256 * 1024
#: Locked processes at once, of one process of ours: each may use as much memory as its limit says.
_SLOTS: Final = threading.BoundedSemaphore(4)
#: Longest first line of an answer, in bytes.
_ANSWER: Final = 1024


class Transformed(NamedTuple):
    """What came out of a locked process.

    Attributes:
        markup: the result, as UTF-8; of `transform` not to be shown before it is sanitised.
        walls: which walls stood around the process.
    """

    markup: bytes
    walls: tuple[str, ...]


def transform(name: str, stylesheet: bytes, document: bytes, limits: RenderingLimits) -> Transformed:
    """Apply a stylesheet to a document in a process of its own; both may be hostile.

    Args:
        name: of the stylesheet, for an error.
        stylesheet: XSLT 1.0, in one piece.
        document: the octets as received.
        limits: seconds, bytes of memory, of the document, of the result.

    Raises:
        StylesheetUnusable: it is no stylesheet.
        RenderingFailed: it fails with this document.
        RenderingTooSlow: the time is over; the process is gone.
        RenderingTooLarge: document, memory or result are above their limit.
    """
    if len(document) > limits.document:
        raise RenderingTooLarge(what="document", limit=limits.document)
    request = struct.pack(">Q", len(stylesheet)) + stylesheet + document
    return _ask("transforming", name, request, limits)


def clean(markup: bytes, limits: RenderingLimits) -> Transformed:
    """Return what may be shown of a page, as a fragment for its body; the page may be hostile.

    Raises:
        RenderingTooSlow, RenderingTooLarge, RenderingFailed: as above.
    """
    return _ask("cleaning", "", markup, limits)


def _ask(job: str, name: str, request: bytes, limits: RenderingLimits) -> Transformed:
    with _SLOTS:
        status, answer = _talk(job, request, limits)
    head, line_end, markup = answer.partition(b"\n")
    if not line_end or len(head) > _ANSWER:
        if status == -signal.SIGXCPU:
            raise RenderingTooSlow(seconds=limits.seconds)
        if status == -signal.SIGKILL:  # by the system, which had no memory left
            raise RenderingTooLarge(what="memory", limit=limits.memory)
        raise RenderingFailed(problem="ended")
    problem, walls = _told(head)
    if problem:
        raise _trouble(problem, name, limits)
    return Transformed(markup, walls)


def _told(head: bytes) -> tuple[str, tuple[str, ...]]:
    """Return (kind of the error, walls) of an answer; a process that was broken into may say anything."""
    try:
        answer = json.loads(head)
        return str(answer.get("error", "")), tuple(str(wall) for wall in answer["walls"])
    except (ValueError, AttributeError, KeyError, TypeError):
        raise RenderingFailed(problem="answer") from None


def _trouble(problem: str, name: str, limits: RenderingLimits) -> Exception:
    match problem:
        case "stylesheet":
            return StylesheetUnusable(name=name)
        case "memory":
            return RenderingTooLarge(what="memory", limit=limits.memory)
        case "output":
            return RenderingTooLarge(what="page", limit=limits.page)
        case _:
            return RenderingFailed(problem="document" if problem == "document" else "stylesheet")


def _talk(job: str, request: bytes, limits: RenderingLimits) -> tuple[int, bytes]:
    """Return the status and the answer of a new process; it is gone when this returns."""
    arguments = [str(limits.seconds), str(limits.memory), str(limits.page)]
    process = subprocess.Popen(  # noqa: S603 - our own interpreter and our own numbers
        [sys.executable, "-I", "-m", f"erepo.cda.rendering.{job}", *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,  # what a library says of a document stays unsaid
        env={},
        cwd="/",
        bufsize=0,
    )
    with process:
        try:
            answer = _exchange(process, request, limits)
            status = process.wait(limits.start)
        except subprocess.TimeoutExpired:
            process.kill()
            raise RenderingTooSlow(seconds=limits.seconds) from None
        except BaseException:
            process.kill()  # this process, by its handle, and no other
            raise
    return status, answer


def _exchange(process: subprocess.Popen[bytes], request: bytes, limits: RenderingLimits) -> bytes:
    assert process.stdin is not None
    assert process.stdout is not None
    inlet, outlet = process.stdin.fileno(), process.stdout.fileno()
    os.set_blocking(inlet, False)
    waiting, pieces, size = memoryview(request), list[bytes](), 0
    # Twice the processor time: on a busy machine it takes its turns.
    deadline = time.monotonic() + 2 * limits.seconds + limits.start
    with selectors.DefaultSelector() as selector:
        selector.register(inlet, selectors.EVENT_WRITE)
        selector.register(outlet, selectors.EVENT_READ)
        while True:
            remaining = deadline - time.monotonic()
            events = selector.select(remaining) if remaining > 0 else []
            if not events:
                raise RenderingTooSlow(seconds=limits.seconds)
            for key, _ in events:
                if key.fd == inlet:
                    waiting = _send(inlet, waiting)
                    if not waiting:
                        selector.unregister(inlet)
                        process.stdin.close()
                    continue
                piece = os.read(outlet, _PIECE)
                if not piece:
                    return b"".join(pieces)
                pieces.append(piece)
                size += len(piece)
                if size > limits.page + _ANSWER:
                    raise RenderingTooLarge(what="page", limit=limits.page)


def _send(inlet: int, waiting: memoryview) -> memoryview:
    try:
        return waiting[os.write(inlet, waiting[:_PIECE]) :]
    except BlockingIOError:
        return waiting
    except BrokenPipeError:
        # It has ended; what it said, or its status, tells why.
        return waiting[len(waiting) :]
