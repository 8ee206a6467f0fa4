"""Users of the program, by command alone: complete without a file, and nobody's number on a command line."""

import json
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
import typer
from typer.testing import CliRunner, Result

from erepo.cli import structure
from erepo.clinic.database import Database
from erepo.clinic.permissions import Permission, granted
from erepo.clinic.structure import check_ready
from erepo.clinic.tables import audit_event

PESEL = "44051401359"

app = typer.Typer()
app.add_typer(structure.app, name="structure")


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EREPO_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("EREPO_LANGUAGE", "en")
    monkeypatch.setenv("COLUMNS", "200")


def run(*arguments: str | Path, typed: str = "") -> Result:
    """Run one command of `erepo structure`."""
    return CliRunner().invoke(app, ["structure", *map(str, arguments)], input=typed)


def user(*arguments: str | Path, typed: str = "") -> Result:
    """Run one command of `erepo structure user`."""
    return run("user", *arguments, typed=typed)


def listed() -> dict[str, Any]:
    """Return what the list says, by login."""
    return {one["login"]: one for one in json.loads(user("list", "--json").stdout)}


def test_a_clinic_becomes_complete_by_commands_alone(clinic_database: Database) -> None:
    """Structure, user and archiving user without a file; each step tells what is still missing."""
    assert run("set", "name=Przychodnia Lis", "resort_i=100300").exit_code == 0
    assert run("add-unit", "Poradnie", "--resort-v", "01").exit_code == 0
    codes = ("--resort-vii", "001", "--resort-viii", "0010", "--resort-x", "01")
    assert run("add-cell", "POZ", "--unit", "01", *codes).exit_code == 0
    first = user("set", "anna", "--given", "Anna", "--family", "Lis", "--archiving")
    assert (first.exit_code, first.stdout) == (0, "Added the user anna.\n")
    assert "the user anna (users[anna]): valid PESEL or NPWZ" in first.stderr
    last = user("set", "anna", "--pesel", "-", typed=f"{PESEL}\n")
    assert (last.exit_code, last.stdout, last.stderr) == (0, "Changed the user anna.\n", "")
    assert run("check").exit_code == 0
    with clinic_database.read() as connection:
        assert check_ready(connection).user.pesel == PESEL
        said = connection.execute(sa.select(audit_event.c.event, audit_event.c.detail)).all()
    assert PESEL not in str(said)
    assert ("user_changed", {"fields": ["pesel"]}) in [tuple(row) for row in said]


def test_the_list_shows_no_pesel() -> None:
    """Lists tell whether there is a PESEL; the number stands in none of them, nor in a refusal."""
    user("set", "anna", "--pesel", "-", typed=f"{PESEL}\n")
    assert listed()["anna"]["pesel"] is True
    assert PESEL not in user("list").output
    refused = user("set", "anna", "--pesel", "-", typed="44051401358\n")
    assert (refused.exit_code, "44051401358" in refused.output) == (1, False)
    assert "user anna, pesel" in refused.output


def test_permissions_are_granted_and_taken_back(clinic_database: Database) -> None:
    """They are audited, survive a new structure file, and go with the user."""
    assert user("set", "anna", "--permission", "migrate", "--permission", "set-kinds").exit_code == 0
    assert user("set", "anna", "--no-permission", "set-kinds").exit_code == 0
    assert listed()["anna"]["permissions"] == ["migrate"]
    assert user("set", "anna", "--permission", "fly").exit_code == 1
    assert user("remove", "anna").exit_code == 0
    assert user("set", "anna").exit_code == 0
    with clinic_database.read() as connection:
        assert granted(connection, "anna") == frozenset()
        events = list(connection.execute(sa.select(audit_event.c.event)).scalars())
    assert events.count("permission_revoked") == 2


def test_permissions_stay_when_a_structure_is_loaded(clinic_database: Database, tmp_path: Path) -> None:
    """Export and load again: the staff's rows are new, what they may do is as before; so is who has left."""
    for step in (
        ("set", "name=Lis", "resort_i=100300"),
        ("user", "set", "anna", "--npwz", "5425740", "--archiving", "--permission", "hold"),
        ("user", "set", "jan", "--inactive"),
        ("export", tmp_path / "all.json"),
    ):
        assert run(*step).exit_code == 0
    run("load", tmp_path / "all.json")
    assert (listed()["jan"]["active"], listed()["anna"]["archives"]) == (False, True)
    with clinic_database.read() as connection:
        assert granted(connection, "anna") == {Permission.HOLD}


@pytest.mark.parametrize("step", [("remove", "anna"), ("set", "anna", "--inactive")])
def test_who_archives_stays_until_somebody_else_does(step: tuple[str, ...]) -> None:
    """Otherwise the next night's documents would stay where they are."""
    user("set", "anna", "--npwz", "5425740", "--archiving")
    refused = user(*step)
    assert (refused.exit_code, "--archiving" in refused.output) == (1, True)
    user("set", "jan", "--archiving")
    assert user(*step).exit_code == 0


def test_nobody_is_removed_or_lets_archive_who_is_not_there() -> None:
    """An unknown login is told with those that are known."""
    user("set", "jan")
    assert "jan" in user("remove", "anna").output
    refused = user("set", "anna", "--inactive", "--archiving")
    assert refused.exit_code == 1
    assert set(listed()) == {"jan"}


def test_users_come_from_a_table(tmp_path: Path) -> None:
    """New ones are added, known ones changed, columns and users that are not there left alone."""
    user("set", "anna", "--given", "Anna", "--permission", "hold")
    user("set", "jan", "--given", "Jan")
    table = tmp_path / "users.csv"
    table.write_text("login;family;active\nanna;Żuk;tak\newa;Lis;nie\n", encoding="cp1250")
    assert user("load", table).stdout == "Users added: 1, changed: 1.\n"
    found = listed()
    assert (found["anna"]["given"], found["anna"]["family"]) == ("Anna", "Żuk")
    assert (found["ewa"]["active"], found["jan"]["given"]) == (False, "Jan")
    assert found["anna"]["permissions"] == ["hold"]


def test_a_wrong_table_changes_nothing(tmp_path: Path) -> None:
    """Everything that is wrong is told at once, each with its line, and no number of anybody."""
    table = tmp_path / "users.csv"
    table.write_text("login,pesel,active\nanna,44051401358,\njan,,perhaps\njan,,\njan,,\n")
    refused = user("load", table)
    assert refused.exit_code == 1
    for place in ("line 2, pesel", "line 3, active", "line 5, login"):
        assert place in refused.output
    assert "44051401358" not in refused.output
    assert listed() == {}
    table.write_text("login\n")
    assert user("load", table).exit_code == 1
