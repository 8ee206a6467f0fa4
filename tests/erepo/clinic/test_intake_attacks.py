"""Taking documents in: folders and files made to stop the import, and wishes that would lose documents."""

import contextlib
import json
import os
import random
import re
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from erepo.clinic.content import ContentStore
from erepo.clinic.database import Database, open_database
from erepo.clinic.intake import Beside, Intake, Outcome, Received, find_files
from erepo.clinic.tables import document, patient
from erepo.settings import Settings
from tests.support import cda_documents as cda
from tests.support import postgres
from tests.support.documents import rows_of, write

PESEL = "44051401359"
PDF = b"%PDF-1.7\n1 0 obj\n"


def _name_of_no_language(folder: Path) -> None:
    Path(os.fsdecode(os.fsencode(folder / PESEL) + b"_\xb3\xf3d\xbc.pdf")).write_bytes(PDF)


def _name_of_several_lines(folder: Path) -> None:
    write(folder, f"{PESEL}_a\nb\u202e\x1b[31m.pdf", PDF)


def _link_to_itself(folder: Path) -> None:
    (folder / "loop.xml").symlink_to("loop.xml")


def _pipe_as_description(folder: Path) -> None:
    write(folder, f"{PESEL}_a.pdf", PDF)
    os.mkfifo(folder / f"{PESEL}_a.pdf.json")


def _year_out_of_the_calendar(folder: Path) -> None:
    octets = re.sub(
        rb'<effectiveTime value="[^"]*"', b'<effectiveTime value="99991231235959+0000"', cda.document()
    )
    write(folder, "late.xml", octets)


def _described_before_the_calendar(folder: Path) -> None:
    write(folder, f"{PESEL}_a.pdf", PDF)
    write(folder, f"{PESEL}_a.pdf.json", b'{"created": "0001-01-01T00:00:00+14:00"}')


def _title_that_xml_cannot_carry(folder: Path) -> None:
    write(folder, f"{PESEL}_a.pdf", PDF)
    write(folder, f"{PESEL}_a.pdf.json", rb'{"title": "x\u0001"}')


@pytest.mark.parametrize(
    ("attack", "code"),
    [
        (_name_of_no_language, None),
        (_name_of_several_lines, None),
        (_link_to_itself, "file.unreadable"),
        (_pipe_as_description, "sidecar.invalid"),
        (_year_out_of_the_calendar, None),
        (_described_before_the_calendar, "sidecar.invalid"),
        (_title_that_xml_cannot_carry, "sidecar.invalid"),
    ],
)
def test_no_file_stops_the_others(
    intake: Intake,
    clinic_database: Database,
    tmp_path: Path,
    attack: Callable[[Path], None],
    code: str | None,
) -> None:
    """Whatever lies in the folder, the good document is taken in and the bad file has its own outcome."""
    folder = tmp_path / "in"
    write(folder, "zz.xml", b"<!-- good -->" + cda.document(prolog=""))
    attack(folder)
    outcomes: list[Outcome] = []
    summary = intake.take_folder([folder], outcomes.append)
    assert (summary.taken, dict(summary.reasons)) == ((1, {code: 1}) if code else (2, {}))
    assert all(row.source_name.isprintable() for row in rows_of(clinic_database))


@pytest.fixture
def endless(tmp_path: Path) -> Iterator[Path]:
    """Return a folder with 1,200 folders in each other, removed afterwards: Python itself cannot."""
    folder = tmp_path / "endless"
    folder.mkdir()
    here = os.open(folder, os.O_RDONLY)
    for _ in range(1200):
        os.mkdir("d", dir_fd=here)
        below = os.open("d", os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = below
    os.close(here)
    yield folder
    subprocess.run(["rm", "-rf", str(folder)], check=True)


def test_folders_deeper_than_python_calls(endless: Path) -> None:
    """Folders in folders without end are walked, and what lies in front of them is found."""
    file = write(endless, "a.xml", PDF)
    assert file in list(find_files([endless]))


def test_a_file_named_twice_is_taken_once(intake: Intake, tmp_path: Path) -> None:
    """A file given by itself and by its folder has one outcome."""
    path = write(tmp_path / "in", "a.xml", cda.document())
    summary = intake.take_folder([path, path, tmp_path / "in"], delete_source=True)
    assert (summary.files, summary.taken, summary.deleted) == (1, 1, 1)


def test_importing_the_own_store_with_delete_deletes_nothing(
    intake: Intake, clinic_store: ContentStore, tmp_path: Path
) -> None:
    """The stored copy is never taken for an original."""
    intake.take(write(tmp_path, "a.xml", cda.document()), delete_source=True)
    [sha256] = clinic_store.stored()
    outcomes: list[Outcome] = []
    intake.take_folder([clinic_store.root], outcomes.append, delete_source=True)
    assert [one.reason.code for one in outcomes if one.reason] == ["file.original-kept"]
    assert clinic_store.check(sha256)


def test_the_original_of_a_refused_document_repairs_a_rotten_copy(
    intake: Intake, clinic_store: ContentStore, clinic_database: Database, tmp_path: Path
) -> None:
    """Importing the original again replaces a copy with wrong bytes, as the messages promise."""
    path = write(tmp_path, "a.xml", cda.document())
    intake.take(path)
    [sha256] = clinic_store.stored()
    clinic_store.path(sha256).write_bytes(b"x" * path.stat().st_size)
    with clinic_database.begin() as connection:
        connection.execute(sa.update(document).values(state="rejected"))
    intake.take(path)
    assert clinic_store.check(sha256)


def test_a_full_disk_is_not_blamed_on_the_file(
    intake: Intake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A large file that our disk has no room for stops the import; it is not refused as unreadable."""

    def full(_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("erepo.clinic.content.os.fsync", full)
    path = write(tmp_path, f"{PESEL}_large.pdf", PDF + b"0" * 5_000_000)
    with pytest.raises(OSError, match="No space left"):
        intake.take(path)


def test_reading_commands_wait_for_no_writer(clinic_database: Database, clinic_settings: Settings) -> None:
    """Opening a database that is up to date takes no lock, so status answers while an import commits."""
    with clinic_database.begin():
        clinic_database.upgrade()


@pytest.mark.parametrize(
    ("what", "refused"),
    [("setId", ""), ("patient", "patient.unknown"), ("related", ""), ("beside", "sidecar.invalid")],
)
def test_identifiers_that_no_index_takes(tmp_path: Path, what: str, refused: str) -> None:
    """On PostgreSQL an identifier of thousands of characters stops no other document of its group."""
    long = "".join(random.Random(1).choices("abcdefghijklmnopqrstuvwxyz0123456789", k=6000))
    related = (
        f'<relatedDocument typeCode="RPLC"><parentDocument><id root="1.2.3" extension="{long}"/>'
        "</parentDocument></relatedDocument>"
    )
    hostile = {
        "setId": cda.document().replace(b'extension="S1"', f'extension="{long}"'.encode()),
        "patient": cda.document().replace(PESEL.encode(), long.encode()),
        "related": cda.document(rest=related),
        "beside": PDF,
    }[what]
    good = cda.document().replace(b'extension="A1"', b'extension="A2"')
    with postgres.database() as url, contextlib.closing(open_database(url)) as database:
        database.upgrade()
        write(tmp_path / "in", "a.xml", hostile)
        if what == "beside":
            write(tmp_path / "in", "a.xml.json", json.dumps({"patient": {"id": long}}).encode())
        write(tmp_path / "in", "b.xml", good)
        settings = Settings(_env_file=None, home=tmp_path)  # type: ignore[call-arg]
        summary = Intake.at(database, settings).take_folder([tmp_path / "in"])
    assert summary.reasons == ({refused: 1} if refused else {})
    assert summary.taken == (1 if refused else 2)


def test_another_provider_renames_no_patient_of_ours(clinic_database: Database, tmp_path: Path) -> None:
    """What a fetched document says of a patient fills gaps, and changes nothing of what our own have said."""
    settings = Settings(_env_file=None, home=tmp_path)  # type: ignore[call-arg]
    intake = Intake.at(clinic_database, settings)
    before = cda.document().replace(b'<birthTime value="19440514"/>', b"").replace(b"Jan", b"Janina")
    theirs = cda.document().replace(b'extension="A1"', b'extension="A2"').replace(b"Jan", b"Mallory")
    for octets, origin in ((before, "own"), (theirs, "foreign")):
        assert intake.take_received(Received.of(octets, Beside(), actor="x", origin=origin)).reason is None
    with clinic_database.read() as connection:
        [row] = connection.execute(sa.select(patient.c.given, patient.c.birth_date)).all()
    assert tuple(row) == ("Janina", "19440514")
