"""Documents of patients at rest: encrypted octets in the blob store, and what opens them in the sealed row.

The octets' key is made of two halves: one lies in the row's envelope (`erepo.cloud.vault`) with the patient
and the title, the other beside it. With the second the octets are gone, wherever a backup of them lies; the
first stays, so that patients read what they gave. A change of the master key touches envelopes alone.

Octets of a blob: 1 byte version, 12 bytes nonce, ciphertext and tag (AES-256-GCM); authenticated beside them:
the account and the document's id.
"""

import base64
import hashlib
import hmac
import secrets
from dataclasses import dataclass, field
from typing import Final

import orjson
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from erepo.cloud.vault.envelope import Bound, Envelope
from erepo.cloud.vault.errors import SecretDamaged
from erepo.cloud.vault.rotating import OWN_DOCUMENT
from erepo.cloud.vault.vault import Vault
from erepo.content import Buffer

_VERSION: Final = b"\x01"
_NONCE: Final = 12
_KEY: Final = 32


@dataclass(frozen=True, slots=True)
class Facts:
    """What is sealed in a document's row.

    Attributes:
        public_id: of the document: an envelope in another row does not open.
        root: register of the patient's number.
        extension: the patient's number.
        title: as the patient gave it; may be empty.
        half: of the octets' key.
    """

    public_id: str
    root: str = field(repr=False)
    extension: str = field(repr=False)
    title: str = field(repr=False)
    half: bytes = field(repr=False)

    @classmethod
    def of(cls, public_id: str, root: str, extension: str, title: str) -> "Facts":
        """Make them for a new document."""
        return cls(public_id, root, extension, title, secrets.token_bytes(_KEY))


def seal_facts(vault: Vault, tenant_id: int, facts: Facts) -> Envelope:
    """Seal what stands in a row; see `Vault.seal`."""
    half = base64.b64encode(facts.half).decode()
    words = [facts.public_id, facts.root, facts.extension, facts.title, half]
    return vault.seal(orjson.dumps(words), Bound(tenant_id, OWN_DOCUMENT))


def open_facts(vault: Vault, tenant_id: int, public_id: str, envelope: Envelope) -> Facts:
    """Return what was sealed in a row.

    Raises:
        SecretDamaged: it was changed, or is another row's.
        MasterKeyUnknown, MasterKeyMalformed: the operator has to act.
    """
    found, root, extension, title, half = orjson.loads(vault.open(envelope, Bound(tenant_id, OWN_DOCUMENT)))
    if found != public_id:
        raise SecretDamaged
    return Facts(found, root, extension, title, base64.b64decode(half))


def new_salt() -> bytes:
    """Return the second half of an octets' key."""
    return secrets.token_bytes(_KEY)


def seal_octets(octets: Buffer, tenant_id: int, facts: Facts, salt: bytes) -> bytes:
    """Encrypt a document."""
    nonce = secrets.token_bytes(_NONCE)
    sealed = AESGCM(_key(facts, salt)).encrypt(nonce, octets, _beside(tenant_id, facts))
    return b"".join((_VERSION, nonce, sealed))


def open_octets(sealed: bytes, tenant_id: int, facts: Facts, salt: bytes) -> bytes:
    """Decrypt a document.

    Raises:
        SecretDamaged: it was changed, or is another's.
    """
    if sealed[:1] != _VERSION:
        raise SecretDamaged
    nonce, rest = sealed[1 : 1 + _NONCE], memoryview(sealed)[1 + _NONCE :]
    try:
        return AESGCM(_key(facts, salt)).decrypt(nonce, rest, _beside(tenant_id, facts))
    except (InvalidTag, ValueError):
        raise SecretDamaged from None


def _key(facts: Facts, salt: bytes) -> bytes:
    return hmac.new(facts.half, b"erepo own document\0" + salt, hashlib.sha256).digest()


def _beside(tenant_id: int, facts: Facts) -> bytes:
    return _VERSION + b"\0".join((b"erepo own document", str(tenant_id).encode(), facts.public_id.encode()))
