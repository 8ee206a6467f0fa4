"""Samples on disk and from the command line."""

from pathlib import Path

import orjson
import pytest
import typer
from typer.testing import CliRunner

from erepo.cda.errors import SampleImpossible
from erepo.cda.samples import Sample, generate, write_samples
from erepo.cli.samples import command, parse_size

app = typer.Typer()
app.command()(command)


def test_files_are_what_the_generator_gave(tmp_path: Path) -> None:
    """A missing folder is made, every sample becomes a file with its octets, and the counts are right."""
    seen: list[Sample] = []
    written = write_samples(tmp_path / "in" / "box", seed=4, count=20, progress=seen.append)
    assert seen == list(generate(4, 20))
    assert {file.name: file.read_bytes() for file in (tmp_path / "in" / "box").iterdir()} == {
        sample.file_name: sample.octets for sample in seen
    }
    assert written.count == 20
    assert written.size == sum(len(sample.octets) for sample in seen)
    assert sum(written.by_kind.values()) == 20


@pytest.mark.parametrize(
    ("text", "size"),
    [("50kB", 50_000), ("20MB", 20_000_000), ("4096", 4096), ("64 KiB", 65_536), ("1.5mb", 1_500_000),
     ("5kB-2MB", (5_000, 2_000_000))],
)  # fmt: skip
def test_sizes_are_read_as_people_write_them(text: str, size: object) -> None:
    """Units of ten and of two, small and capital letters, and ranges."""
    assert parse_size(text) == size


@pytest.mark.parametrize("text", ["", "big", "5 XB", "5kB-", "1-2-3", "-5", "0"])
def test_other_sizes_are_refused(text: str) -> None:
    """Anything else is a wrong parameter, named with the right form."""
    with pytest.raises(typer.BadParameter, match="50kB"):
        parse_size(text)


def test_command_writes_and_reports(tmp_path: Path) -> None:
    """The command writes the files and tells a program how many of which kind."""
    asked = [
        str(tmp_path),
        "--count",
        "6",
        "--size",
        "20kB",
        "--kind",
        "lab_result",
        "--kind",
        "attachment",
        "--json",
    ]
    result = CliRunner().invoke(app, asked)
    assert result.exit_code == 0
    told = orjson.loads(result.stdout)
    assert (told["count"], told["kinds"]) == (6, {"lab_result": 3, "attachment": 3})
    assert len(list(tmp_path.iterdir())) == 6


def test_command_tells_people_in_their_language(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With EREPO_LANGUAGE=pl the summary is Polish."""
    monkeypatch.setenv("EREPO_LANGUAGE", "pl")
    result = CliRunner().invoke(app, [str(tmp_path), "--count", "3"])
    assert result.exit_code == 0
    assert "Wynik badania laboratoryjnego" in result.stdout
    assert "wszystkie osoby są zmyślone" in result.stdout


def test_command_refuses_unknown_kinds(tmp_path: Path) -> None:
    """An unknown kind ends in an error that lists the known ones, and nothing is written."""
    result = CliRunner().invoke(app, [str(tmp_path / "new"), "--kind", "nonsense"])
    assert isinstance(result.exception, SampleImpossible)
    assert "lab_result" in str(result.exception)
    assert not (tmp_path / "new").exists()
