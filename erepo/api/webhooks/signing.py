"""Signatures of what is sent (Standard Webhooks, `v1`: HMAC-SHA256)."""

import base64
import binascii
import hmac
import secrets
from typing import Final

from erepo.api.errors import RequestInvalid

_PREFIX: Final = "whsec_"
_SHORTEST, _LONGEST = 24, 64


def new_secret() -> str:
    """Return a secret of 256 bits in the form `whsec_…`."""
    return _PREFIX + base64.b64encode(secrets.token_bytes(32)).decode()


def check_secret(secret: str) -> str:
    """Return a secret that somebody brought.

    Raises:
        RequestInvalid: it is not `whsec_` and base64 of 24 to 64 bytes.
    """
    try:
        octets = _key(secret)
    except (binascii.Error, ValueError):
        octets = b""
    if not secret.startswith(_PREFIX) or not _SHORTEST <= len(octets) <= _LONGEST:
        raise RequestInvalid(field="secret")
    return secret


def sign(secret: str, message_id: str, timestamp: int, body: bytes) -> str:
    """Return the value of `webhook-signature`."""
    signed = f"{message_id}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.digest(_key(secret), signed, "sha256")).decode()


def _key(secret: str) -> bytes:
    return base64.b64decode(secret.removeprefix(_PREFIX), validate=True)
