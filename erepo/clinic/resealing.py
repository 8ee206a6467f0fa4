"""Change the passphrase of the clinic's private keys (`erepo secrets rotate-passphrase`).

    begin            the file holds the new passphrase, the old one below it        commit point
    reseal_database  every key of every table encrypted anew, one transaction       commit point
    reseal_files     every key file, each exchanged as a whole                      commit point each
    (blocks)         `reseal_pkcs12` for each, written by whoever speaks to Prefect commit point each
    finish           only after every key opens with the new one alone: the old one goes   commit point

Reading tries all passphrases of the file (`erepo.passphrase`), writing uses the first. So a crash at any line
leaves keys that open, some under the new passphrase and some under the old, and the next call goes on: while
an old passphrase stands in the file, `begin` makes no other. Each step leaves alone what is done.

Where the environment gives the passphrase (EREPO_KEY_PASSPHRASE), a person makes both moves: sets the new one
and EREPO_KEY_PASSPHRASE_FORMER before, takes the latter away afterwards.

Not protected: a program that was started before `begin` knows only the old passphrase. It cannot open what
has been encrypted anew, and ends with words; a key that it makes after `finish` opens with the old one alone.
So no onboarding and no rotation of certificates should be under way.
"""

import secrets
from collections.abc import Iterator
from pathlib import Path

import sqlalchemy as sa

from erepo.clinic.audit import note
from erepo.clinic.database import Database
from erepo.clinic.locking import columns, lock, place_of, unlock
from erepo.clinic.tables import metadata
from erepo.durable import write_durably
from erepo.errors import ConfigurationError
from erepo.passphrase import Passphrase
from erepo.pki import Bundle, encrypt_key, load_key
from erepo.pki.errors import WrongPassphrase
from erepo.settings import Settings
from erepo.texts import Text

#: How columns are called that hold an encrypted private key in PEM.
_COLUMN = "_key_pem"


class PassphraseFromOutside(ConfigurationError):
    """The environment gives the passphrase: no program can change it there."""

    code = "configuration.passphrase-from-outside"
    cause = Text(
        "The passphrase comes from EREPO_KEY_PASSPHRASE, where it cannot be changed by itself.",
        "Hasło pochodzi z EREPO_KEY_PASSPHRASE, gdzie nie można go zmienić automatycznie.",
    )
    cure = Text(
        "Set EREPO_KEY_PASSPHRASE to the new passphrase and EREPO_KEY_PASSPHRASE_FORMER to the old one, for"
        " all programs, and run this again.",
        "Ustaw EREPO_KEY_PASSPHRASE na nowe hasło, a EREPO_KEY_PASSPHRASE_FORMER na stare, dla wszystkich"
        " programów, i uruchom to ponownie.",
    )


def begin(settings: Settings) -> Passphrase:
    """Return the new passphrase with the old one behind it; made now, unless a change is under way.

    Raises:
        PassphraseFromOutside: the environment gives the passphrase, and no former one.
        PassphraseMissing: there is none to change.
    """
    present = settings.passphrase
    if present.former:
        return present
    if settings.key_passphrase is not None:
        raise PassphraseFromOutside
    fresh = secrets.token_urlsafe(32).encode("ascii")
    write_durably(settings.passphrase_file, [fresh, b"\n", present.alone, b"\n"], 0o600)
    return Passphrase(fresh, (present.alone,))


def reseal_database(database: Database, passphrase: Passphrase) -> int:
    """Encrypt every key and small secret in the database with the new passphrase; return how many needed it.

    Raises:
        WrongPassphrase: one opens with none of the passphrases; nothing was changed.
    """
    with database.begin() as connection:
        changed = _relock(connection, passphrase)
        for column, keys, pem in _stored(connection):
            if (fresh := _resealed(pem, passphrase)) is not None:
                here = [one == keys[one.name] for one in column.table.primary_key]
                connection.execute(sa.update(column.table).where(*here).values({column: fresh}))
                changed += 1
        if changed:
            note(
                connection,
                "keys_resealed",
                subject="keys",
                subject_id="passphrase",
                detail={"keys": changed},
            )
    return changed


def reseal_files(settings: Settings, passphrase: Passphrase) -> int:
    """Encrypt every key file with the new passphrase; return how many needed it.

    Raises:
        WrongPassphrase: a key opens with none of the passphrases; it was not changed.
    """
    changed = 0
    for file in key_files(settings):
        if (fresh := _resealed(file.read_bytes(), passphrase)) is not None:
            write_durably(file, [fresh], 0o600)
            changed += 1
    return changed


def reseal_pkcs12(data: bytes, passphrase: Passphrase, name: str) -> bytes | None:
    """Return a PKCS#12 file encrypted with the new passphrase; None where it is already.

    Raises:
        WrongPassphrase, BundleUnreadable…: it cannot be opened.
    """
    try:
        Bundle.from_pkcs12(data, passphrase.alone)
    except WrongPassphrase:
        return Bundle.from_pkcs12(data, passphrase).to_pkcs12(passphrase.alone, name)
    return None


def finish(settings: Settings, database: Database, passphrase: Passphrase) -> None:
    """Open every key with the new passphrase alone, then forget the old one.

    Raises:
        WrongPassphrase: a key still needs the old one; it stays.
    """
    # The write lock keeps others from adding a key between the look and the end.
    with database.begin() as connection:
        for _, _, pem in _stored(connection):
            load_key(pem, passphrase.alone)
        for column, key, locked in _locked(connection):
            unlock(locked, passphrase.alone, place_of(column.table, key))
        for file in key_files(settings):
            load_key(file.read_bytes(), passphrase.alone)
        if settings.key_passphrase is None:
            write_durably(settings.passphrase_file, [passphrase.alone, b"\n"], 0o600)


def key_files(settings: Settings) -> list[Path]:
    """Return the key files of all accounts that were moved here with their credentials."""
    return sorted((settings.clinic_home / "keys").glob("*/*.key"))


def _stored(connection: sa.Connection) -> Iterator[tuple[sa.Column[bytes], dict[str, object], bytes]]:
    """Yield (column, primary key, PEM) of every private key in any table."""
    columns = [one for table in metadata.sorted_tables for one in table.c if one.name.endswith(_COLUMN)]
    for column in columns:
        chosen = sa.select(*column.table.primary_key, column).where(column.is_not(None)).with_for_update()
        for row in connection.execute(chosen).mappings().all():
            yield column, {one.name: row[one] for one in column.table.primary_key}, row[column]


def _locked(connection: sa.Connection) -> Iterator[tuple[sa.Column[bytes], object, bytes]]:
    """Yield (column, primary key, octets) of every small secret in any table."""
    for column in columns(metadata):
        (key,) = column.table.primary_key
        chosen = sa.select(key, column).where(column.is_not(None)).with_for_update()
        for row in connection.execute(chosen).all():
            yield column, row[0], bytes(row[1])


def _relock(connection: sa.Connection, passphrase: Passphrase) -> int:
    changed = 0
    for column, key, locked in _locked(connection):
        place = place_of(column.table, key)
        try:
            unlock(locked, passphrase.alone, place)
        except WrongPassphrase:
            (named,) = column.table.primary_key
            fresh = lock(unlock(locked, passphrase, place), passphrase.alone, place)
            connection.execute(sa.update(column.table).where(named == key).values({column: fresh}))
            changed += 1
    return changed


def _resealed(pem: bytes, passphrase: Passphrase) -> bytes | None:
    try:
        load_key(pem, passphrase.alone)
    except WrongPassphrase:
        return encrypt_key(load_key(pem, passphrase), passphrase.alone)
    # A key in clear opens with any passphrase: it is no key of ours if it is not encrypted now.
    return None if b"ENCRYPTED" in pem else encrypt_key(load_key(pem), passphrase.alone)
