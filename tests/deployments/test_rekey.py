"""The key of Prefect's blocks is changed: a real Prefect server before and after, and crashes between."""

import json
import os
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from cryptography.fernet import Fernet, InvalidToken

from deployments import rekey
from erepo.cli.errors import RekeyUnfinished
from erepo.cli.surroundings import Surroundings
from erepo.cli.trigger import Prefect
from erepo.cli.vault import Vault
from erepo.clinic.diagnosis import Ground, PrefectPlace, diagnose
from erepo.settings import Settings
from tests.support.ports import free_port_base

SECRET = "the mail server's password"


@pytest.fixture
def around(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Surroundings:
    """Give the surroundings of an empty home with its secrets made."""
    base = free_port_base()
    monkeypatch.setenv("EREPO_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("EREPO_PORT_BASE", str(base))
    monkeypatch.setenv("EREPO_LANGUAGE", "en")
    for name in ("PREFECT_SERVER_ENCRYPTION_KEY", *rekey._DATABASES):
        monkeypatch.delenv(name, raising=False)
    one = Surroundings(Settings())
    one.secrets.make()
    one.scratch.mkdir(parents=True)
    return one


@contextmanager
def server(around: Surroundings) -> Iterator[Vault]:
    """Run the Prefect server as `erepo up` does; yields a client that sees secrets."""
    settings = around.settings
    command = [sys.executable, "-m", "prefect", "server", "start", "--host", settings.host]
    process = subprocess.Popen(
        [*command, "--port", str(settings.prefect_port)],
        env={**os.environ, **around.prefect_server()},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        with Vault(around.prefect_url, around.prefect_login()) as vault:
            end = time.monotonic() + 240
            while not vault.answers():
                assert process.poll() is None
                assert time.monotonic() < end
                time.sleep(0.3)
            yield vault
    finally:
        process.terminate()
        process.wait(120)


def save_mail_server(client: Prefect) -> None:
    """Save a block with a password, as the UI does."""
    kind = client._accepted(client._ask("GET", "block_types/slug/erepo-mail-server")).json()
    wanted = {"block_schemas": {"block_type_id": {"any_": [kind["id"]]}}}
    schema = client._accepted(client._ask("POST", "block_schemas/filter", wanted)).json()[0]
    document = {
        "name": "clinic",
        "data": {"host": "smtp.example", "sender": "a@example", "password": SECRET},
        "block_type_id": kind["id"],
        "block_schema_id": schema["id"],
    }
    client._accepted(client._ask("POST", "block_documents/", document))


def of_prefect(around: Surroundings, login: str) -> str:
    """Return the code of what a diagnosis says of a server that asks for a login."""
    ground = Ground(around.settings, PrefectPlace(around.prefect_api, login))
    return diagnose(ground, ["prefect"]).findings[0].code


def stored(around: Surroundings) -> list[bytes]:
    """Return what Prefect's database holds of its blocks."""
    with sqlite3.connect(around.home / "prefect" / "prefect.db") as connection:
        rows = connection.execute("SELECT data FROM block_document").fetchall()
    connection.close()
    return [json.loads(row[0]).encode() for row in rows]


@pytest.mark.prefect
@pytest.mark.xdist_group("prefect")
def test_a_server_reads_its_blocks_under_the_new_key(
    around: Surroundings, capsys: pytest.CaptureFixture[str]
) -> None:
    """Saved under the old key, refused while the server runs, changed, read under the new one alone."""
    old = Fernet(around.secrets.prefect_encryption_key.read_bytes())
    with server(around) as vault:
        save_mail_server(vault)
        assert vault.mailer("clinic").password == SECRET
        assert of_prefect(around, "admin:wrong") == "diagnosis.prefect-login"
        assert of_prefect(around, around.prefect_login()) == "diagnosis.pool-missing"
        with pytest.raises(SystemExit):
            rekey.main([])
    assert "is running" in capsys.readouterr().err
    assert all(old.decrypt(one) for one in stored(around))
    rekey.main([])
    assert "1 of 1" in capsys.readouterr().out
    for one in stored(around):
        with pytest.raises(InvalidToken):
            old.decrypt(one)
    assert around.secrets.prefect_encryption_key.stat().st_mode & 0o777 == 0o600
    with server(around) as vault:
        assert vault.mailer("clinic").password == SECRET


def database(around: Surroundings, blocks: int, *, inside: str = "") -> Fernet:
    """Write a database as Prefect lays it out; returns the key that its blocks lie under."""
    key = Fernet(inside.encode() if inside else around.secrets.prefect_encryption_key.read_bytes())
    folder = around.home / "prefect"
    folder.mkdir(parents=True, exist_ok=True)
    with sqlite3.connect(folder / "prefect.db") as connection:
        connection.execute("CREATE TABLE block_document (id TEXT PRIMARY KEY, data TEXT)")
        connection.execute("CREATE TABLE configuration (key TEXT, value TEXT)")
        for number in range(blocks):
            data = key.encrypt(json.dumps({"number": number}).encode()).decode()
            connection.execute("INSERT INTO block_document VALUES (?, ?)", (str(number), json.dumps(data)))
        if inside:
            value = json.dumps({"fernet_key": inside})
            connection.execute("INSERT INTO configuration VALUES ('ENCRYPTION_KEY', ?)", (value,))
    connection.close()
    return key


class Crash(BaseException):
    """No handler catches it."""


@pytest.mark.parametrize("place", ["write_durably", "reencrypt", "_moved", "flush_folder"])
@pytest.mark.parametrize("after", [False, True])
def test_a_crash_at_any_step(
    around: Surroundings, monkeypatch: pytest.MonkeyPatch, place: str, after: bool
) -> None:
    """Before and after each step the blocks open with one of the keys, and the next run ends it."""
    database(around, 3)
    secrets, real = around.secrets, getattr(rekey, place)

    def crash(*arguments: object, **options: object) -> object:
        if after:
            real(*arguments, **options)
        raise Crash

    monkeypatch.setattr(rekey, place, crash)
    with pytest.raises(Crash):
        rekey.rekey(around)
    monkeypatch.setattr(rekey, place, real)
    kept = [
        one.read_bytes()
        for one in (secrets.prefect_coming_key, secrets.prefect_encryption_key)
        if one.exists()
    ]
    assert len({opens(kept, one) for one in stored(around)}) == 1  # all or none, never a part
    if secrets.prefect_coming_key.exists():
        with pytest.raises(RekeyUnfinished):
            secrets.make()
    rekey.rekey(around)
    new = Fernet(secrets.prefect_encryption_key.read_bytes())
    assert [json.loads(new.decrypt(one))["number"] for one in stored(around)] == [0, 1, 2]
    secrets.make()


def opens(keys: list[bytes], data: bytes) -> int:
    """Return which of the keys opens it."""
    for number, key in enumerate(keys):
        try:
            Fernet(key).decrypt(data)
        except InvalidToken:
            continue
        return number
    pytest.fail("no key opens it")


def test_a_block_of_another_key_changes_nothing(around: Surroundings) -> None:
    """It is named by its id; all others stay as they were."""
    database(around, 2)
    stray = Fernet(Fernet.generate_key()).encrypt(b"{}").decode()
    with sqlite3.connect(around.home / "prefect" / "prefect.db") as connection:
        connection.execute("INSERT INTO block_document VALUES ('stray', ?)", (json.dumps(stray),))
    connection.close()
    before = stored(around)
    with pytest.raises(rekey.BlockLocked, match="stray"):
        rekey.rekey(around)
    assert stored(around) == before


def test_the_key_that_prefect_kept_for_itself(around: Surroundings) -> None:
    """Blocks saved before a key was set lie under one in Prefect's own database: it goes."""
    database(around, 1, inside=Fernet.generate_key().decode())
    assert rekey.rekey(around) == (1, 1)
    with sqlite3.connect(around.home / "prefect" / "prefect.db") as connection:
        assert connection.execute("SELECT count(*) FROM configuration").fetchone() == (0,)
    connection.close()


def test_a_key_of_the_environment(
    around: Surroundings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The new one comes from a file; a person puts it into the environment then."""
    outside, coming = Fernet.generate_key().decode(), tmp_path / "new"
    database(around, 2, inside=outside)
    monkeypatch.setenv("PREFECT_SERVER_ENCRYPTION_KEY", outside)
    with pytest.raises(SystemExit):
        rekey.main([])
    coming.write_bytes(Fernet.generate_key())
    rekey.main(["--new-key-file", str(coming)])
    assert "PREFECT_SERVER_ENCRYPTION_KEY" in capsys.readouterr().out
    assert all(Fernet(coming.read_bytes()).decrypt(one) for one in stored(around))


def test_nothing_there(around: Surroundings) -> None:
    """Without a database there is nothing to change, and the person hears so."""
    with pytest.raises(rekey.KeyMissing):
        rekey.rekey(around)
