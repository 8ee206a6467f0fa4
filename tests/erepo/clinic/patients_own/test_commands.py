"""`erepo import --patients-own`, as a person or a program calls it."""

import json

import pytest
from typer.testing import CliRunner, Result

from erepo.cli.root import app
from erepo.clinic.patients_own import collecting
from erepo.errors import InvalidInput
from tests.support.patients_own import World, pdf


@pytest.fixture(autouse=True)
def _home(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in world.one.clinic.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("COLUMNS", "200")


def run(*arguments: str) -> Result:
    """Run the command."""
    return CliRunner().invoke(app, ["import", *arguments])


def test_what_waits_is_collected(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The sum is told in both languages and to programs; nothing waits any more then."""
    world.portal.give(pdf(), clinic=world.one.account)
    told = run("--patients-own", "--json")
    assert told.exit_code == 0, told.output
    assert json.loads(told.stdout) == {
        "taken": 1,
        "known": 0,
        "refused": 0,
        "failed": 0,
        "told": 1,
        "reasons": {},
    }
    assert "0 taken in" in run("--patients-own").stdout
    monkeypatch.setenv("EREPO_LANGUAGE", "pl")
    assert "przyjęto 0" in run("--patients-own").stdout


def test_what_is_put_aside_is_told(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Code and folder are told, neither title nor number; the exit status says that not all went well."""

    def refuse(*_: object) -> None:
        raise InvalidInput

    monkeypatch.setattr(collecting, "prepare", refuse)
    world.portal.give(pdf(), clinic=world.one.account, title="Tajny")
    told = run("--patients-own")
    assert told.exit_code == 1
    assert "input.invalid: 1" in told.stderr
    assert "patients-own/refused" in told.stderr.replace("\n", "")
    assert "Tajny" not in told.output


@pytest.mark.parametrize("arguments", [(), ("--patients-own", "file.pdf"), ("--patients-own", "--delete")])
def test_it_stands_alone(arguments: tuple[str, ...]) -> None:
    """Files and patients' documents are two commands in one; neither is nothing."""
    assert run(*arguments).exit_code == 2
