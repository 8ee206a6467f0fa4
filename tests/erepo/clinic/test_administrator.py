"""The panel's first login, made by the clinic: once, whatever breaks in between."""

import json
import logging
import stat
import threading
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest
import sqlalchemy as sa

from erepo.clinic import administrator
from erepo.clinic.administrator import LOGIN, create_administrator, login_file
from erepo.clinic.archiving.errors import AccountMissing
from erepo.clinic.errors import PanelLoginUnreadable
from erepo.clinic.rest import AccountClient
from erepo.clinic.rest.errors import ServiceRefusal
from erepo.clinic.tables import account as accounts
from erepo.clinic.tables import audit_event
from erepo.cloud.panel import administrators, passwords
from erepo.cloud.storage.database import Database as CloudDatabase
from erepo.cloud.tenancy.options import number_of
from erepo.errors import RemoteUnavailable
from tasks.administrator import create_administrator as task
from tests.support.clinic_side import Clinic, new_clinic
from tests.support.cloud import RunningCloud, running_cloud

NUMBERS = count(6001)


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningCloud]:
    """One service for all tests here."""
    with running_cloud(tmp_path_factory.mktemp("cloud")) as running:
        yield running


@pytest.fixture
def clinic(cloud: RunningCloud, tmp_path: Path) -> Iterator[Clinic]:
    """A clinic with an active account of its own."""
    with new_clinic(tmp_path / "clinic", cloud.add_tenant(f"{next(NUMBERS):016}")) as made:
        yield made


def make(clinic: Clinic) -> str:
    """Run the step."""
    return create_administrator(clinic.database, clinic.settings, clinic.tenant.account)


def told(clinic: Clinic) -> list[str]:
    """Return what the clinic's history says of it."""
    with clinic.database.read() as connection:
        events = sa.select(audit_event.c.event).where(audit_event.c.event == "administrator_created")
        return list(connection.scalars(events))


def opens(cloud: RunningCloud, clinic: Clinic) -> bool:
    """Tell whether what the file says is what the service knows, and nothing else is there."""
    login, _, password = login_file(clinic.settings, clinic.tenant.account).read_text().strip().partition(":")
    database = CloudDatabase(cloud.settings.cloud_url)
    try:
        with database.everyone("a test") as connection:
            found = administrators.administrators(connection, number_of(connection, clinic.tenant.account))
    finally:
        database.close()
    return [each.login for each in found] == [login] and passwords.matches(password, found[0].password)


def test_it_is_made_once_and_only_its_owner_can_read_the_password(
    cloud: RunningCloud, clinic: Clinic
) -> None:
    """The file has mode 0600 and opens the panel; when the file is gone nothing is made anew."""
    assert make(clinic) == LOGIN
    file = login_file(clinic.settings, clinic.tenant.account)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [each.name for each in file.parent.iterdir() if "panel" in each.name] == [file.name]
    assert opens(cloud, clinic)
    file.unlink()
    assert make(clinic) == LOGIN
    assert not file.exists()
    assert told(clinic) == ["administrator_created"]
    with clinic.database.read() as connection:
        kept = connection.execute(sa.select(accounts)).mappings().all()
        history = connection.execute(sa.select(audit_event.c.detail)).scalars().all()
    assert kept[0]["panel_login"] == LOGIN
    assert "password" not in json.dumps(history)


def test_the_file_of_earlier_versions_is_read(cloud: RunningCloud, clinic: Clinic) -> None:
    """A password that was written before the update is sent, not another one."""
    mine = login_file(clinic.settings, clinic.tenant.account)
    mine.parent.mkdir(exist_ok=True)
    mine.with_name("panel-login").write_text(f"{LOGIN}:one-of-yesterday-1\n")
    assert make(clinic) == LOGIN
    assert not mine.exists()
    mine.write_bytes(mine.with_name("panel-login").read_bytes())
    assert opens(cloud, clinic)


def test_the_file_of_earlier_versions_may_be_another_accounts(cloud: RunningCloud, clinic: Clinic) -> None:
    """Where another account's panel has its login already, this one gets a password of its own."""
    mine = login_file(clinic.settings, clinic.tenant.account)
    mine.parent.mkdir(exist_ok=True)
    mine.with_name("panel-login").write_text(f"{LOGIN}:of-somebody-else\n")
    with clinic.database.begin() as connection:
        row = dict(connection.execute(sa.select(accounts)).mappings().one())
        other = {**row, "account": "9" * 16, "panel_login": LOGIN, "active": False}
        other.pop("id", None)
        connection.execute(sa.insert(accounts).values(other))
    make(clinic)
    assert b"of-somebody-else" not in mine.read_bytes()
    assert opens(cloud, clinic)


@pytest.mark.parametrize("window", ["before the request", "answer lost", "before the row"])
def test_a_crash_in_any_window_is_completed(
    cloud: RunningCloud, clinic: Clinic, monkeypatch: pytest.MonkeyPatch, window: str
) -> None:
    """Whatever was done, the next run sends the same password and ends with one administrator."""
    real = AccountClient.create_administrator

    def cut(client: AccountClient, login: str, password: str) -> object:
        if window != "before the request":
            real(client, login, password)
        raise RemoteUnavailable(address="x")

    if window == "before the row":
        monkeypatch.setattr(administrator, "note", lambda *_, **__: 1 / 0)
    else:
        monkeypatch.setattr(AccountClient, "create_administrator", cut)
    with pytest.raises((RemoteUnavailable, ZeroDivisionError)):
        make(clinic)
    sent = login_file(clinic.settings, clinic.tenant.account).read_bytes()
    monkeypatch.undo()
    assert make(clinic) == LOGIN
    assert login_file(clinic.settings, clinic.tenant.account).read_bytes() == sent
    assert opens(cloud, clinic)
    assert told(clinic) == ["administrator_created"]


def test_runs_at_one_moment_use_one_password(cloud: RunningCloud, clinic: Clinic) -> None:
    """Four runs together: one file, one administrator, one event."""
    results: list[str] = []
    threads = [threading.Thread(target=lambda: results.append(make(clinic))) for _ in range(4)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert results == [LOGIN] * 4
    assert opens(cloud, clinic)
    assert told(clinic) == ["administrator_created"]


async def test_another_administrator_is_told_and_stays(
    cloud: RunningCloud, clinic: Clinic, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The refusal says the way out, no file is left that opens nothing, and an onboarding goes on."""
    make(clinic)
    file = login_file(clinic.settings, clinic.tenant.account)
    file.unlink()
    with clinic.database.begin() as connection:
        connection.execute(sa.update(accounts).values(panel_login=None))
    with pytest.raises(ServiceRefusal) as refused:
        make(clinic)
    assert refused.value.data["code"] == "panel.administrator-exists"
    assert "panel reset" in refused.value.explain("pl")[1]
    assert not file.exists()
    for name, value in clinic.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("tasks.administrator.get_run_logger", lambda: logging.getLogger("erepo.tests"))
    await task.fn(clinic.tenant.account)
    assert "panel reset" in caplog.text
    assert not file.exists()
    file.write_text("somebody:elses\n")
    with pytest.raises(ServiceRefusal):
        make(clinic)
    assert file.read_text() == "somebody:elses\n"


def test_what_cannot_be_used_is_told(clinic: Clinic) -> None:
    """No account, and a file that says something else: each with its own error, nothing sent."""
    with pytest.raises(AccountMissing):
        create_administrator(clinic.database, clinic.settings, "0000000000009999")
    file = login_file(clinic.settings, clinic.tenant.account)
    file.parent.mkdir(exist_ok=True)
    file.write_text("nonsense")
    with pytest.raises(PanelLoginUnreadable):
        make(clinic)
    assert file.read_text() == "nonsense"


async def test_the_task_does_the_same(
    cloud: RunningCloud, clinic: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The task of the onboarding flow makes it, and gives no password to Prefect."""
    for name, value in clinic.environment.items():
        monkeypatch.setenv(name, value)
    result = await task.fn(clinic.tenant.account)
    assert result is None
    assert opens(cloud, clinic)
