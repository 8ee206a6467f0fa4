"""Where master keys are kept, and which of them is in use.

    EREPO_CLOUD_KEY, EREPO_CLOUD_KEY_PREVIOUS   in the settings, where a secret store gives them
    secrets/master-key                          else a file of the service's home (0600), made by `cloud init`
    secrets/master-key.next                     one that is about to take its place (see `rotating`)
    secrets/master-key-ID                       former ones: they open backups made before the change

**The database says which one is in use**, by its id; the keys are looked for in all these places each time
they are needed, so a running service follows a change by itself.
"""

import base64
import binascii
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Final

from pydantic import SecretStr
from sqlalchemy import Connection, insert, select, update

from erepo.cloud.storage.tables import service
from erepo.cloud.vault.envelope import MasterKey
from erepo.cloud.vault.errors import (
    MasterKeyChanged,
    MasterKeyMalformed,
    MasterKeyMissing,
    MasterKeyNotNew,
    MasterKeyUnknown,
)
from erepo.durable import flush_folder, write_durably
from erepo.settings import Settings

_ROW: Final = "master-key"
_PRESENT = select(service.c.value).where(service.c.name == _ROW)


class Keyring:
    """The master keys that are at hand."""

    def __init__(self, settings: Settings) -> None:
        folder = settings.cloud_home / "secrets"
        self._file, self._next = folder / "master-key", folder / "master-key.next"
        self._given = settings.cloud_key
        self._given_before = settings.cloud_key_previous

    def find(self, key_id: str) -> MasterKey:
        """Return a key by its id. A file that holds no key is in the way only of the key that is not found.

        Raises:
            MasterKeyUnknown: it is nowhere.
            MasterKeyMalformed: it is nowhere, and something else stands where it may have been.
        """
        malformed: MasterKeyMalformed | None = None
        for look in self._places():
            try:
                key = look()
            except MasterKeyMalformed as error:
                malformed = malformed or error
                continue
            if key is not None and key.id == key_id:
                return key
        raise malformed or MasterKeyUnknown(key_id=key_id)

    def first(self) -> MasterKey:
        """Return the key of a new service: the setting's, else that of the file, which is made if need be."""
        given = self._setting("EREPO_CLOUD_KEY", self._given)
        return given or self._kept(self._file)

    def coming(self, present: str) -> MasterKey:
        """Return the key that takes the present one's place: durable before anything is sealed with it.

        The setting's, where there is one; else that of `master-key.next`, made if it is not there yet.

        Raises:
            MasterKeyNotNew: the setting names the present key.
        """
        given = self._setting("EREPO_CLOUD_KEY", self._given)
        if given is None:
            return self._kept(self._next)
        if given.id == present:
            raise MasterKeyNotNew(key_id=present)
        return given

    def unsettled(self, present: str) -> bool:
        """Tell whether a change of the key was committed and its files have not been put in order."""
        coming = self._read(self._next)
        return coming is not None and coming.id == present

    def settle(self, present: str) -> None:
        """Put the files in order after a change: the former key gets its own name, the new one its place.

        Every step leaves both keys in a file; it may be called any number of times.
        """
        former, coming = self._read(self._file), self._read(self._next)
        if former is not None and former.id != present:
            aside = self._file.with_name(f"{self._file.name}-{former.id}")
            write_durably(aside, [self._file.read_bytes()])
            if coming is None or coming.id != present:  # the setting's key is in use now
                self._file.unlink()
        if coming is not None and coming.id == present:
            self._next.replace(self._file)
        flush_folder(self._file.parent)

    def _places(self) -> Iterator[Callable[[], MasterKey | None]]:
        """Yield what looks into each place, in the order in which they count."""
        yield partial(self._setting, "EREPO_CLOUD_KEY", self._given)
        yield partial(self._setting, "EREPO_CLOUD_KEY_PREVIOUS", self._given_before)
        # In this order a key that is just getting another name is met under either.
        for path in (self._next, self._file):
            yield partial(self._read, path)
        for path in sorted(self._file.parent.glob(f"{self._file.name}-*")):
            yield partial(self._read, path)

    def _kept(self, path: Path) -> MasterKey:
        key = self._read(path)
        if key is None:
            key = MasterKey.new()
            write_durably(path, [base64.b64encode(key.secret) + b"\n"])
        return key

    def _read(self, path: Path) -> MasterKey | None:
        try:
            octets = path.read_bytes()
        except FileNotFoundError:
            return None
        return _key(octets, str(path))

    def _setting(self, name: str, value: SecretStr | None) -> MasterKey | None:
        given = value.get_secret_value() if value is not None else ""
        return _key(given.encode(), name) if given else None


def _key(text: bytes, place: str) -> MasterKey:
    try:
        secret = base64.b64decode(text.strip(), validate=True)
    except binascii.Error:
        secret = b""
    if len(secret) != 32:
        raise MasterKeyMalformed(place=place)
    return MasterKey(secret)


def present_key(connection: Connection) -> str:
    """Return the id of the key in use.

    Raises:
        MasterKeyMissing: the service has none yet.
    """
    found: str | None = connection.scalar(_PRESENT)
    if found is None:
        raise MasterKeyMissing
    return found


def expect_present(connection: Connection, key_id: str) -> None:
    """Prove that a key is in use, and keep it so until the transaction ends.

    Raises:
        MasterKeyChanged: it is not any more; whoever sealed something with it does that again.
    """
    # A shared lock on PostgreSQL: a change of the key waits for it. A SQLite writer is alone.
    if connection.scalar(_PRESENT.with_for_update(read=True)) != key_id:
        raise MasterKeyChanged


def begin(connection: Connection, keyring: Keyring) -> None:
    """Give a new service its first master key; one that is in use stays."""
    if connection.scalar(_PRESENT) is None:
        connection.execute(insert(service), {"name": _ROW, "value": keyring.first().id})


def put_in_use(connection: Connection, key_id: str) -> None:
    """Say which key is in use from now on; waits for those who seal something."""
    connection.execute(update(service).where(service.c.name == _ROW).values(value=key_id))
