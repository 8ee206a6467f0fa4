"""The one key of patients' accounts: finds people without knowing them, and seals what is known of them.

A random secret, kept in the vault under the master key: a change of the master key re-wraps this one row, and
every keyed hash stays as it is. Of its halves one makes keyed hashes (HMAC-SHA-256), one seals (AES-256-GCM
under a random nonce; far fewer messages than its bound of 2^32). A hash says what it is of, so that none is
taken for one of another kind; sealed octets are bound to the purpose and open for no other.
"""

import hashlib
import hmac
import secrets
from dataclasses import dataclass, field
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import Connection, insert, select
from sqlalchemy.exc import IntegrityError

from erepo.cloud.storage.database import Database
from erepo.cloud.storage.tables_portal import patient_secret
from erepo.cloud.vault.envelope import Bound, Envelope
from erepo.cloud.vault.errors import MasterKeyChanged, SecretDamaged
from erepo.cloud.vault.rotating import PATIENTS
from erepo.cloud.vault.vault import Vault

_NAME: Final = "accounts"
_HALF: Final = 32
_NONCE: Final = 12
#: Times the key is sealed anew because the master key changed meanwhile.
_TRIES: Final = 3


@dataclass(frozen=True, slots=True)
class Keys:
    """Both halves, at work."""

    hashing: bytes = field(repr=False)
    sealing: bytes = field(repr=False)

    def hash(self, what: str, *parts: bytes | str) -> bytes:
        """Return the keyed hash of something; equal things of one kind have equal ones."""
        octets = [each.encode() if isinstance(each, str) else each for each in (what, *parts)]
        framed = b"".join(len(each).to_bytes(4, "big") + each for each in octets)
        return hmac.digest(self.hashing, framed, hashlib.sha256)

    def seal(self, what: str, octets: bytes) -> bytes:
        """Encrypt something of a kind."""
        nonce = secrets.token_bytes(_NONCE)
        return nonce + AESGCM(self.sealing).encrypt(nonce, octets, what.encode())

    def open(self, what: str, sealed: bytes) -> bytes:
        """Decrypt it.

        Raises:
            SecretDamaged: it was changed, or is of another kind.
        """
        try:
            return AESGCM(self.sealing).decrypt(sealed[:_NONCE], sealed[_NONCE:], what.encode())
        except (InvalidTag, ValueError):
            raise SecretDamaged from None


class PatientKeys:
    """Fetches the key once for a process; blocking where it has not been fetched yet."""

    def __init__(self, database: Database, vault: Vault) -> None:
        self._database, self._vault = database, vault
        self._keys: Keys | None = None

    def get(self) -> Keys:
        """Return the key; the first process that asks makes it.

        Raises:
            MasterKeyMissing, MasterKeyUnknown, MasterKeyMalformed, SecretDamaged: the operator has to act.
        """
        if self._keys is None:
            secret = self._secret()
            self._keys = Keys(secret[:_HALF], secret[_HALF:])
        return self._keys

    def _secret(self) -> bytes:
        envelope = self._kept() or self._made()
        return self._vault.open(envelope, BOUND)

    def _kept(self) -> Envelope | None:
        with self._database.read() as connection:
            row = connection.execute(
                select(patient_secret).where(patient_secret.c.name == _NAME)
            ).one_or_none()
        return Envelope(row.key_id, bytes(row.wrapped), bytes(row.sealed)) if row is not None else None

    def _made(self) -> Envelope:
        for _ in range(_TRIES):
            envelope = self._vault.seal(secrets.token_bytes(2 * _HALF), BOUND)
            try:
                with self._database.write() as connection:
                    self._keep(connection, envelope)
            except MasterKeyChanged:
                continue
            except IntegrityError:  # another process made it at the same moment: that one counts
                break
            return envelope
        kept = self._kept()
        if kept is None:
            raise MasterKeyChanged
        return kept

    def _keep(self, connection: Connection, envelope: Envelope) -> None:
        self._vault.expect_present(connection, envelope)
        values = {"key_id": envelope.key_id, "wrapped": envelope.wrapped, "sealed": envelope.sealed}
        connection.execute(insert(patient_secret), {"name": _NAME, **values})


#: It belongs to nobody's account.
BOUND: Final = Bound(0, PATIENTS)
