"""Passwords of the panel: kept as scrypt, and what a new one must be.

A hash is kept as `scrypt$15$8$3$SALT$HASH` (log2 of N, r, p; hex), so that its cost may grow later without
breaking those that are there.
"""

import hashlib
import hmac
import secrets
import unicodedata
from typing import Final

from erepo.cloud.panel.errors import PasswordTooLong, PasswordTooShort, PasswordTooSimple

#: NIST SP 800-63B and OWASP ASVS 6.2 ask for length, not for kinds of characters.
LEAST: Final = 12
MOST: Final = 128
#: Fewer different characters are a pattern.
DIFFERENT: Final = 6
#: 32 MiB and some 0.3 s of one core (OWASP Password Storage: N=2^15, r=8, p=3).
_COST: Final = (15, 8, 3)
_MEMORY: Final = 64 * 1024**2
_ROWS: Final = ("abcdefghijklmnopqrstuvwxyz", "01234567890", "qwertyuiop", "asdfghjkl", "zxcvbnm")
#: So many neighbours of a row are a pattern.
_RUN: Final = 6


def hash_password(password: str) -> str:
    """Return what is kept of a password; slow on purpose: call it off the event loop."""
    salt = secrets.token_bytes(16)
    log_n, r, p = _COST
    return f"scrypt${log_n}${r}${p}${salt.hex()}${_scrypt(password, salt, log_n, r, p).hex()}"


#: What is compared where nobody has the login: the answer takes as long.
NOBODY: Final = "scrypt$15$8$3$" + "00" * 16 + "$" + "00" * 32


def matches(password: str, kept: str) -> bool:
    """Tell whether a password is the one that was kept; slow on purpose: call it off the event loop."""
    _, log_n, r, p, salt, digest = kept.split("$")
    found = _scrypt(password, bytes.fromhex(salt), int(log_n), int(r), int(p))
    return hmac.compare_digest(found, bytes.fromhex(digest))


def same(one: str, other: str) -> bool:
    """Tell whether two typed passwords are the same."""
    return hmac.compare_digest(_normal(one).encode(), _normal(other).encode())


def check_new(password: str, login: str, account: str) -> None:
    """Prove that a new password may be taken.

    Raises:
        PasswordTooShort, PasswordTooLong, PasswordTooSimple: it may not.
    """
    plain = _normal(password)
    if len(plain) < LEAST:
        raise PasswordTooShort(least=LEAST)
    if len(password) > MOST or len(plain) > MOST:
        raise PasswordTooLong(most=MOST)
    lower = plain.lower()
    if len(set(lower)) < DIFFERENT or login.lower() in lower or account in lower or _has_row(lower):
        raise PasswordTooSimple(least=DIFFERENT)


def new_password() -> str:
    """Return a random password that a person can type: four groups of five, 100 bits."""
    letters = "abcdefghjkmnpqrstuvwxyz23456789"
    while True:
        groups = ("".join(secrets.choice(letters) for _ in range(5)) for _ in range(4))
        made = "-".join(groups)
        if len(set(made)) >= DIFFERENT and not _has_row(made):
            return made


def _has_row(lower: str) -> bool:
    rows = [each for row in _ROWS for each in (row, row[::-1])]
    starts = range(len(lower) - _RUN + 1)
    return any(lower[start : start + _RUN] in row for start in starts for row in rows)


def _normal(password: str) -> str:
    """Return the same characters for the same keys, whatever system composed them."""
    return unicodedata.normalize("NFKC", password)


def _scrypt(password: str, salt: bytes, log_n: int, r: int, p: int) -> bytes:
    # More than can be a password is not worth hashing: nothing that long is ever kept.
    octets = _normal(password[: MOST + 1]).encode()
    return hashlib.scrypt(octets, salt=salt, n=2**log_n, r=r, p=p, maxmem=_MEMORY, dklen=32)
