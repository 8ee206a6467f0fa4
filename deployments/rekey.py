"""Encrypt Prefect's blocks under a new key, while the Prefect server is down.

    python -m deployments.rekey                      the key in EREPO_HOME/secrets (`erepo up`)
    python -m deployments.rekey --new-key-file FILE  the key is in the environment: the new one from a file

Prefect encrypts each block with PREFECT_SERVER_ENCRYPTION_KEY and has no way to change it. Steps:

    secrets/prefect-encryption-key.next   the new key, durable before anything is written with it
    every row of block_document           one transaction of Prefect's database           commit point
    …-key.next → …-key                    one rename; `erepo up` refuses to start before it

After a crash the same command goes on: rows that the new key opens are left alone, and while a `.next` lies
there no other key is made. A row that neither key opens ends it with nothing changed. Where Prefect had kept
its key in its own database (nobody had set one), that one is taken as the old key, and removed.
"""

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

import httpx
import sqlalchemy as sa
from cryptography.fernet import Fernet, InvalidToken

from erepo.cli.surroundings import Surroundings
from erepo.cli.words import fail_politely
from erepo.durable import flush_folder, write_durably
from erepo.errors import ConfigurationError, IntegrityError
from erepo.settings import Settings
from erepo.texts import Text, language

_DONE = Text(
    "Blocks encrypted under the new key: {changed} of {all}.",
    "Bloki zaszyfrowane nowym kluczem: {changed} z {all}.",
)
_SET = Text(
    "Now set PREFECT_SERVER_ENCRYPTION_KEY to the new key, then start the server.",
    "Teraz ustaw PREFECT_SERVER_ENCRYPTION_KEY na nowy klucz, a następnie uruchom serwer.",
)
_KEY = "PREFECT_SERVER_ENCRYPTION_KEY"
_DATABASES = ("PREFECT_SERVER_DATABASE_CONNECTION_URL", "PREFECT_API_DATABASE_CONNECTION_URL")

#: Tables of Prefect, as far as they matter here; what is encrypted stands as a string in JSON.
_BLOCKS = sa.table("block_document", sa.column("id"), sa.column("data", sa.JSON))
_CONFIGURATION = sa.table("configuration", sa.column("key"), sa.column("value", sa.JSON))


class PrefectRuns(ConfigurationError):
    """The server must be down: it would go on writing with the old key."""

    code = "rekey.prefect-runs"
    cause = Text(
        "The Prefect server at {address} is running.", "Serwer Prefect pod adresem {address} działa."
    )
    cure = Text("End it (`erepo up`, Ctrl-C), then run this again.", "Zakończ go i uruchom to ponownie.")


class KeyMissing(ConfigurationError):
    """There is no present key, or no database to change."""

    code = "rekey.nothing-there"
    cause = Text("There is no {what}.", "Brak: {what}.")
    cure = Text(
        "Start `erepo up` once: it makes the key and the database. Where the environment gives the key, give"
        " the new one with --new-key-file.",
        "Uruchom raz `erepo up`: utworzy klucz i bazę. Jeśli klucz pochodzi ze środowiska, podaj nowy przez"
        " --new-key-file.",
    )


class BlockLocked(IntegrityError):
    """A block opens neither with the old nor with the new key; nothing was changed."""

    code = "rekey.block-locked"
    cause = Text(
        "The block document {id} opens with none of the keys.",
        "Dokumentu bloku {id} nie otwiera żaden z kluczy.",
    )
    cure = Text(
        "Put the key that it was saved with into place, or remove the block by Prefect's API; then run this"
        " again.",
        "Przywróć klucz, którym go zapisano, albo usuń blok przez API Prefect; potem uruchom to ponownie.",
    )


def main(arguments: Sequence[str] | None = None) -> None:
    """Do it, and say how many blocks there were."""
    parser = argparse.ArgumentParser(prog="python -m deployments.rekey", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument(
        "--new-key-file", type=Path, help="holds the new key; the environment the present one"
    )
    given = parser.parse_args(arguments).new_key_file
    with fail_politely():
        around = Surroundings(Settings())
        _refuse_running(around)
        outside = os.environ.get(_KEY, "")
        if given or outside:
            changed, total = _from_outside(around, outside, given)
        else:
            changed, total = rekey(around)
    sys.stdout.write(_DONE.fill(language(), changed=changed, all=total) + "\n")
    if given:
        sys.stdout.write(_SET.fill(language()) + "\n")


def rekey(around: Surroundings) -> tuple[int, int]:
    """Change the key that lies under the home; return how many blocks were changed, of how many.

    Raises:
        KeyMissing: no key or no database yet.
        BlockLocked: a block opens with neither key; nothing was changed.
    """
    file, coming = around.secrets.prefect_encryption_key, around.secrets.prefect_coming_key
    if not file.exists():
        raise KeyMissing(what=file.name)
    if not coming.exists():
        write_durably(coming, [Fernet.generate_key()], 0o600)
    found = reencrypt(database_url(around), _key(file), _key(coming))
    coming.replace(file)
    flush_folder(file.parent)
    return found


def _from_outside(around: Surroundings, present: str, given: Path | None) -> tuple[int, int]:
    if not present or given is None:
        raise KeyMissing(what="--new-key-file" if present else _KEY)
    return reencrypt(database_url(around), Fernet(present), _key(given))


def reencrypt(url: str, old: Fernet, new: Fernet) -> tuple[int, int]:
    """Encrypt all block documents anew, in one transaction; those that the new key opens stay.

    Raises:
        BlockLocked: one opens with neither key; nothing was changed.
    """
    engine = sa.create_engine(url, hide_parameters=True)
    try:
        with engine.begin() as connection:
            if connection.dialect.name == "sqlite":
                connection.exec_driver_sql("PRAGMA busy_timeout=10000")
            kept = _kept_inside(connection)
            held = sa.select(_BLOCKS.c.id, _BLOCKS.c.data)
            rows = [row for row in connection.execute(held) if row.data is not None]
            changed = 0
            for row in rows:
                fresh = _moved(str(row.id), str(row.data).encode(), (old, *kept), new)
                if fresh is not None:
                    here = sa.update(_BLOCKS).where(_BLOCKS.c.id == row.id)
                    connection.execute(here.values(data=fresh.decode("ascii")))
                    changed += 1
            connection.execute(sa.delete(_CONFIGURATION).where(_CONFIGURATION.c.key == "ENCRYPTION_KEY"))
    finally:
        engine.dispose()
    return changed, len(rows)


def _kept_inside(connection: sa.Connection) -> list[Fernet]:
    """Return the key that Prefect made for itself, where nobody had given it one."""
    table = sa.table("configuration", sa.column("key"), sa.column("value", sa.JSON))
    found = (
        connection.execute(sa.select(table.c.value).where(table.c.key == "ENCRYPTION_KEY")).scalars().all()
    )
    return [Fernet(one["fernet_key"]) for one in found]


def _moved(name: str, data: bytes, old: Sequence[Fernet], new: Fernet) -> bytes | None:
    try:
        new.decrypt(data)
    except InvalidToken:
        for one in old:
            try:
                return new.encrypt(one.decrypt(data))
            except InvalidToken:
                continue
        raise BlockLocked(id=name) from None
    return None


def database_url(around: Surroundings) -> str:
    """Return the address of Prefect's database for a driver that waits for no event loop.

    Raises:
        KeyMissing: there is no database yet.
    """
    wanted = next(filter(None, (os.environ.get(name) for name in _DATABASES)), "")
    if wanted:
        address = sa.make_url(wanted)
        drivers = {"sqlite": "sqlite", "postgresql": "postgresql+psycopg"}
        plain = address.set(drivername=drivers[address.get_backend_name()])
        return plain.render_as_string(hide_password=False)
    file = around.home / "prefect" / "prefect.db"
    if not file.exists():
        raise KeyMissing(what=str(file))
    return f"sqlite:///{file}"


def _refuse_running(around: Surroundings) -> None:
    try:
        httpx.get(f"{around.prefect_api}/health", timeout=3, trust_env=False)
    except httpx.TransportError:
        return
    raise PrefectRuns(address=around.prefect_url)


def _key(file: Path) -> Fernet:
    return Fernet(file.read_bytes().strip())


if __name__ == "__main__":
    main()
