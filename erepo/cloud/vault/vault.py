"""Sealing and opening secrets with the key in use."""

from sqlalchemy import Connection

from erepo.cloud.storage.database import Database
from erepo.cloud.vault.envelope import Bound, Envelope, seal, unseal
from erepo.cloud.vault.keyring import Keyring, expect_present, present_key


class Vault:
    """Seals and opens secrets of accounts; blocking: call it off the event loop."""

    def __init__(self, database: Database, keyring: Keyring) -> None:
        self._database = database
        self._keyring = keyring

    def seal(self, secret: bytes, bound: Bound) -> Envelope:
        """Encrypt a secret with the key in use; `expect_present` proves later that it still is.

        Raises:
            MasterKeyMissing, MasterKeyUnknown, MasterKeyMalformed: the operator has to act.
        """
        with self._database.read() as connection:
            key_id = present_key(connection)
        return seal(secret, self._keyring.find(key_id), bound)

    def open(self, envelope: Envelope, bound: Bound) -> bytes:
        """Decrypt a secret.

        Raises:
            SecretDamaged: it was changed, or is somebody else's.
            MasterKeyUnknown, MasterKeyMalformed: the operator has to act.
        """
        return unseal(envelope, self._keyring.find(envelope.key_id), bound)

    @staticmethod
    def expect_present(connection: Connection, envelope: Envelope) -> None:
        """Prove, in the transaction that stores an envelope, that its key is still in use.

        Raises:
            MasterKeyChanged: it is not: seal it again.
        """
        expect_present(connection, envelope.key_id)
