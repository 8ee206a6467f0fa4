"""Taking documents in: what each file becomes."""

import json
import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from erepo.cda.kinds import Kind
from erepo.cda.samples import generate
from erepo.clinic.content import ContentStore
from erepo.clinic.database import Database
from erepo.clinic.headers import read_stored_header
from erepo.clinic.intake import Intake, Outcome, Status, find_files, parse_patient
from erepo.content import read_all
from erepo.identifiers import oids
from erepo.identifiers.errors import CheckDigitWrong, FormWrong
from erepo.identifiers.hl7 import CX
from erepo.settings import Settings
from tests.support import cda_documents as cda
from tests.support.documents import history_of, identity, rows_of, write

PESEL = "44051401359"
PDF = b"%PDF-1.7\n1 0 obj\n"
PNG = b"\x89PNG\r\n\x1a\n" + b"0" * 32


def test_a_cda_document(
    intake: Intake, clinic_database: Database, clinic_store: ContentStore, tmp_path: Path
) -> None:
    """A PIK document becomes a row with all the archive needs, its bytes unchanged, its history begun."""
    octets = cda.document()
    outcome = intake.take(write(tmp_path, "result.xml", octets))
    assert outcome.status is Status.TAKEN
    (row,) = rows_of(clinic_database)
    assert row.public_id == outcome.public_id
    assert (row.kind, row.state, row.mime_type, row.size) == ("lab_result", "local", "text/xml", len(octets))
    assert row.unique_id == f"{cda.P1}.2.7.100300.7.1^A1"
    assert (row.identifier, row.authority, row.family) == (PESEL, oids.PESEL, "Próbny")
    assert (row.set_id, row.version) == (f"{cda.P1}.2.7.100300.7.2^S1", 1)
    assert row.effective_at == datetime(2026, 1, 1, 23, tzinfo=UTC)
    assert row.due_at == row.taken_in_at
    assert row.destroy_after_year == 2026 + 20
    assert read_all(clinic_store.open(row.sha256)) == octets
    assert clinic_store.root / row.content_path == clinic_store.path(row.sha256)
    header = read_stored_header(row.header)
    assert header.patient.id_of(oids.PESEL) == PESEL
    with clinic_database.read() as connection:
        (event,) = history_of(connection, row.id)
    assert (event["event"], event["from_state"], event["to_state"]) == ("taken_in", None, "local")


def test_the_same_bytes_are_known(intake: Intake, clinic_database: Database, tmp_path: Path) -> None:
    """The same bytes under any name, in one run or two, are one document."""
    first = write(tmp_path, "a/1.xml", cda.document())
    again = write(tmp_path, "a/2.xml", cda.document())
    summary = intake.take_folder([tmp_path / "a"])
    assert (summary.taken, summary.known, summary.refused) == (1, 1, 0)
    outcomes = [intake.take(first), intake.take(again)]
    assert {one.status for one in outcomes} == {Status.KNOWN}
    assert len({one.public_id for one in outcomes}) == 1
    assert len(rows_of(clinic_database)) == 1


def test_naming_a_path_twice_counts_once(intake: Intake, tmp_path: Path) -> None:
    """A file has one outcome, even one named twice: no sum tells of more documents than there are."""
    path = write(tmp_path, "1.xml", cda.document())
    summary = intake.take_folder([path, path])
    assert (summary.files, summary.taken) == (1, 1)


def test_one_id_for_two_contents(intake: Intake, clinic_database: Database, tmp_path: Path) -> None:
    """Of two contents with one CDA id the later gets its own, a warning, and the CDA id as reference."""
    intake.take(write(tmp_path, "1.xml", cda.document(title="<title>Pierwszy</title>")))
    intake.take(write(tmp_path, "2.xml", cda.document(title="<title>Drugi</title>")))
    first, second = rows_of(clinic_database)
    assert first.unique_id == f"{cda.P1}.2.7.100300.7.1^A1"
    assert first.reference_ids is None
    assert second.unique_id.startswith("2.25.")
    assert oids.is_oid(second.unique_id)
    assert second.reference_ids == [f"A1^^^&{cda.P1}.2.7.100300.7.1&ISO^urn:ihe:iti:xds:2013:uniqueId"]
    assert {"code": "id.used-by-another", "field": "id"} in second.warnings


def test_own_ids_follow_from_the_bytes(clinic_settings: Settings, tmp_path: Path) -> None:
    """Two clinics that make an id for the same bytes make the same."""
    from erepo.clinic.intake.describing import own_id  # noqa: PLC0415 (not part of the room's front)

    assert own_id("ab" * 32) == own_id("ab" * 32) != own_id("ac" * 32)


@cda.needs_examples
def test_all_official_examples(intake: Intake, clinic_database: Database, clinic_store: ContentStore) -> None:
    """All official examples are taken in, with their ids settled and their bytes intact."""
    summary = intake.take_folder([cda.EXAMPLES])
    rows = rows_of(clinic_database)
    files = sorted(cda.EXAMPLES.glob("*.xml"))
    assert (summary.taken, summary.refused) == (len(files), 0)
    assert {row.source_name: read_all(clinic_store.open(row.sha256)) for row in rows} == {
        path.name: path.read_bytes() for path in files
    }
    assert len({row.unique_id for row in rows}) == len(files)


def test_generated_documents_keep_their_kind(
    intake: Intake, clinic_database: Database, tmp_path: Path
) -> None:
    """Each generated document and attachment is recognised as what it was made as, for its own patient."""
    made = {sample.file_name: sample for sample in generate(11, 80)}
    for name, sample in made.items():
        write(tmp_path / "in", name, sample.octets)
    seen: list[Outcome] = []
    summary = intake.take_folder([tmp_path / "in"], seen.append)
    assert (summary.taken, summary.refused) == (80, 0)
    assert len(seen) == 80
    for row in rows_of(clinic_database):
        assert row.kind == made[row.source_name].kind
        assert row.identifier == made[row.source_name].patient_pesel


def test_attachment_named_after_its_patient(
    intake: Intake, clinic_database: Database, tmp_path: Path
) -> None:
    """A file whose name begins with a valid PESEL and an underscore belongs to that patient."""
    intake.take(write(tmp_path, f"{PESEL}_zdjecie.png", PNG))
    (row,) = rows_of(clinic_database)
    assert (row.kind, row.mime_type, row.identifier) == ("attachment", "image/png", PESEL)
    assert row.unique_id.startswith("2.25.")
    assert row.header is None


def test_attachment_with_a_description(intake: Intake, clinic_database: Database, tmp_path: Path) -> None:
    """The file beside it names patient, kind, title and time; it is not taken for a document itself."""
    write(tmp_path / "in", "scan.pdf", PDF)
    description = {
        "patient": {"id": PESEL, "given": "Jan", "family": "Próbny", "city": "Radom"},
        "kind": "own_patient_document",
        "title": "Wypis",
        "created": "2026-03-02T10:15:00",
    }
    write(tmp_path / "in", "scan.pdf.json", json.dumps(description).encode())
    summary = intake.take_folder([tmp_path / "in"])
    assert summary.files == summary.taken == 1
    (row,) = rows_of(clinic_database)
    assert (row.kind, row.title, row.family, row.city) == ("own_patient_document", "Wypis", "Próbny", "Radom")
    assert row.effective_at == datetime(2026, 3, 2, 9, 15, tzinfo=UTC)


def test_attachment_with_options(intake: Intake, clinic_database: Database, tmp_path: Path) -> None:
    """What the caller says goes before description and name."""
    path = write(tmp_path, f"{PESEL}_x.pdf", PDF)
    write(tmp_path, f"{PESEL}_x.pdf.json", b'{"patient": "44051401359", "kind": "attachment"}')
    intake.take(path, patient=CX("7", "1.2.3"), kind=Kind.SHARED_DOCUMENTATION)
    (row,) = rows_of(clinic_database)
    assert (row.kind, row.identifier, row.authority) == ("shared_documentation", "7", "1.2.3")


def test_xml_that_is_no_cda_is_an_attachment(
    intake: Intake, clinic_database: Database, tmp_path: Path
) -> None:
    """Other XML is a document too if somebody says whose."""
    intake.take(write(tmp_path, f"{PESEL}_x.xml", b"<ecg/>"))
    (row,) = rows_of(clinic_database)
    assert (row.kind, row.mime_type) == ("attachment", "text/xml")


def test_a_patient_without_pesel(intake: Intake, clinic_database: Database, tmp_path: Path) -> None:
    """A patient with another identifier is known by that."""
    foreign = cda.PATIENT.replace(f"{cda.P1}.1.1.616", f"{cda.P1}.1.1.276").replace(PESEL, "L01X00T47")
    intake.take(write(tmp_path, "1.xml", cda.document(patient=foreign)))
    (row,) = rows_of(clinic_database)
    assert (row.identifier, row.authority) == ("L01X00T47", f"{cda.P1}.1.1.276")


def test_patients_are_kept_once_and_up_to_date(
    intake: Intake, clinic_database: Database, tmp_path: Path
) -> None:
    """All documents of a patient share one row; a newer name replaces, a missing one does not."""
    renamed = cda.PATIENT.replace("Próbny", "Nowy")
    intake.take(write(tmp_path, "1.xml", cda.document(identity=identity("1"))))
    intake.take(write(tmp_path, "2.xml", cda.document(identity=identity("2"), patient=renamed)))
    intake.take(write(tmp_path, f"{PESEL}_3.pdf", PDF))
    rows = rows_of(clinic_database)
    assert len({row.patient_key for row in rows}) == 1
    assert {row.family for row in rows} == {"Nowy"}


def test_folders_are_walked_in_order(tmp_path: Path) -> None:
    """Hidden files and descriptions are left out, lone JSON files are not, folders are walked in order."""
    for name in ("b/2.xml", "b/.hidden.xml", "a.pdf", "a.pdf.json", "lone.json", ".git/x.xml"):
        write(tmp_path, name, b"x")
    (tmp_path / "loop").symlink_to(tmp_path)
    found = [str(path.relative_to(tmp_path)) for path in find_files([tmp_path])]
    assert found == ["a.pdf", "b/2.xml", "lone.json"]
    assert list(find_files([tmp_path / "a.pdf.json"])) == [tmp_path / "a.pdf.json"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_closed_folder_is_reported(intake: Intake, tmp_path: Path) -> None:
    """A folder nobody may read counts as refused, so that nobody thinks it was taken in."""
    (tmp_path / "closed").mkdir(mode=0)
    assert intake.take_folder([tmp_path]).refused == 1


def test_patients_as_typed() -> None:
    """A PESEL or a CX string names a patient; anything else is refused with what is wrong with it."""
    assert parse_patient(f" {PESEL} ") == CX(PESEL, oids.PESEL)
    assert parse_patient("7^^^&1.2.3&ISO") == CX("7", "1.2.3")
    with pytest.raises(CheckDigitWrong):
        parse_patient("44051401358")
    for typed in ("4405140135", "Jan Kowalski"):
        with pytest.raises(FormWrong):
            parse_patient(typed)
