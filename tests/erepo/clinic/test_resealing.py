"""The passphrase of the keys is changed: at every instant each key opens, whatever crashes where."""

import gc
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

import pytest
import sqlalchemy as sa

from erepo.clinic import resealing
from erepo.clinic.database import Database, open_clinic
from erepo.clinic.locking import lock, place_of, unlock
from erepo.clinic.onboarding import Form, make_requests
from erepo.clinic.tables import metadata, onboarding
from erepo.clinic.tables_api import webhook
from erepo.durable import write_durably
from erepo.passphrase import Passphrase
from erepo.pki import Bundle, encrypt_key, load_key, new_key
from erepo.pki.errors import WrongPassphrase
from erepo.settings import Settings
from tests.support import postgres
from tests.support.certificates import Recipe
from tests.support.ports import free_port

OLD = b"the old passphrase"
ACCOUNTS = ("0000000000001003", "0000000000002006")


@pytest.fixture
def home(tmp_path: Path) -> Settings:
    """An installation with keys in the database and in files, under a passphrase in its file."""
    return furnished(tmp_path / "home")


def furnished(folder: Path) -> Settings:
    """Make one."""
    settings = Settings(_env_file=None, home=folder)
    write_durably(settings.passphrase_file, [OLD])
    database = open_clinic(settings)
    for account in ACCOUNTS:
        make_requests(database, Form(account, "Przychodnia"), settings.passphrase)
    database.close()
    for name in ("tls.key", "wss.key"):
        file = settings.clinic_home / "keys" / ACCOUNTS[0] / name
        write_durably(file, [encrypt_key(new_key(), OLD)])
    return settings


def fresh(settings: Settings) -> Settings:
    """Return the settings as a program that is started now reads them."""
    return Settings(_env_file=None, home=settings.home)


def keys(settings: Settings) -> list[bytes]:
    """Return every private key of the installation in PEM, encrypted."""
    database = open_clinic(settings)
    with database.read() as connection:
        rows = connection.execute(sa.select(onboarding.c.tls_key_pem, onboarding.c.wss_key_pem)).all()
    database.close()
    return [pem for row in rows for pem in row] + [one.read_bytes() for one in resealing.key_files(settings)]


def change(settings: Settings) -> tuple[int, int]:
    """Change it as the command does."""
    database: Database = open_clinic(settings)
    try:
        passphrase = resealing.begin(settings)
        done = (
            resealing.reseal_database(database, passphrase),
            resealing.reseal_files(settings, passphrase),
        )
        resealing.finish(settings, database, passphrase)
    finally:
        database.close()
    return done


def test_all_keys_open_with_the_new_one_alone(home: Settings) -> None:
    """The same keys, another passphrase; the old one opens nothing any more, and the file is private."""
    before = [load_key(pem, OLD).private_numbers() for pem in keys(home)]
    assert change(home) == (4, 2)
    now = fresh(home).passphrase
    assert now.former == ()
    assert now != OLD
    assert len(now) > 40
    after = keys(home)
    assert [load_key(pem, now).private_numbers() for pem in after] == before
    for pem in after:
        with pytest.raises(WrongPassphrase):
            load_key(pem, OLD)
    assert home.passphrase_file.stat().st_mode & 0o777 == 0o600
    assert OLD not in home.passphrase_file.read_bytes()


class Crash(BaseException):
    """No handler of the code under test catches it."""


class Lines:
    """Counts the lines of the module as they run, and crashes before one of them."""

    def __init__(self, last: int | None = None) -> None:
        self.last, self.count = last, 0

    def trace(self, frame: FrameType, event: str, _argument: Any) -> Any:
        """Follow the module's own frames, and those that write files."""
        if not frame.f_code.co_filename.endswith(("clinic/resealing.py", "erepo/durable.py")):
            return None
        if event == "line":
            self.count += 1
            if self.count == self.last:
                raise Crash
        return self.trace

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Trace inside the block."""
        before = sys.gettrace()
        sys.settrace(self.trace)
        try:
            yield
        finally:
            sys.settrace(before)


# What a crash leaves open the collector closes here; after a real one the kernel does.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_crash_before_any_line(tmp_path: Path) -> None:
    """After it every key opens with what the file holds; the next run ends what was begun, and only that."""
    model = furnished(tmp_path / "model").home

    def copied(name: str) -> Settings:
        return Settings(_env_file=None, home=shutil.copytree(model, tmp_path / name))

    lines, whole = Lines(), copied("whole")
    with lines.watching():
        change(whole)
    assert lines.count > 60
    for number in range(1, lines.count + 1, max(1, lines.count // 30)):
        settings = copied(str(number))
        with Lines(number).watching(), pytest.raises(Crash):
            change(settings)
        between = fresh(settings).passphrase
        for pem in keys(settings):
            load_key(pem, between)
        change(fresh(settings))
        now = fresh(settings).passphrase
        assert now.former == ()
        # What the file promised at the crash is what it became; an ended change is followed by another.
        assert not between.former or now.alone == between.alone
        for pem in keys(settings):
            load_key(pem, now)
    gc.collect()


def test_a_key_that_nothing_opens_stops_it_and_keeps_the_old_one(home: Settings) -> None:
    """Nothing in the database is changed by half; the old passphrase stays accepted."""
    stray = home.clinic_home / "keys" / ACCOUNTS[1] / "tls.key"
    write_durably(stray, [encrypt_key(new_key(), b"somebody else's")])
    with pytest.raises(WrongPassphrase):
        change(home)
    both = fresh(home).passphrase
    assert both.former == (OLD,)
    stray.unlink()
    change(fresh(home))
    assert fresh(home).passphrase.former == ()


def test_keys_made_meanwhile_are_found_at_the_end(home: Settings) -> None:
    """A program that knows only the old passphrase makes a key: the old one is not forgotten."""
    database = open_clinic(home)
    passphrase = resealing.begin(home)
    resealing.reseal_database(database, passphrase)
    resealing.reseal_files(home, passphrase)
    make_requests(database, Form("0000000000003009", "Przychodnia"), OLD)
    with pytest.raises(WrongPassphrase):
        resealing.finish(home, database, passphrase)
    database.close()
    assert fresh(home).passphrase.former == (OLD,)
    assert change(fresh(home)) == (2, 0)


def test_secrets_of_webhooks_move_over(home: Settings) -> None:
    """What webhooks are signed with opens with the new passphrase alone; one that nothing opens stops it."""
    database = open_clinic(home)
    place = place_of(webhook, "hook")
    values = {"id": "hook", "url": "https://x.example/", "secret": "", "states": [], "after_event": 0}
    with database.begin() as connection:
        locked = lock("whsec_of-a-test", OLD, place)
        connection.execute(webhook.insert().values(**values, created_by="test", secret_locked=locked))
    assert change(home) == (5, 2)
    now = fresh(home).passphrase
    with database.begin() as connection:
        moved = connection.execute(sa.select(webhook.c.secret_locked)).scalar_one()
        assert unlock(moved, now.alone, place) == "whsec_of-a-test"
        with pytest.raises(WrongPassphrase):
            unlock(moved, OLD, place)
        with pytest.raises(WrongPassphrase):
            unlock(moved, now.alone, place_of(webhook, "another"))
        connection.execute(webhook.update().values(secret_locked=lock("x", b"nobody's", place)))
    database.close()
    with pytest.raises(WrongPassphrase):
        change(fresh(home))
    assert fresh(home).passphrase.former == (now.alone,)


def test_a_passphrase_of_the_environment(home: Settings) -> None:
    """One alone cannot be changed by us; with the former one beside it all keys move over."""
    outside = Settings(_env_file=None, home=home.home, key_passphrase=OLD.decode())
    with pytest.raises(resealing.PassphraseFromOutside):
        resealing.begin(outside)
    both = Settings(
        _env_file=None, home=home.home, key_passphrase="the new one", key_passphrase_former=OLD.decode()
    )
    change(both)
    for pem in keys(home):
        load_key(pem, b"the new one")


def test_a_bundle_moves_over_once() -> None:
    """PKCS#12 under the old passphrase comes back under the new one; again, there is nothing to do."""
    recipe = Recipe()
    old = Bundle(recipe.key, recipe.make()).to_pkcs12(OLD)
    both = Passphrase(b"new", [OLD])
    moved = resealing.reseal_pkcs12(old, both, "name")
    assert moved is not None
    assert Bundle.from_pkcs12(moved, b"new").key.private_numbers() == recipe.key.private_numbers()
    assert resealing.reseal_pkcs12(moved, both, "name") is None


def test_a_passphrase_never_shows_itself() -> None:
    """Neither it nor a former one, in any text."""
    one = Passphrase(b"secret-one", [b"secret-two"])
    assert "secret" not in f"{one} {one!r} {[one]}"


def test_every_column_of_keys_is_found() -> None:
    """Columns that hold private keys are found by their ending, in whatever table."""
    held = {
        f"{table.name}.{column.name}"
        for table in metadata.sorted_tables
        for column in table.c
        if "key" in column.name and isinstance(column.type, sa.LargeBinary)
    }
    assert {one for one in held if not one.endswith("_key_pem")} == set()


def test_the_command(home: Settings) -> None:
    """Where Prefect does not answer, both stay accepted and it says so; then it goes on where it stopped."""

    def run(*options: str) -> subprocess.CompletedProcess[bytes]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("EREPO_")}
        ours = {"EREPO_HOME": str(home.home), "EREPO_PORT_BASE": str(free_port()), "EREPO_LANGUAGE": "en"}
        command = [sys.executable, "-m", "erepo", "secrets", "rotate-passphrase", *options]
        return subprocess.run(command, env=kept | ours, capture_output=True, check=False)

    stopped = run()
    assert stopped.returncode == 1
    assert b"Both passphrases are accepted" in stopped.stderr
    both = fresh(home).passphrase
    assert both.former == (OLD,)
    done = run("--without-prefect", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {"database": 0, "files": 0, "blocks": 0}
    now = fresh(home).passphrase
    assert (now.alone, now.former) == (both.alone, ())
    assert now.decode() not in (stopped.stdout + stopped.stderr + done.stdout + done.stderr).decode()


def test_on_postgresql(tmp_path: Path) -> None:
    """The same on the other kind of database."""
    with postgres.database() as url:
        settings = Settings(_env_file=None, home=tmp_path, clinic_database_url=url)
        write_durably(settings.passphrase_file, [OLD])
        database = open_clinic(settings)
        make_requests(database, Form(ACCOUNTS[0], "Przychodnia"), settings.passphrase)
        database.close()
        assert change(settings) == (2, 0)
        for pem in keys(fresh(settings).model_copy(update={"clinic_database_url": url})):
            load_key(pem, fresh(settings).passphrase)
