"""The clinic's own seal: an HMAC that shows whether a file was written by this installation.

Its key is random, lies beside the other keys under `clinic_home/keys`, and never changes: what was sealed
decades ago must still be told from what somebody else has written. It guards places that others may reach
(the eArchiwum's folder on a share) and files that destroy (protocols of destructions).
"""

import contextlib
import hmac
import os
import secrets
from hashlib import sha256
from pathlib import Path
from typing import Final

from erepo.durable import flush_folder, make_folder
from erepo.settings import Settings

#: Octets of the key.
_SIZE: Final = 32


def key_file(settings: Settings) -> Path:
    """Return where the key of the seal lies: 64 hex digits, mode 0600."""
    return settings.clinic_home / "keys" / "seal.key"


def seal_key(settings: Settings) -> bytes:
    """Return the key of the seal; made, durably, where there is none yet.

    Raises:
        OSError: it cannot be read or written.
    """
    path = key_file(settings)
    with contextlib.suppress(FileNotFoundError):
        return _read(path)
    make_folder(path.parent)
    draft = path.with_name(f".{path.name}.{secrets.token_hex(6)}.tmp")
    try:
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(secrets.token_hex(_SIZE).encode() + b"\n")
            file.flush()
            os.fsync(file.fileno())
        # Where two make one at the same moment, both go on with the first.
        with contextlib.suppress(FileExistsError):
            os.link(draft, path)
    finally:
        draft.unlink(missing_ok=True)
    flush_folder(path.parent)
    return _read(path)


def seal(key: bytes, purpose: str, octets: bytes) -> str:
    """Return the HMAC-SHA-256 (hex) of octets; what is sealed for one purpose is of no use for another."""
    return hmac.new(key, purpose.encode() + b"\n" + octets, sha256).hexdigest()


def is_sealed(key: bytes, purpose: str, octets: bytes, found: str) -> bool:
    """Tell whether octets bear their seal."""
    return hmac.compare_digest(seal(key, purpose, octets).encode(), found.encode())


def _read(path: Path) -> bytes:
    return bytes.fromhex(path.read_text(encoding="ascii").strip())
