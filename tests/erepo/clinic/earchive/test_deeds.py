"""Every deed by its command, with the eArchiwum in use: no cloud, no account, no keys."""

import json
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from hashlib import sha256
from pathlib import Path

import pytest
import sqlalchemy as sa
from typer.testing import CliRunner

from erepo.cli.root import app
from erepo.clinic.deleting import ledger
from erepo.clinic.permissions import Permission, grant
from erepo.clinic.tables import audit_event, document, now, staff
from tests.support.chains import Shelf, another_patient, version
from tests.support.earchive import ArchiveDesk

LOGIN = "archiwum"


class Office:
    """A clinic whose eArchiwum is in use, and its commands."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.desk = ArchiveDesk(folder)
        self.shelf = Shelf(self.desk, folder)
        monkeypatch.setenv("EREPO_HOME", str(folder / "clinic"))
        monkeypatch.setenv("EREPO_LANGUAGE", "en")
        with self.desk.database.begin() as connection:
            connection.execute(staff.insert().values(login="jan", npwz="1234567"))
            for login in (LOGIN, "jan"):
                for permission in Permission:
                    grant(connection, login, permission, actor="test")

    def erepo(self, *arguments: str, status: int = 0) -> str:
        """Run `erepo …` to its end and return what it prints."""
        done = CliRunner().invoke(app, [*arguments])
        assert done.exit_code == status, done.output
        return done.output

    def set_all(self, ids: list[str], **values: object) -> None:
        """Set columns of documents."""
        with self.desk.database.begin() as connection:
            connection.execute(document.update().where(document.c.public_id.in_(ids)).values(**values))

    def state(self, public_id: str) -> str:
        """Return the state of a document."""
        with self.desk.database.read() as connection:
            wanted = sa.select(document.c.state).where(document.c.public_id == public_id)
            return str(connection.execute(wanted).scalar_one())


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Office]:
    """One clinic."""
    office = Office(tmp_path, monkeypatch)
    with closing(office.desk):
        yield office


def test_archive_purge_open_verify_migrate(office: Office, tmp_path: Path) -> None:
    """There; the copy here leaves; opened and saved from there; read back; home again."""
    octets = version(1)
    [one] = office.shelf.bring(octets)
    office.erepo("archive")
    office.set_all([one], archived_at=now() - timedelta(days=40))
    office.erepo("archive")
    assert office.state(one) == "remote"
    for deed in ("open", "save"):
        into = tmp_path / deed
        target = ("--output", str(into / "page.html")) if deed == "open" else ("--into", str(into))
        into.mkdir()
        office.erepo("documents", deed, one, "--as", LOGIN, *target)
    assert octets in [path.read_bytes() for path in (tmp_path / "save").iterdir()]
    assert json.loads(office.erepo("verify", "--read-back", "--json"))["equal"] == 1
    office.erepo("migrate", "run", one, "--as", LOGIN, "--yes")
    assert office.state(one) == "blocked"
    assert office.desk.blob_files() == []
    office.erepo("migrate", "unblock", one, "--as", LOGIN)
    assert office.state(one) == "local"


def test_delete_and_what_was_interrupted(office: Office) -> None:
    """A prescription by the command; another whose deletion was interrupted, by the next archive run."""
    names = ("A", "B")
    ids = office.shelf.bring(*(version(1, name=name, series=name) for name in names))
    office.erepo("archive")
    office.set_all(ids, kind="prescription")
    office.erepo("documents", "delete", ids[0], "--as", LOGIN, "--yes")
    ledger.intend(office.desk.database, ids[1:], LOGIN)
    finished = json.loads(office.erepo("archive", "--json"))["finished"]
    assert (finished["deleted"], finished["open"]) == (1, 0)
    assert [office.state(one) for one in ids] == ["deleted", "deleted"]
    assert office.desk.blob_files() == []


def test_destruction_by_two_people(office: Office) -> None:
    """Entry, octets and words leave the eArchiwum's folder; another patient's document stays."""
    old, other = office.shelf.bring(
        version(1, year=1999), version(1, name="B", series="S2", year=2026, patient=another_patient())
    )
    office.erepo("archive")
    proposed = json.loads(
        office.erepo("retention", "propose", "--year", str(now().year), "--as", LOGIN, "--json")
    )
    assert proposed["documents"] == 1
    assert "Destroyed: 1" in office.erepo("retention", "confirm", proposed["id"], "--as", "jan")
    assert [office.state(one) for one in (old, other)] == ["deleted", "archived"]
    assert len(office.desk.blob_files()) == 1
    left = [path for path in office.desk.folder.rglob("*") if path.is_file()]
    assert [path for path in left if b"44051401359" in path.read_bytes()] == []
    assert [path for path in left if b"02070803628" in path.read_bytes()]
    assert json.loads(office.erepo("verify", "--read-back", "--json"))["equal"] == 1


def test_diagnose_without_any_account(office: Office) -> None:
    """The eArchiwum is named with its folder's state; nothing about the cloud is called a problem."""
    office.shelf.bring(version(1))
    office.erepo("archive")
    output = (
        CliRunner().invoke(app, ["diagnose", "--json", "--only", "earchive", "--only", "rendering"]).output
    )
    found = {one["check"]: one for one in json.loads(output)["findings"]}
    assert (found["earchive"]["verdict"], found["rendering"]["verdict"]) == ("ok", "ok")
    office.desk.folder.rename(office.desk.folder.with_name("gone"))
    output = CliRunner().invoke(app, ["diagnose", "--json"]).output
    found = {one["check"]: one for one in json.loads(output)["findings"]}
    assert found["earchive"]["verdict"] == "problem"
    cloud = ("access", "validity", "channel", "maintenance", "quota", "certificates", "p1")
    assert {name: found[name]["verdict"] for name in cloud if found[name]["verdict"] == "problem"} == {}


def test_the_account_commands_tell_of_it(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """`account show` and `history` tell what it holds, without a limit, and keep it; nobody else is asked."""
    monkeypatch.setenv("COLUMNS", "250")
    octets = version(1)
    assert json.loads(office.erepo("account", "history", "--json"))[0]["used_documents"] == 0
    office.shelf.bring(octets)
    office.erepo("archive")
    told = json.loads(office.erepo("account", "show", "--json"))
    assert (told["account"], told["used_bytes"], told["used_documents"]) == ("earchiwum", len(octets), 1)
    assert (told["limit_bytes"], told["nearlyFull"]) == (None, [])
    assert {one["verdict"] for one in told["forecasts"]} == {"no-limit"}
    assert json.loads(office.erepo("account", "show", "--kept", "--json"))["at"] == told["at"]
    assert str(office.desk.folder) in office.erepo("account", "show")
    monkeypatch.setenv("EREPO_LANGUAGE", "pl")
    shown = office.erepo("account", "show", "--kept")
    assert "limit" in shown
    assert "brak: miejsce na dysku" in shown
    office.erepo("account", "history", "--hourly")


def test_records_bear_the_seal_of_the_installation(office: Office) -> None:
    """Changed with a fitting fingerprint: named as damaged; without a seal: told until a person seals it."""
    office.shelf.bring(version(1))
    office.erepo("archive")
    [file] = office.desk.records()
    good = file.read_bytes()
    line, _, body = good.partition(b"\n")
    forged = body.replace(b"A1", b"A9")
    file.write_bytes(line.replace(line[:64], sha256(forged).hexdigest().encode()) + b"\n" + forged)
    told = json.loads(office.erepo("earchive", "check", "--json", status=1))
    assert (told["damaged_records"], told["unsealed"]) == ([1], 0)
    office.erepo("earchive", "rebuild", status=2)

    file.write_bytes(line[:64] + b"\n" + body)  # as versions before seals wrote it
    told = json.loads(office.erepo("earchive", "check", "--json", status=1))
    assert (told["damaged_records"], told["unsealed"], told["sound"]) == ([], 1, False)
    assert "rebuild --seal" in office.erepo("earchive", "check", status=1)
    assert json.loads(office.erepo("verify", "--read-back", "--json"))["equal"] == 1
    office.erepo("earchive", "rebuild")
    assert file.read_bytes() != good
    office.erepo("earchive", "rebuild", "--seal")
    assert file.read_bytes() == good
    assert json.loads(office.erepo("earchive", "check", "--json"))["sound"]


def test_a_taken_over_archive_is_read_and_told(office: Office) -> None:
    """Another key: nothing is called damaged; sealed anew, it is this installation's."""
    office.shelf.bring(version(1))
    office.erepo("archive")
    (office.desk.settings.clinic_home / "keys" / "seal.key").unlink()
    told = json.loads(office.erepo("earchive", "check", "--json", status=1))
    assert (told["damaged_records"], told["unsealed"]) == ([], 1)
    office.erepo("earchive", "rebuild", "--seal")
    assert json.loads(office.erepo("earchive", "check", "--json"))["sound"]


def test_a_record_that_is_lost_is_named_until_somebody_knows(office: Office) -> None:
    """Only what is damaged, by a login of the staff, once in the history; then the archive is sound."""
    office.shelf.bring(version(1))
    office.erepo("archive")
    [file] = office.desk.records()
    known = ("earchive", "acknowledge", "1", "--as")
    office.erepo(*known, LOGIN, status=1)
    file.write_bytes(b"torn")
    office.erepo("earchive", "rebuild", "--skip-damaged", status=1)
    office.erepo(*known, "nobody", status=1)
    told = json.loads(office.erepo("earchive", "check", "--json", status=1))
    assert (told["damaged_records"], told["acknowledged"]) == ([1], [])
    for _ in range(2):
        assert "Record 1" in office.erepo(*known, LOGIN)
    assert "Known to be lost: 1." in office.erepo("earchive", "check")
    told = json.loads(office.erepo("earchive", "check", "--json"))
    assert (told["damaged_records"], told["acknowledged"], told["sound"]) == ([], [1], True)
    events = [row for row in office.desk.rows(audit_event.c.event, audit_event.c.actor) if "record" in row[0]]
    assert events == [("earchive_record_acknowledged", LOGIN)]
