"""The commands about the account, as a person types them, against the services over real TLS."""

import asyncio
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from erepo.cli.root import app
from erepo.clinic.p1 import registration
from erepo.clinic.structure import read_structure
from erepo.clinic.times import WARSAW
from tests.support.account_clinic import AccountClinic, AccountWorld, account_clinic
from tests.support.p1_files import TLS_PASSWORD, WSS_PASSWORD
from tests.support.ports import free_port
from tests.support.scripted_service import scripted_account

TABLE = """provider_name,resort_i,unit_name,resort_v,cell_name,resort_vii,resort_viii,resort_x
Nowa przychodnia,000000927722,Zaklad,01,Poradnia,001,0010,01
,,,,Gabinet,002,0010,01
"""


@pytest.fixture
def site(
    tmp_path: Path, account_service: AccountWorld, monkeypatch: pytest.MonkeyPatch
) -> Iterator[AccountClinic]:
    """A clinic that the commands of this process act on; no Prefect runs anywhere near."""
    with account_clinic(tmp_path, account_service, limit_bytes=1000, limit_documents=100) as one:
        for name, value in one.clinic.environment.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setenv("EREPO_PORT_BASE", str(free_port()))
        monkeypatch.setattr("erepo.cli.trigger._ATTEMPTS", 1)
        yield one


def run(*arguments: str, code: int = 0, answer: str | None = None) -> Result:
    """Run `erepo …` and expect an exit code."""
    result = CliRunner().invoke(app, list(arguments), input=answer)
    assert result.exit_code == code, result.output + repr(result.exception)
    return result


def test_account_show_and_history(site: AccountClinic) -> None:
    """Asked, kept, warned about; `--kept` asks nobody; the history is there for programs."""
    asyncio.run(site.served.fill(950))
    shown = run("account", "show").stdout
    assert "950 B of 1.0 kB (95 %)" in shown
    assert "nearly full" in shown
    with site.out_of_reach():
        told = json.loads(run("account", "show", "--kept", "--json").stdout)
        assert (told["used_bytes"], told["nearlyFull"]) == (950, ["bytes"])
        assert told["forecasts"][0]["verdict"] == "too-few"
        history = json.loads(run("account", "history", "--json").stdout)
        assert [one["used_documents"] for one in history] == [1]
        assert "1 of 100" in run("account", "history", "--hourly").stdout
        assert "127.0.0.1" in run("account", "show", code=1).stderr
    with scripted_account(site.clinic, {"": {}}, status=503):
        assert "busy" in run("account", "show", code=1).stderr


def test_an_account_that_was_never_checked_says_so(site: AccountClinic) -> None:
    """Nothing kept is no crash."""
    assert "erepo account show" in run("account", "history", code=1).stderr


def test_p1_register_show_revoke(site: AccountClinic, tmp_path: Path) -> None:
    """Serial numbers are shown, the id is kept, nothing secret is printed; revoked, the exit code says so."""
    options = site.served.files().write(tmp_path)
    result = run("account", "p1", "register", *options, "--without-prefect")
    (given,) = site.served.repositories
    assert f"id of the repository: {given}" in result.stdout
    assert result.stdout.count("serial number") == 2
    assert not any(secret.decode() in result.output for secret in (TLS_PASSWORD, WSS_PASSWORD))
    assert given in run("account", "p1", "show").stdout
    others = site.served.files().write(_made(tmp_path / "others"))
    assert "revoke" in run("account", "p1", "register", *others, "--without-prefect", code=1).stderr.lower()
    assert "revoked" in run("account", "p1", "revoke", "--without-prefect").stdout
    run("account", "p1", "show", code=1)
    told = json.loads(run("account", "p1", "register", *others, "--without-prefect", "--json").stdout)
    assert (told["state"], told["repositoryId"]) == ("registered", given)


def test_p1_passwords_are_asked_for(site: AccountClinic, tmp_path: Path) -> None:
    """Without files they are prompted for, and not echoed; a missing id names its cure."""
    options = site.served.files().write(tmp_path)
    without = [*options[:2], *options[4:6]]
    site.served.world.p1.wrong("szar-repository", "no-id")
    answer = f"{TLS_PASSWORD.decode()}\n{WSS_PASSWORD.decode()}\n"
    result = run("account", "p1", "register", *without, "--without-prefect", code=1, answer=answer)
    assert "--start-over" in result.stderr
    assert TLS_PASSWORD.decode() not in result.output
    assert "--start-over" in run("account", "p1", "show", code=1).stderr
    told = run("account", "p1", "register", *options, "--without-prefect", "--start-over").stdout
    assert site.served.repositories[-1] in told


def test_p1_without_prefect_running_is_told_and_nothing_lost(site: AccountClinic, tmp_path: Path) -> None:
    """The registration is done and kept; only the block waits, and the exit code says so."""
    result = run("account", "p1", "register", *site.served.files().write(tmp_path), code=1)
    assert "block in Prefect was not brought up to date" in result.stderr
    known = registration(site.clinic.database, site.account)
    assert known is not None
    assert [known.repository_unique_id] == site.served.repositories


def test_licence_from_the_office_to_the_clinic(
    site: AccountClinic, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Issued, loaded, shown; expired, archiving refuses with exit code 2 before anything is sent."""
    assert json.loads(run("account", "licence", "show", "--json").stdout) == {"limited": False}
    run("office", "init")
    file, account = tmp_path / "licence.jwt", site.account
    last = (datetime.now(UTC) + timedelta(days=400)).date().isoformat()
    key = run("office", "licence", account, "--until", last, "--out", str(file)).stderr.split()[-1]
    assert "EREPO_LICENCE_KEY" in run("account", "licence", "load", str(file), code=1).stderr
    monkeypatch.setenv("EREPO_LICENCE_KEY", key)
    assert last in run("account", "licence", "load", str(file)).stdout
    assert json.loads(run("account", "licence", "show", "--json").stdout)["account"] == account
    run("office", "licence", account, "--until", "2020-01-01", code=2)


def test_maintenance_start_status_end(site: AccountClinic) -> None:
    """The pause holds at once; archiving refuses inside it with exit code 2, and begins after it."""
    until = (datetime.now(WARSAW) + timedelta(hours=3)).strftime("%Y-%m-%d %H:%M")
    assert until in run("maintenance", "start", "--until", until, "--without-prefect").stdout
    told = json.loads(run("maintenance", "status", "--json").stdout)
    assert (told["open"], len(told["windows"]), told["pausedSchedules"]) == (True, 1, [])
    refused = json.loads(run("archive", "--json", code=2).stdout)
    assert refused["problem"]["code"] == "maintenance.now"
    assert until in refused["problem"]["cause_pl"]
    assert "schedules were not changed" in run("maintenance", "end", code=1).stderr
    assert json.loads(run("maintenance", "status", "--json").stdout)["windows"] == []
    assert "has been changed" in run("maintenance", "start", "--until", "2020-01-01", code=1).stderr


def test_structure_from_a_table_and_by_hand(site: AccountClinic, tmp_path: Path) -> None:
    """A table leaves the users as they are; records are edited; what is wrong names its line."""
    table = tmp_path / "structure.csv"
    table.write_text(TABLE)
    run("structure", "load", str(table))
    run("structure", "set", "--unit", "01", "--cell", "002", "resort_x=05", "name=Gabinet zabiegowy")
    run("structure", "add-unit", "Pracownia", "--resort-v", "02")
    run("structure", "add-cell", "USG", "--unit", "02", "--resort-vii", "003", "--resort-viii", "7210")
    assert "resort_x" in run("structure", "check", code=1).stderr
    run("structure", "remove-cell", "003", "--unit", "02")
    run("structure", "remove-unit", "Pracownia")
    run("structure", "check")
    out = tmp_path / "out.csv"
    run("structure", "export", str(out))
    assert out.stat().st_mode & 0o077 == 0
    assert "Gabinet zabiegowy,002,0010,05" in out.read_text("utf-8-sig")
    exported = json.loads(run("structure", "export").stdout)
    with site.clinic.database.read() as connection:
        kept = read_structure(connection)
    assert kept is not None
    assert exported == kept.model_dump()
    assert exported["archiving_user"] == "archiwum"
    table.write_text(TABLE.replace(",002,", ",2,"))
    assert "line 3, resort_vii" in run("structure", "load", str(table), code=1).stderr


def test_structure_send_and_remote(site: AccountClinic) -> None:
    """Sent once; the difference is shown; equal ends with 0."""
    assert "holds no structure" in run("structure", "remote", code=1).stdout
    assert "was sent" in run("structure", "send").stdout
    assert "Nothing has changed" in run("structure", "send").stdout
    assert json.loads(run("structure", "remote", "--json").stdout)["differences"] == []
    run("structure", "set", "name=Inna")
    assert "Inna" in run("structure", "remote", code=1).stdout
    assert json.loads(run("structure", "send", "--json").stdout)["sent"] is True
    assert "the same structure" in run("structure", "remote").stdout


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder
