"""What was typed wrongly is told in the reader's language, with the command to ask for help."""

import ast
import re
from pathlib import Path

import pytest

from erepo.cli import root
from erepo.cli.usage import reason, sentence

TYPED = {
    "frob": "Nie ma polecenia frob.",
    "import": "Nieprawidłowa wartość: Podaj pliki lub foldery.",
    "documents show": "Brakuje argumentu",
    "import --frob": "Nie ma opcji --frob.",
    "migrate run --as a --from jutro": "'jutro' to nie data ani czas; zapisz tak: 'RRRR-MM-DD'.",
    "cloud tenant add 1 --secrity": "Nie ma opcji --secrity; podobne: --security",
    "cloud tenant add": "Brakuje argumentu",
    "cloud tenant renew 1": "Brakuje opcji --credentials.",
    "cloud tenant add 1 --security x": "wartość '--security': 'x' nie jest żadną z: 'wss', 'mtls'.",
    "cloud tenant add 1 --limit-documents x": "'--limit-documents': oczekiwano liczby całkowitej.",
    "cloud tenant add 1 --limit-documents -1": "'--limit-documents': musi wynosić co najmniej 0.",
    "cloud tenant add 1 --limit-documents": "Opcja --limit-documents wymaga wartości.",
    "cloud tenant add 1 --limit-bytes many": "Nieprawidłowa wartość '--limit-bytes':",
    "cloud tenant set 0000000000001003": "Nieprawidłowa wartość: podaj co najmniej jedną opcję do zmiany",
    f"cloud tenant add 1 --credentials {__file__}": "jest plikiem, nie katalogiem.",
    "maintenance start --until jutro": "'jutro' to nie data ani czas; zapisz tak: 'RRRR-MM-DD GG:MM'",
    "structure set --cell 1 a=b": "opcja --cell wymaga --unit.",
    "diagnose --only x": "nie ma sprawdzenia x; do wyboru: p1,",
    "status x y": "Zbędne argumenty: x y.",
    "status --json=1": "Opcja --json nie przyjmuje wartości.",
}


def typed(
    line: str, language: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> tuple[int, str, str]:
    """Run a command line as the shell does; return status, output and errors on one line each."""
    monkeypatch.setenv("EREPO_LANGUAGE", language)
    monkeypatch.setattr("sys.argv", ["erepo", *line.split()])
    with pytest.raises(SystemExit) as ended:
        root.main()
    told = capsys.readouterr()
    assert isinstance(ended.value.code, int)
    return ended.value.code, " ".join(told.out.split()), " ".join(told.err.split())


@pytest.mark.parametrize(("line", "told"), TYPED.items(), ids=TYPED)
def test_mistakes_are_told_in_polish(
    line: str, told: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Every kind of mistake has its Polish sentence and ends with status 2; no English one slips through."""
    status, out, errors = typed(line, "pl", monkeypatch, capsys)
    assert (status, out) == (2, "")
    assert told in errors
    assert "Co zrobić: sprawdź pomoc polecenia: erepo" in errors
    for english in ("Missing", "No such", "Invalid", "Error", "Usage", "should", "requires", "unexpected"):
        assert english not in errors


@pytest.mark.parametrize("line", ["import --frob", "status x"])
def test_english_readers_keep_typers_own_words(
    line: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """With EREPO_LANGUAGE=en nothing changes."""
    status, _, errors = typed(line, "en", monkeypatch, capsys)
    assert status == 2
    assert "Usage: erepo" in errors


def test_what_is_right_works_as_ever(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Version, help and a group without a command: the same status as in English, and no page left Polish."""
    first = typed("import --help", "en", monkeypatch, capsys)
    for line in ("--version", "import --help", "cloud"):
        assert typed(line, "pl", monkeypatch, capsys)[0] == typed(line, "en", monkeypatch, capsys)[0]
    assert typed("import --help", "en", monkeypatch, capsys) == first


def test_our_own_sentences_have_polish() -> None:
    """Whatever a command of ours refuses in plain English is told in Polish as well."""
    sources = "".join(file.read_text(encoding="utf-8") for file in Path(root.__file__).parent.glob("*.py"))
    ours = re.findall(r'BadParameter\("([^"]+)"\)', sources)
    assert len(ours) >= 5
    assert [one for one in ours if sentence(f"Invalid value: {one}").endswith(one)] == []


def test_unknown_sentences_are_told_as_they_are() -> None:
    """A sentence of a later typer is better than none."""
    assert sentence("Something new.") == "Something new."
    assert sentence("Invalid value for '--x': new.") == "Nieprawidłowa wartość '--x': new."


def test_every_complaint_of_ours_has_polish() -> None:
    """What a command itself says of a wrong value, where it says it in English alone, has a Polish form."""
    said = [
        node.args[0].value
        for path in sorted(Path(root.__file__).parent.glob("*.py"))
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "BadParameter"
        if isinstance(node.args[0], ast.Constant)
    ]
    assert said
    assert [one for one in said if reason(str(one)) == one] == []
