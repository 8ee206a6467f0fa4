"""Diagnoses of this machine: mail, disk, database, contents, structure, permissions."""

import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa

from erepo.clinic.diagnosis import Ground, Verdict, diagnose
from erepo.clinic.mail import Mailer
from erepo.clinic.tables import document, unit
from erepo.settings import Settings
from tests.erepo.clinic.diagnosis.conftest import Diagnose
from tests.erepo.clinic.mail.test_mail import mail_server, mailer
from tests.support.clinic_side import Clinic, samples
from tests.support.ports import free_port

LOCAL = ("database", "contents", "structure", "permissions", "disk")


def given(server: Mailer) -> Callable[[], Mailer]:
    """Return what a block would give."""
    return lambda: server


def test_a_mail_server_that_works(ask: Diagnose) -> None:
    """Connection and login alone send nothing; with an address one test mail goes out."""
    with mail_server(tls="starttls", login=True) as (port, post):
        server = mailer(port, "starttls", user="user", password="secret")
        assert ask("mail", mailer=given(server)).verdict is Verdict.OK
        assert post.received == []
        assert ask("mail", mailer=given(server), test_mail="it@clinic.example").verdict is Verdict.OK
    assert len(post.received) == 1
    assert b"it@clinic.example" in post.received[0]


def test_mail_servers_that_refuse(ask: Diagnose) -> None:
    """Wrong password, refused mail, nobody there, nothing configured: the manual's words in each (2.6)."""
    with mail_server(tls="starttls", login=True) as (port, _):
        wrong = ask("mail", mailer=given(mailer(port, "starttls", user="user", password="wrong")))
    with mail_server(answer="550 no") as (port, _):
        refused = ask("mail", mailer=given(mailer(port)), test_mail="it@clinic.example")
    silent = ask("mail", mailer=given(mailer(free_port())))
    absent = ask("mail")
    codes = [one.code for one in (wrong, refused, silent, absent)]
    assert codes == ["mail.refused", "mail.refused", "mail.unavailable", "mail.not-configured"]
    for one in (wrong, refused, silent, absent):
        assert (one.verdict, one.symptom) == (Verdict.PROBLEM, "2.6")
        assert one.cause.pl.startswith("Nie można przekazać CSR do BOK z powodu błędów podczas próby wysyłki")
        assert "wrong" not in repr(one)


@pytest.mark.parametrize("check", LOCAL)
def test_a_sound_clinic_is_sound(ask: Diagnose, clinic: Clinic, tmp_path: Path, check: str) -> None:
    """Each says so where nothing is wrong."""
    clinic.take_in(samples(1, 3), tmp_path / "in")
    found = ask(check)
    assert found.verdict is Verdict.OK, found


def test_nothing_is_made_where_nothing_is(tmp_path: Path) -> None:
    """A diagnosis of an empty home finds nothing to check, and leaves it empty."""
    settings = Settings(_env_file=None, home=tmp_path / "none")
    found = diagnose(
        Ground(settings), ["database", "contents", "structure", "permissions", "channel", "user"]
    )
    assert {one.verdict for one in found.findings} == {Verdict.NOT_APPLICABLE}
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("limits", "verdict"),
    [
        ({"disk_warning": 0, "disk_problem": 0}, Verdict.OK),
        ({"disk_warning": 2**60, "disk_problem": 0}, Verdict.WARNING),
        ({"disk_problem": 2**60}, Verdict.PROBLEM),
    ],
)
def test_a_full_disk(ask: Diagnose, limits: dict[str, int], verdict: Verdict) -> None:
    """Thresholds beyond any disk make this one full."""
    found = ask("disk", diagnosis=limits)
    assert found.verdict is verdict
    assert found.code == ("ok" if verdict is Verdict.OK else "diagnosis.disk-short")


def test_a_database_of_another_version(ask: Diagnose, clinic: Clinic) -> None:
    """Older or newer tables are named with both versions; the diagnosis does not touch them."""
    with clinic.database.begin() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    for _ in range(2):
        found = ask("database")
        assert (found.verdict, found.code, found.data["found"]) == (
            Verdict.PROBLEM,
            "diagnosis.database-behind",
            "9999",
        )


def test_a_damaged_database(ask: Diagnose, clinic: Clinic) -> None:
    """Pages of the file overwritten: SQLite's own check finds it, and other checks only cannot ask."""
    file = clinic.settings.clinic_home / "clinic.db"
    clinic.database.close()
    with sqlite3.connect(file) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    size = file.stat().st_size
    with file.open("r+b") as handle:
        handle.seek(8192)
        handle.write(b"\xff" * (size - 8192))
    found = ask("database")
    assert found.verdict is Verdict.PROBLEM
    assert found.code == "diagnosis.database-unsound"


@pytest.mark.parametrize("harm", ["missing", "changed"])
def test_a_content_that_is_damaged(ask: Diagnose, clinic: Clinic, tmp_path: Path, harm: str) -> None:
    """A file of the content store gone or changed is found by reading back."""
    clinic.take_in(samples(2, 3), tmp_path / "in")
    file = next(path for path in (clinic.settings.clinic_home / "content").rglob("*") if len(path.name) == 64)
    if harm == "missing":
        file.unlink()
    else:
        file.write_bytes(b"other")
    found = ask("contents")
    assert (found.verdict, found.code) == (Verdict.PROBLEM, "content.damaged"), found
    assert found.data["problem"] == harm


def test_purged_contents_are_not_missed(ask: Diagnose, clinic: Clinic, tmp_path: Path) -> None:
    """What lies in the repository alone need not be here."""
    clinic.take_in(samples(3, 2), tmp_path / "in")
    for file in (clinic.settings.clinic_home / "content").rglob("*"):
        if file.is_file():
            file.unlink()
    with clinic.database.begin() as connection:
        connection.execute(document.update().values(state="remote", content_path=None))
    assert ask("contents").verdict is Verdict.NOT_APPLICABLE


def test_an_incomplete_structure(ask: Diagnose, clinic: Clinic) -> None:
    """The missing code is named by record and field."""
    with clinic.database.begin() as connection:
        connection.execute(unit.update().values(resort_v=""))
    found = ask("structure")
    assert found.verdict is Verdict.PROBLEM
    assert "resort_v" in found.cause.pl


def test_secrets_that_others_may_read(ask: Diagnose, clinic: Clinic) -> None:
    """A key file, and the folder around it, are named by their place under the home, not by content."""
    folder = clinic.settings.clinic_home / "keys" / clinic.tenant.account
    (folder / "tls.key").chmod(0o640)
    folder.chmod(0o755)
    found = ask("permissions")
    assert (found.verdict, found.code, found.data["count"]) == (
        Verdict.PROBLEM,
        "diagnosis.readable-by-others",
        2,
    )
    assert f"clinic/keys/{clinic.tenant.account}/tls.key" in found.cause.pl


def test_an_announced_pause(ask: Diagnose, clinic: Clinic) -> None:
    """A window that is open now is told with its end, as a warning (2.7)."""
    with clinic.database.begin() as connection:
        connection.execute(sa.text("DROP TABLE IF EXISTS maintenance_window"))
        connection.execute(
            sa.text("CREATE TABLE maintenance_window (starts_at TEXT, ends_at TEXT, cancelled_at TEXT)")
        )
        moments = "datetime('now', '-1 hour'), datetime('now', '1 hour')"
        connection.execute(sa.text(f"INSERT INTO maintenance_window VALUES ({moments}, NULL)"))
    found = ask("maintenance")
    assert (found.verdict, found.code, found.symptom) == (Verdict.WARNING, "remote.maintenance", "2.7")
    with clinic.database.begin() as connection:
        connection.execute(sa.text("UPDATE maintenance_window SET cancelled_at = datetime('now')"))
    assert ask("maintenance").verdict is Verdict.OK


@pytest.mark.parametrize(
    ("end", "verdict"),
    [
        ("90 days", Verdict.OK),
        ("10 days", Verdict.WARNING),
        ("-1 days", Verdict.PROBLEM),
        ("", Verdict.NOT_APPLICABLE),
    ],
)
def test_a_licence(ask: Diagnose, clinic: Clinic, end: str, verdict: Verdict) -> None:
    """One that ends soon is a warning, one that is over a problem; without any there is nothing to check."""
    assert ask("licence").verdict is Verdict.NOT_APPLICABLE
    with clinic.database.begin() as connection:
        connection.execute(sa.text("DROP TABLE IF EXISTS licence"))
        connection.execute(sa.text("CREATE TABLE licence (account TEXT, valid_until TEXT)"))
        if end:
            row = f"('{clinic.tenant.account}', datetime('now', '{end}'))"
            connection.execute(sa.text(f"INSERT INTO licence VALUES {row}"))
    assert ask("licence").verdict is verdict
