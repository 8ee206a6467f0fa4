"""Small secrets in the clinic's database, encrypted with the passphrase of its private keys.

    1 octet version, 16 salt, 12 nonce, ciphertext and tag

AES-256-GCM under a key that scrypt makes of passphrase and salt; authenticated beside it: the place, so that
what was locked for one row opens in no other. Columns that hold it are called `…_locked`; when the passphrase
is changed they are encrypted anew with the keys (`erepo.clinic.resealing`).
"""

import hashlib
import secrets
from functools import lru_cache
from typing import Any, Final

import sqlalchemy as sa
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from erepo.passphrase import tried
from erepo.pki.errors import WrongPassphrase

#: How columns are called that hold such a secret.
COLUMN: Final = "_locked"
_VERSION: Final = b"\x01"
_SALT, _NONCE = 16, 12


def place_of(table: sa.Table, key: object) -> str:
    """Return the place of a row: its table and its primary key of one column."""
    return f"{table.name}/{key}"


def lock(secret: str, passphrase: bytes, place: str) -> bytes:
    """Return a secret encrypted for a place.

    Args:
        secret: what is to be kept.
        passphrase: of the clinic's keys; of several the present one is used.
        place: as `place_of` tells it.
    """
    salt, nonce = secrets.token_bytes(_SALT), secrets.token_bytes(_NONCE)
    sealed = AESGCM(_key(bytes(passphrase), salt)).encrypt(nonce, secret.encode(), place.encode())
    return _VERSION + salt + nonce + sealed


def unlock(locked: bytes, passphrase: bytes, place: str) -> str:
    """Return what was locked.

    Raises:
        WrongPassphrase: none of the passphrases opens it, or it was changed, or belongs elsewhere.
    """
    salt, nonce, sealed = locked[1 : 1 + _SALT], locked[1 + _SALT : 1 + _SALT + _NONCE], locked[29:]
    for one in tried(passphrase):
        try:
            return AESGCM(_key(one, salt)).decrypt(nonce, sealed, place.encode()).decode()
        except (InvalidTag, ValueError):
            continue
    raise WrongPassphrase(what="key")


def columns(metadata: sa.MetaData) -> list[sa.Column[Any]]:
    """Return every column that holds such secrets."""
    return [one for table in metadata.sorted_tables for one in table.c if one.name.endswith(COLUMN)]


# scrypt is slow on purpose; whoever sends many messages signed with one secret asks for it again and again.
@lru_cache(maxsize=64)
def _key(passphrase: bytes, salt: bytes) -> bytes:
    return hashlib.scrypt(passphrase, salt=salt, n=2**14, r=8, p=1, dklen=32)
