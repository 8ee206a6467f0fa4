"""Envelope encryption: a secret under a data key of its own, the data key under the master key.

Both layers are AES-256-GCM with a random nonce; a data key encrypts one secret, once. Octets of either layer:

    1 byte    version of this format: 1
    12 bytes  nonce
    rest      ciphertext and tag

Authenticated beside the ciphertext: the layer, the version, the purpose and the account's row number; for the
data key also the id of the master key. A change of the master key re-wraps the data key alone.
"""

import hashlib
import secrets
from dataclasses import dataclass, field
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from erepo.cloud.vault.errors import SecretDamaged

_VERSION: Final = b"\x01"
_NONCE: Final = 12
_KEY: Final = 32


@dataclass(frozen=True, slots=True)
class Bound:
    """Whose secret it is, and what for: it opens for nothing else."""

    tenant_id: int
    purpose: str

    def octets(self, layer: str, key_id: str = "") -> bytes:
        """Return what is authenticated beside the ciphertext of a layer."""
        words = ("erepo cloud vault", layer, self.purpose, str(self.tenant_id), key_id)
        return _VERSION + b"\0".join(word.encode() for word in words)


@dataclass(frozen=True, slots=True)
class MasterKey:
    """A key that wraps data keys."""

    secret: bytes = field(repr=False)

    @property
    def id(self) -> str:
        """What the key is called beside what it wraps; tells nothing of it."""
        return hashlib.sha256(b"erepo cloud master key\0" + self.secret).hexdigest()[:16]

    @classmethod
    def new(cls) -> "MasterKey":
        """Make one."""
        return cls(secrets.token_bytes(_KEY))


@dataclass(frozen=True, slots=True)
class Envelope:
    """A sealed secret."""

    key_id: str
    """Of the master key."""
    wrapped: bytes
    """The data key."""
    sealed: bytes
    """The secret."""


def seal(secret: bytes, master: MasterKey, bound: Bound) -> Envelope:
    """Encrypt a secret."""
    data_key = secrets.token_bytes(_KEY)
    return Envelope(
        master.id,
        _encrypt(data_key, master.secret, bound.octets("key", master.id)),
        _encrypt(secret, data_key, bound.octets("secret")),
    )


def unseal(envelope: Envelope, master: MasterKey, bound: Bound) -> bytes:
    """Decrypt a secret.

    Raises:
        SecretDamaged: it was changed, is somebody else's, or was sealed with another key.
    """
    return _decrypt(envelope.sealed, _data_key(envelope, master, bound), bound.octets("secret"))


def rewrap(envelope: Envelope, master: MasterKey, new: MasterKey, bound: Bound) -> Envelope:
    """Put a data key under another master key; the secret stays as it is.

    Raises:
        SecretDamaged: as `unseal`, as far as the data key tells.
    """
    wrapped = _encrypt(_data_key(envelope, master, bound), new.secret, bound.octets("key", new.id))
    return Envelope(new.id, wrapped, envelope.sealed)


def _data_key(envelope: Envelope, master: MasterKey, bound: Bound) -> bytes:
    return _decrypt(envelope.wrapped, master.secret, bound.octets("key", envelope.key_id))


def _encrypt(octets: bytes, key: bytes, beside: bytes) -> bytes:
    nonce = secrets.token_bytes(_NONCE)
    return _VERSION + nonce + AESGCM(key).encrypt(nonce, octets, beside)


def _decrypt(octets: bytes, key: bytes, beside: bytes) -> bytes:
    if octets[:1] != _VERSION:
        raise SecretDamaged
    nonce, ciphertext = octets[1 : 1 + _NONCE], octets[1 + _NONCE :]
    try:
        return AESGCM(key).decrypt(nonce, ciphertext, beside)
    except (InvalidTag, ValueError):  # ValueError: cut too short to be one
        raise SecretDamaged from None
