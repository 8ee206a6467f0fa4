"""The master key: made, given, changed, lost; a change that is cut off is finished by the next one."""

import base64
import stat
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest
from pydantic import SecretStr
from sqlalchemy import insert, select

from erepo.cloud import operating
from erepo.cloud.audit.events import Event
from erepo.cloud.storage.database import Database
from erepo.cloud.storage.tables import audit_event, p1_registration
from erepo.cloud.tenancy import tenants
from erepo.cloud.tenancy.home import initialise
from erepo.cloud.tenancy.tenants import Order
from erepo.cloud.vault import keyring as keyrings
from erepo.cloud.vault.envelope import Bound, Envelope, MasterKey
from erepo.cloud.vault.errors import (
    MasterKeyChanged,
    MasterKeyMalformed,
    MasterKeyNotNew,
    MasterKeyUnknown,
)
from erepo.cloud.vault.keyring import Keyring, present_key
from erepo.cloud.vault.rotating import P1, Rotated
from erepo.cloud.vault.vault import Vault
from erepo.settings import Settings
from tests.support.cloud import stores_of
from tests.support.national import Crash

COUNT = 3


@dataclass
class Safe:
    """A service's vault with a secret in it for each of some accounts."""

    settings: Settings
    database: Database

    @property
    def folder(self) -> Path:
        """Where the keys lie."""
        return self.settings.cloud_home / "secrets"

    @property
    def vault(self) -> Vault:
        """As a process that starts now has it."""
        return Vault(self.database, Keyring(self.settings))

    def fill(self) -> None:
        """Seal a secret for each account."""
        for number in range(1, COUNT + 1):
            with self.database.everyone("a test", write=True) as connection:
                operating.add(connection, Order(f"{number:016}"), None)
            self.put(number)

    def put(self, number: int) -> None:
        """Seal an account's secret with the key in use."""
        envelope = self.vault.seal(b"secret %d" % number, Bound(number, P1))
        row = {"tls_fingerprint": "a", "wss_fingerprint": "b", "facts": "{}", "stored_at": tenants.now()}
        sealed = {"key_id": envelope.key_id, "wrapped": envelope.wrapped, "sealed": envelope.sealed}
        with self.database.write(number) as connection:
            Vault.expect_present(connection, envelope)
            connection.execute(insert(p1_registration), {"tenant_id": number, **row, **sealed})

    def opened(self, vault: Vault | None = None) -> set[str]:
        """Open every secret, prove that each is what it was, and return the ids of the keys."""
        with self.database.everyone("a test") as connection:
            rows = connection.execute(select(p1_registration)).all()
        assert len(rows) == COUNT
        for row in rows:
            envelope = Envelope(row.key_id, row.wrapped, row.sealed)
            found = (vault or self.vault).open(envelope, Bound(row.tenant_id, P1))
            assert found == b"secret %d" % row.tenant_id
        return {row.key_id for row in rows}

    def present(self) -> str:
        """Return the id of the key in use."""
        with self.database.read() as connection:
            return present_key(connection)

    def rotate(self, **settings: str) -> Rotated:
        """Change the key."""
        given = {name: SecretStr(value) for name, value in settings.items()}
        self.settings = self.settings.model_copy(update=given)
        return operating.change_master_key(self.settings, self.database)


@pytest.fixture
def safe(tmp_path: Path, stores: str) -> Iterator[Safe]:
    """A vault on each kind of database."""
    with stores_of(stores) as addresses:
        settings = Settings(
            _env_file=None,
            home=tmp_path,
            cloud_database_url=addresses.get("EREPO_CLOUD_DATABASE_URL", ""),
        )
        initialise(settings)
        with closing(Database(settings.cloud_url)) as database:
            safe = Safe(settings, database)
            safe.fill()
            yield safe


def text(key: MasterKey) -> str:
    """Return a key as a setting gives it."""
    return base64.b64encode(key.secret).decode()


def test_a_change_puts_everything_under_the_new_key(safe: Safe) -> None:
    """All secrets open as before, a running service finds the new key, the former stays in a file (0600)."""
    running, before = safe.vault, safe.present()
    assert safe.opened() == {before}
    done = safe.rotate()
    assert (done.former, done.rows) == (before, COUNT)
    assert safe.opened(running) == {done.present} == {safe.present()} != {before}
    names = {path.name for path in safe.folder.glob("master-key*")}
    assert names == {"master-key", f"master-key-{before}"}
    assert {stat.S_IMODE(path.stat().st_mode) for path in safe.folder.glob("master-key*")} == {0o600}
    initialise(safe.settings)
    assert safe.present() == done.present
    with safe.database.everyone("a test") as connection:
        facts = connection.scalars(select(audit_event.c.facts).where(audit_event.c.tenant_id == 0)).all()
    told = [Event.read(bytes(each)) for each in facts]
    assert [each.transaction for each in told] == ["operator: master-key rotate"]


@pytest.mark.parametrize(
    "place",
    ["write_durably", "rewrap", "after the commit", "write_durably aside", "flush_folder"],
)
def test_a_change_that_is_cut_off_is_finished_by_the_next(
    safe: Safe, place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Wherever the process ends, every secret opens at once, and the same command comes to its end."""
    before = safe.present()
    with monkeypatch.context() as patch:
        cut_off(patch, place)
        with pytest.raises(Crash):
            safe.rotate()
    committed = safe.present() != before
    assert committed == (place not in {"write_durably", "rewrap"})
    assert safe.opened() == {safe.present()}
    initialise(safe.settings)
    done = safe.rotate()
    assert safe.opened() == {safe.present()} == {done.present}
    if committed and place != "flush_folder":
        assert (done.former, done.rows) == (done.present, 0)
    assert not (safe.folder / "master-key.next").exists()
    assert Keyring(safe.settings).find(before).id == before


def cut_off(patch: pytest.MonkeyPatch, place: str) -> None:
    """End the process at a place."""

    def crash(*_: object, **__: object) -> None:
        raise Crash(place)

    match place:
        case "rewrap":
            patch.setattr("erepo.cloud.vault.rotating.rewrap", crash)
        case "after the commit":
            patch.setattr(Keyring, "settle", crash)
        case "write_durably aside":
            real = keyrings.write_durably

            def aside(path: Path, chunks: object) -> None:
                if path.name.startswith("master-key-"):
                    crash()
                real(path, chunks)  # type: ignore[arg-type]

            patch.setattr(keyrings, "write_durably", aside)
        case _:
            patch.setattr(keyrings, place, crash)


def test_the_key_may_come_from_the_settings(safe: Safe) -> None:
    """Into the setting, from one setting to the next, and not without a new one."""
    first, second = MasterKey.new(), MasterKey.new()
    assert safe.rotate(cloud_key=text(first)).present == first.id
    assert safe.opened() == {first.id}
    assert not (safe.folder / "master-key").exists()
    with pytest.raises(MasterKeyNotNew):
        safe.rotate()
    safe.rotate(cloud_key=text(second), cloud_key_previous=text(first))
    assert safe.opened() == {second.id}


def test_a_lost_key_is_told(safe: Safe) -> None:
    """Without its key nothing opens and nothing is sealed, and the operator hears which key is meant."""
    present = safe.present()
    file = safe.folder / "master-key"
    kept = file.read_bytes()
    file.unlink()
    for deed in (safe.opened, safe.rotate, lambda: safe.put(1)):
        with pytest.raises(MasterKeyUnknown) as caught:
            deed()
        assert caught.value.data["key_id"] == present
    for wrong in (b"", b"short", base64.b64encode(b"x" * 31), kept[:-3]):
        file.write_bytes(wrong)
        with pytest.raises(MasterKeyMalformed):
            safe.opened()
    file.write_bytes(kept)
    assert safe.opened() == {present}


def test_what_was_sealed_with_a_former_key_is_not_stored(safe: Safe) -> None:
    """A service that sealed something just before a change hears that it must do it again."""
    envelope = safe.vault.seal(b"late", Bound(1, P1))
    safe.rotate()
    with pytest.raises(MasterKeyChanged), safe.database.write(1) as connection:
        Vault.expect_present(connection, envelope)


def test_a_file_that_holds_no_key_is_in_nobodys_way(safe: Safe) -> None:
    """Rubbish does not hide the keys behind it; for a key that is nowhere the file is named."""
    safe.rotate()
    safe.rotate()
    rubbish = safe.folder / "master-key-0000"
    rubbish.write_bytes(b"no key")
    (safe.folder / "master-key.next").write_bytes(b"")
    assert safe.opened() == {safe.present()}
    former = [path for path in safe.folder.glob("master-key-*") if path != rubbish]
    keys = [Keyring(safe.settings).find(path.name.removeprefix("master-key-")) for path in former]
    assert len(keys) == 2
    with pytest.raises(MasterKeyMalformed, match=r"master-key\.next"):
        Keyring(safe.settings).find("ffffffffffffffff")
