"""Opening `.p12` files in a process of its own: how much work that is, the file decides.

A PKCS#12 file names how often its password is to be stretched, and the library does so while it holds the
interpreter's lock: one file could stop the whole service for an hour. So a child opens the files, with a
limit on its processor time and memory; they go in and the keys come out by pipes, nothing of them stands in
arguments, environment or files.
"""

import base64
import logging
import os
import resource
import subprocess
import sys
from collections.abc import Sequence
from typing import Any, Final

import orjson

from erepo.errors import ErepoError
from erepo.pki import errors as pki_errors
from erepo.pki.bundle import Bundle
from erepo.pki.errors import BundleUnreadable
from erepo.pki.keys import clear_key

log = logging.getLogger("erepo.cloud")

#: An honest file takes a tenth of a second; the largest count of rounds that is usual, two.
_CPU_SECONDS: Final = 10
_WALL_SECONDS: Final = 40.0
_MEMORY: Final = 1024**3
#: The service itself comes first.
_NICE: Final = 10


def open_files(files: Sequence[tuple[bytes, bytes]]) -> list[Bundle | ErepoError]:
    """Open `.p12` files with their passwords; return for each what is in it, or why it does not open.

    Blocks for half a second and more: call it off the event loop. A file that asks for more work than any
    honest one counts as unreadable, and with it those that were to be opened after it.
    """
    texts = [[base64.b64encode(each).decode() for each in file] for file in files]
    asked = orjson.dumps({"seconds": _CPU_SECONDS, "files": texts})
    command = [sys.executable, "-I", "-m", __name__]
    try:
        done = subprocess.run(  # noqa: S603  # our own program, no arguments
            command, input=asked, capture_output=True, timeout=_WALL_SECONDS, check=False, env={}
        )
    except subprocess.TimeoutExpired:
        log.warning("the opening of .p12 files took too long")
        return [BundleUnreadable() for _ in files]
    if done.returncode:
        log.warning("the opening of .p12 files ended with %d", done.returncode)
    # Line by line: what was opened before the child was ended is there; the last may be cut off.
    answers = [orjson.loads(line) for line in done.stdout.split(b"\n")[:-1]]
    missing = [BundleUnreadable() for _ in files[len(answers) :]]
    return [*(_read(each) for each in answers), *missing]


def _read(answer: dict[str, Any]) -> Bundle | ErepoError:
    if "error" in answer:
        kind = getattr(pki_errors, answer["error"])
        error: ErepoError = kind(**answer["data"])
        return error
    return Bundle.from_pem(answer["certificates"].encode("ascii"), answer["key"].encode("ascii"))


def open_here(pkcs12: bytes, password: bytes) -> Bundle | ErepoError:
    """Open a file in this process: what the child does."""
    try:
        return Bundle.from_pkcs12(pkcs12, password)
    except ErepoError as error:
        return error


def _open(pkcs12: bytes, password: bytes) -> dict[str, Any]:
    bundle = open_here(pkcs12, password)
    if isinstance(bundle, ErepoError):
        return {"error": type(bundle).__name__, "data": bundle.data}
    key = clear_key(bundle.key).decode("ascii")
    return {"key": key, "certificates": bundle.certificate_pem.decode("ascii")}


def main() -> None:
    """Be the child: read files from standard input, write what is in them to standard output."""
    asked = orjson.loads(sys.stdin.buffer.read())
    os.nice(_NICE)
    resource.setrlimit(resource.RLIMIT_CPU, (asked["seconds"], asked["seconds"]))
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # memory holds keys
    for file in asked["files"]:
        pkcs12, password = (base64.b64decode(each) for each in file)
        sys.stdout.buffer.write(orjson.dumps(_open(pkcs12, password)) + b"\n")
        sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
