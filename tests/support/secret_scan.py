"""Looks for private keys and passwords in whatever was written, in every form they could take."""

import base64
import os
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from email import message_from_bytes
from pathlib import Path

import psutil

from erepo.pki.keys import PrivateKey


def forms(secret: bytes) -> set[bytes]:
    """Return octets as they are, in hex, and in base64 wherever in a longer text they begin."""
    found = {secret, secret.hex().encode(), secret.hex().upper().encode()}
    for shift in range(3):
        text = base64.b64encode(bytes(shift) + secret)
        # The first and the last letters also depend on the neighbours.
        core = text[(shift * 8 + 5) // 6 : (len(secret) + shift) * 8 // 6]
        found |= {core, core.replace(b"+", b"-").replace(b"/", b"_")}
    return found


def forms_of_key(key: PrivateKey) -> set[bytes]:
    """Return what gives a private key away: its secret number in any notation (and so PEM, DER, JWK)."""
    numbers = key.private_numbers()
    secrets = (
        [numbers.private_value] if hasattr(numbers, "private_value") else [numbers.d, numbers.p, numbers.q]
    )
    found = {str(one).encode() for one in secrets}
    for one in secrets:
        found |= forms(one.to_bytes((one.bit_length() + 7) // 8, "big"))
    return found


def hits(marks: Iterable[bytes], places: Iterable[tuple[str, bytes]]) -> set[str]:
    """Return the places in which a mark was found; line breaks in between do not hide one."""
    wanted = set(marks)
    assert all(len(one) >= 8 for one in wanted)
    found = set()
    for place, octets in places:
        joined = b"".join(octets.split()).replace(b"\\n", b"").replace(b"\\r", b"")
        if any(one in octets or one in joined for one in wanted):
            found.add(place)
    return found


def files(*folders: Path) -> Iterator[tuple[str, bytes]]:
    """Yield every file below some folders."""
    for folder in folders:
        for file in sorted(folder.rglob("*")):
            if file.is_file():
                yield str(file), file.read_bytes()


def letters(folder: Path) -> Iterator[tuple[str, bytes]]:
    """Yield every part of every mail below a folder, unpacked."""
    for place, octets in files(folder):
        yield from unpacked(f"mail {place}", octets)


def unpacked(place: str, octets: bytes) -> Iterator[tuple[str, bytes]]:
    """Yield a mail and every part of it."""
    yield place, octets
    for part in message_from_bytes(octets).walk():
        content = part.get_payload(decode=True)
        yield place, content if isinstance(content, bytes) else b""


@contextmanager
def watched_arguments() -> Iterator[set[bytes]]:
    """Look at the arguments of this process and all below it while the block runs; yields what was seen."""
    seen: set[bytes] = set()
    stop = threading.Event()

    def watch() -> None:
        me = psutil.Process()
        while not stop.wait(0.05):
            for process in (me, *me.children(recursive=True)):
                try:
                    seen.add(Path(f"/proc/{process.pid}/cmdline").read_bytes())
                except OSError:
                    continue

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield seen
    finally:
        stop.set()
        thread.join(60)


def open_to_others(*folders: Path) -> set[str]:
    """Return files and folders on which group or others have any right."""
    found = set()
    for folder in folders:
        for place, below, names in os.walk(folder):
            for one in (Path(place), *(Path(place) / name for name in (*below, *names))):
                if one.exists() and one.stat().st_mode & 0o077:
                    found.add(str(one))
    return found
