"""The commands import, status, structure and kinds, as a person or a program uses them."""

import json
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner, Result

from erepo.cli import importing, kinds, status, structure
from erepo.clinic.state_words import STATE_WORDS
from erepo.clinic.states import State
from tests.support import cda_documents as cda

EXAMPLE = Path(__file__).parents[3] / "docs" / "reference" / "structure-example.json"

app = typer.Typer()
app.command("import")(importing.command)
app.command("status")(status.command)
app.add_typer(structure.app, name="structure")
app.add_typer(kinds.app, name="kinds")


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EREPO_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("EREPO_LANGUAGE", "en")
    monkeypatch.setenv("COLUMNS", "200")


def run(*arguments: str | Path) -> Result:
    """Run one command line."""
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def run_json(*arguments: str | Path) -> Any:
    """Run one command line with --json and read what it prints."""
    return json.loads(run(*arguments, "--json").stdout)


@pytest.fixture
def inbox(tmp_path: Path) -> Path:
    """A folder with one good and one rotten file."""
    folder = tmp_path / "inbox"
    folder.mkdir()
    (folder / "good.xml").write_bytes(cda.document())
    (folder / "rotten.xml").write_bytes(b"<broken")
    return folder


def test_import_tells_each_refusal(inbox: Path) -> None:
    """Refused files are named with reason and cure; the exit status says that not all went well."""
    result = run("import", inbox)
    assert result.exit_code == 1
    assert "1 taken in" in result.stdout
    assert "1 refused" in result.stdout
    assert "rotten.xml: " in result.stderr
    assert "good.xml" not in result.stderr


def test_import_again_knows(inbox: Path) -> None:
    """A second run takes nothing in and ends well once the rotten file is gone."""
    run("import", inbox)
    (inbox / "rotten.xml").unlink()
    result = run("import", inbox)
    assert result.exit_code == 0
    assert "0 taken in (0 B), 1 already known, 0 refused." in result.stdout


def test_import_for_programs(inbox: Path) -> None:
    """With --json one object tells counts and problems in both languages."""
    told = run_json("import", inbox)
    assert (told["taken"], told["refused"], told["reasons"]) == (1, 1, {"cda.not-xml": 1})
    (problem,) = told["problems"]
    assert problem["file"].endswith("rotten.xml")
    assert problem["code"] == "cda.not-xml"
    assert set(problem["cause"]) == set(problem["cure"]) == {"en", "pl"}


def test_import_with_patient_and_kind(tmp_path: Path) -> None:
    """An attachment needs its patient; with it, and a kind, it is taken in."""
    scan = tmp_path / "scan.pdf"
    scan.write_bytes(b"%PDF-1.7")
    assert "--patient" in run("import", scan).stderr
    command = ["import", str(scan), "--patient", "-", "--kind", "own-patient-document"]
    assert CliRunner().invoke(app, command, input="44051401359\n").exit_code == 0
    assert run_json("status")["kinds"][0]["kind"] == "own_patient_document"


def test_import_refuses_wrong_options(inbox: Path) -> None:
    """A wrong patient or kind is refused before anything is read."""
    assert run("import", inbox, "--kind", "nonsense").exit_code == 1
    wrong = CliRunner().invoke(app, ["import", str(inbox), "--patient", "-"], input="nonsense\n")
    assert wrong.exit_code == 1
    assert run_json("status")["documents"] == 0


def test_import_takes_no_patient_from_the_arguments(inbox: Path) -> None:
    """Whoever lists the processes would read it: refused before anything is opened, and not repeated."""
    refused = run("import", inbox, "--patient", "44051401359")
    assert refused.exit_code == 2
    assert "--patient -" in refused.output
    assert "44051401359" not in refused.output
    assert run_json("status")["documents"] == 0


def test_import_deletes_when_asked(inbox: Path) -> None:
    """Originals that were taken in go, refused ones stay."""
    result = run("import", inbox, "--delete")
    assert "1 originals deleted." in result.stdout
    assert [path.name for path in inbox.iterdir()] == ["rotten.xml"]


def test_status_for_people(inbox: Path) -> None:
    """Status shows states, kinds, what is due and what is missing, in both languages."""
    assert "No documents yet" in run("status").stdout
    run("import", inbox)
    told = run("status").stdout
    for words in (
        "local",
        "Laboratory result",
        "Due for archiving now: 1.",
        "(archiving_user): default user (login)",
        "No account",
    ):
        assert words in told


def test_status_in_polish(inbox: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same in Polish."""
    monkeypatch.setenv("EREPO_LANGUAGE", "pl")
    run("import", inbox)
    told = run("status").stdout
    assert "Wynik badania laboratoryjnego" in told
    assert "Do archiwizacji teraz: 1." in told


def test_each_state_has_words() -> None:
    """No state is shown without what it means."""
    assert set(STATE_WORDS) == set(State)


def test_structure(tmp_path: Path) -> None:
    """Load, show and check; an incomplete file is loaded and then named as such."""
    assert run("structure", "check").exit_code == 1
    assert "No structure" in run("structure", "show").stdout
    assert run("structure", "load", EXAMPLE).exit_code == 0
    shown = run("structure", "show").stdout
    assert "I 000000100300  Przychodnia Przykładowa Sp. z o.o." in shown
    assert "VII 001  VIII 1500  X 05" in shown
    half = tmp_path / "half.json"
    half.write_text('{"provider": {"name": "Half"}}')
    result = run("structure", "load", half)
    assert result.exit_code == 1
    assert "resort_i" in result.stderr
    assert "loaded, but not complete" in result.stderr
    half.write_text("{}")
    assert "provider" in run("structure", "load", half).stderr


def test_structure_asks_for_its_file() -> None:
    """`load` needs a file, the others take none."""
    assert run("structure", "load").exit_code == 2
    assert run("structure", "check", EXAMPLE).exit_code == 2


def test_kinds() -> None:
    """List shows the defaults; set changes one kind and shows it."""
    rules = {rule["kind"]: rule for rule in run_json("kinds", "list")}
    assert rules["prescription"]["auto_archive"] is False
    (changed,) = run_json("kinds", "set", "prescription", "--archive", "on", "--local-days", "0")
    assert (changed["auto_archive"], changed["local_days"]) == (True, 0)
    assert run("kinds", "set", "novel", "--archive", "on").exit_code == 1
    refused = run("kinds", "set", "prescription")
    assert (refused.exit_code, "Nothing to change" in refused.stderr) == (1, True)


def test_kinds_changed_by_a_person() -> None:
    """Somebody named needs the permission; a stranger and one without it are refused with the cure."""
    assert run("structure", "load", EXAMPLE).exit_code == 0
    change = ("kinds", "set", "prescription", "--archive", "on", "--as")
    refused = run(*change, "archiwum")
    assert (refused.exit_code, "--permission set-kinds" in refused.stderr) == (1, True)
    assert run(*change, "nobody").exit_code == 1
    assert run_json("kinds", "list")[4]["auto_archive"] is False
