"""Exactly one external repository in use: switching, and what refuses it."""

import json
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from typer.testing import CliRunner

from erepo.cli.root import app
from erepo.clinic.account import adopt_credentials
from erepo.clinic.archiving.errors import AccountMissing, CloudNotInUse
from erepo.clinic.connection import CloudConnection
from erepo.clinic.database import Database
from erepo.clinic.earchive import EArchive
from erepo.clinic.errors import DocumentsElsewhere, RepositoryNotSetUp
from erepo.clinic.occupancy import CLOUD, EARCHIVE, name_in_use
from erepo.clinic.onboarding.errors import OtherRepositoryActive
from erepo.clinic.onboarding.ledger import refuse_second
from erepo.clinic.permissions import Permission, grant
from erepo.clinic.repositories import index_file, init_earchive, listing, opening, use
from erepo.clinic.tables import account, audit_event, document, staff
from erepo.settings import Settings
from tests.support.account_clinic import AccountWorld
from tests.support.documents import add_documents


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Settings with a passphrase."""
    return Settings(_env_file=None, home=tmp_path / "home", key_passphrase="throw-away")  # type: ignore[call-arg, arg-type]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An empty folder."""
    folder = tmp_path / "share"
    folder.mkdir()
    return folder


def events(database: Database) -> list[tuple[str, dict[str, Any]]]:
    """Return what was audited about repositories."""
    of_repositories = audit_event.c.subject == "repository"
    with database.read() as connection:
        wanted = sa.select(audit_event.c.event, audit_event.c.detail).where(of_repositories)
        return [(row.event, row.detail) for row in connection.execute(wanted)]


def test_a_clinic_without_one_is_told(clinic_database: Database, settings: Settings) -> None:
    """Nothing set up: typed, with both ways to set one up."""
    with pytest.raises(AccountMissing):
        opening(clinic_database, settings)
    with pytest.raises(RepositoryNotSetUp):
        use(clinic_database, EARCHIVE)


def test_the_first_is_put_to_use_and_set_up_once(
    clinic_database: Database, settings: Settings, folder: Path
) -> None:
    """Repeating `init` finds the same archive; moving it is noted; its index is never in its folder."""
    first = init_earchive(clinic_database, settings, folder)
    again = init_earchive(clinic_database, settings, folder)
    assert first.place == again.place
    assert isinstance(opening(clinic_database, settings), EArchive)
    moved = folder.rename(folder.with_name("moved"))
    found = init_earchive(clinic_database, settings, moved)
    assert (found.place.folder, found.place.mark) == (moved, first.place.mark)
    assert index_file(settings, first.place.mark.archive).is_relative_to(settings.clinic_home)
    assert not list(moved.rglob("*.db"))
    with clinic_database.read() as connection:
        [one] = listing(connection)
    assert (one.kind, one.active, one.place) == (EARCHIVE, True, str(moved))


def test_switching_is_refused_while_the_other_holds_documents(
    clinic_database: Database, settings: Settings, folder: Path, account_service: AccountWorld
) -> None:
    """Counts told, nothing changed; once they are migrated it goes, and is audited."""
    number = adopt_credentials(clinic_database, settings, account_service.cloud.tenant.folder)
    init_earchive(clinic_database, settings, folder)
    assert isinstance(opening(clinic_database, settings), CloudConnection)
    with clinic_database.begin() as connection:
        add_documents(connection, 3, state="archived")
        add_documents(connection, 2, state="remote")
        add_documents(connection, 1, state="sending")
        add_documents(connection, 4, state="local")
    with pytest.raises(DocumentsElsewhere) as caught:
        use(clinic_database, EARCHIVE)
    assert caught.value.data == {"kind": CLOUD, "documents": 5, "unknown": 1}
    assert "erepo migrate" in caught.value.explain("pl")[1]
    assert isinstance(opening(clinic_database, settings), CloudConnection)
    with clinic_database.begin() as connection:
        held = document.c.state.in_(("archived", "remote", "sending"))
        connection.execute(document.update().where(held).values(state="blocked"))
    assert use(clinic_database, EARCHIVE, actor="nowak")
    assert not use(clinic_database, EARCHIVE)
    assert isinstance(opening(clinic_database, settings), EArchive)
    assert ("repository_switched", {"from": CLOUD, "to": EARCHIVE}) in events(clinic_database)
    with clinic_database.read() as connection:
        with pytest.raises(OtherRepositoryActive):
            refuse_second(connection, number)
        assert name_in_use(connection, CLOUD) is None
        assert connection.execute(sa.select(sa.func.count()).where(account.c.active)).scalar_one() == 1


def test_an_account_that_is_moved_here_does_not_oust_a_full_archive(
    clinic_database: Database, settings: Settings, folder: Path, account_service: AccountWorld
) -> None:
    """Adopting credentials is a switch like any other."""
    init_earchive(clinic_database, settings, folder)
    with clinic_database.begin() as connection:
        add_documents(connection, 1, state="archived")
    with pytest.raises(DocumentsElsewhere):
        adopt_credentials(clinic_database, settings, account_service.cloud.tenant.folder)
    assert isinstance(opening(clinic_database, settings), EArchive)


def test_the_commands_work_together(tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Set up, listed, told about, checked, rebuilt; a share that is away is told with exit code 2."""
    for name, value in (("HOME", str(tmp_path / "home")), ("LANGUAGE", "pl")):
        monkeypatch.setenv(f"EREPO_{name}", value)
    runner = CliRunner()

    def run(*words: str, code: int = 0) -> str:
        result = runner.invoke(app, words)
        assert result.exit_code == code, result.output
        return result.output

    assert "jest gotowe" in run("earchive", "init", str(folder), "--without-prefect")
    assert "eArchiwum" in run("repositories", "list")
    assert json.loads(run("repositories", "list", "--json"))[0]["active"] is True
    assert "już w użyciu" in run("repositories", "use", "earchive")
    assert json.loads(run("earchive", "status", "--json"))["documents"] == 0
    assert "dokumenty: 0" in run("earchive", "status")
    assert json.loads(run("earchive", "check", "--json"))["sound"] is True
    assert "uszkodzone zapisy 0" in run("earchive", "check", "--remove-orphans")
    assert json.loads(run("earchive", "rebuild", "--json")) == {"records": 0, "damaged": []}
    assert json.loads(run("verify", "--rolling", "--json"))["coverage"]["documents"] == 0
    assert "do naprawy" in run("verify", "plan")
    run("verify", "repair", code=2)
    assert "na miejscu" in run("verify", "repair", "--all-safe")
    assert "jest na swoim miejscu" in run("diagnose", "--only", "earchive")
    away = folder.rename(folder.with_name("away"))
    assert "Podłącz dysk" in run("diagnose", "--only", "earchive", code=1)
    told = json.loads(run("earchive", "status", "--json", code=2))
    assert told["problem"]["code"] == "earchive.folder-missing"
    away.rename(folder)


def test_what_only_the_cloud_does_is_refused_by_name(
    clinic_database: Database, clinic_settings: Settings, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the eArchiwum in use nobody is sent to activate an account: told what is, and the way out."""
    init_earchive(clinic_database, clinic_settings, folder)
    with clinic_database.begin() as connection:
        connection.execute(staff.insert().values(login="anna", npwz="5425740"))
        for permission in (Permission.INVITE, Permission.ABROAD, Permission.WITHDRAW_INDEX):
            grant(connection, "anna", permission, actor="test")
    monkeypatch.setenv("EREPO_HOME", str(clinic_settings.home))
    given = "44051401359\na@b.example\n\n"
    for command in (
        "index run",
        "index report",
        f"index withdraw {'0' * 32} --as anna --yes",
        "patients invite --as anna",
        "import --patients-own",
        "p1 find --as anna",
    ):
        for speak in ("pl", "en"):
            monkeypatch.setenv("EREPO_LANGUAGE", speak)
            told = CliRunner().invoke(app, command.split(), input=given)
            said = " ".join(told.output.split())
            assert told.exit_code in {1, 2}, said
            assert CloudNotInUse.cause.fill(speak) in said, command
            assert CloudNotInUse.cure.fill(speak) in said, command
