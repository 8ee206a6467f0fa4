"""A broken signature inside a document is a warning kept with it, never a refusal: archived as received."""

from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
import typer
from typer.testing import CliRunner

from erepo.cda.signature import signature_warnings
from erepo.cli.importing import command as import_command
from erepo.clinic.database import Database
from erepo.clinic.intake import Intake, Status
from erepo.clinic.status import read_status
from erepo.clinic.tables import document as table
from erepo.settings import Settings
from flows.reporting import import_page
from tests.erepo.cda.signature.attacks.catalogue import VECTORS
from tests.support.cda_documents import P1, document
from tests.support.signed_documents import DS, SHA1, Signing, good


def numbered(number: int) -> bytes:
    """Return a document with an id of its own."""
    return document(identity=f'<id root="{P1}.2.7.100300.7.1" extension="B{number}"/>')


FILES = {
    "good": Signing().sign(numbered(1)),
    "unsigned": numbered(2),
    "changed": Signing().sign(numbered(3)).replace(b"Wynik", b"Wyrok"),
    "sha1": Signing(digest=SHA1).sign(numbered(4)),
    "unusual": Signing(method=f"{DS}rsa-sha1").sign(numbered(5)),
}
COUNTS = {"signature.algorithm": 1, "signature.sha1": 1, "signature.wrong": 1}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder with one file of each kind."""
    folder = tmp_path / "signed"
    folder.mkdir()
    for name, octets in FILES.items():
        (folder / f"{name}.xml").write_bytes(octets)
    return folder


def test_all_are_taken_in_and_doubts_are_kept(
    clinic_database: Database, tmp_path: Path, folder: Path
) -> None:
    """Every file is taken in as it is; what its signature is worth stands with it, and in all reports."""
    settings = Settings(_env_file=None, home=tmp_path)
    summary = Intake.at(clinic_database, settings).take_folder([folder])
    assert (summary.taken, summary.refused) == (len(FILES), 0)
    assert summary.as_json()["signatures"] == COUNTS
    with clinic_database.read() as connection:
        rows: list[Any] = list(connection.execute(sa.select(table.c.source_name, table.c.warnings)))
        assert read_status(connection).as_json()["signatures"] == COUNTS
    kept = {row.source_name: [one["code"] for one in row.warnings or []] for row in rows}
    assert kept == {
        "good.xml": [],
        "unsigned.xml": [],
        "changed.xml": ["signature.wrong"],
        "sha1.xml": ["signature.sha1"],
        "unusual.xml": ["signature.algorithm"],
    }
    for speak, word in (("pl", "podpis w dokumencie"), ("en", "signature inside the document")):
        assert word in import_page(summary, speak)  # type: ignore[arg-type]
    again = Intake.at(clinic_database, settings).take(folder / "changed.xml")
    assert (again.status, again.signatures) == (Status.KNOWN, ())


def test_every_attack_is_taken_in_with_its_warning() -> None:
    """Whatever the vectors do, the clinic is warned, and nothing but a warning comes of it."""
    silent = [vector.code for vector in VECTORS if not signature_warnings(vector.make())]
    assert not silent
    assert signature_warnings(good()) == []


def test_people_are_told(tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`erepo import` tells of doubtful signatures in the reader's language, and ends well."""
    monkeypatch.setenv("EREPO_HOME", str(tmp_path / "var"))
    monkeypatch.setenv("EREPO_LANGUAGE", "pl")
    app = typer.Typer()
    app.command()(import_command)
    done = CliRunner().invoke(app, [str(folder)])
    assert done.exit_code == 0, done.output
    assert "sfałszowany lub niezgodny z jego treścią (signature.wrong): 1." in done.output
    assert "nie został zweryfikowany (signature.algorithm): 1." in done.output
