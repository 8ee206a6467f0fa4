"""UUIDs that grow with time (RFC 9562, version 7): new rows then stand side by side in an index on them.

With random ones each row of a large table dirties a page of its own, which must be read, logged and written
back; a registry of a million documents registers the slower for it.
"""

import secrets
import time
import uuid

_VERSION = 7 << 76
_VARIANT = 2 << 62
_RANDOM = ~((0xF << 76) | (3 << 62)) & ((1 << 80) - 1)


def ordered_uuid() -> uuid.UUID:
    """Return a fresh UUID: 48 bits of milliseconds, 74 random bits."""
    moment = time.time_ns() // 1_000_000
    return uuid.UUID(int=moment << 80 | _VERSION | _VARIANT | secrets.randbits(80) & _RANDOM)
