"""Taking documents in: each file has one outcome, each content is taken once, nothing is lost."""

import json
import os
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from erepo.cda.kinds import Kind
from erepo.cda.samples import generate
from erepo.clinic.content import ContentStore, Draft
from erepo.clinic.database import Database
from erepo.clinic.headers import read_stored_header
from erepo.clinic.intake import Intake, Outcome, Status, find_files, parse_patient
from erepo.clinic.states import State, move
from erepo.clinic.tables import document, patient
from erepo.content import read_all
from erepo.identifiers import oids
from erepo.identifiers.hl7 import CX
from erepo.settings import Limits, Settings
from tests.support import cda_documents as cda
from tests.support.documents import history_of

PESEL = "44051401359"
PDF = b"%PDF-1.7\n1 0 obj\n"
PNG = b"\x89PNG\r\n\x1a\n" + b"0" * 32


def _rows(database: Database) -> Sequence[Any]:
    statement = sa.select(
        document, patient.c.identifier, patient.c.authority, patient.c.family, patient.c.city
    )
    with database.read() as connection:
        return connection.execute(
            statement.join(patient, patient.c.id == document.c.patient_key).order_by(document.c.id)
        ).all()


def _write(folder: Path, name: str, octets: bytes) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(octets)
    return path


def _identity(extension: str) -> str:
    return f'<id root="{cda.P1}.2.7.100300.7.1" extension="{extension}"/>'


def test_a_cda_document(
    intake: Intake, clinic_database: Database, clinic_store: ContentStore, tmp_path: Path
) -> None:
    """A PIK document becomes a row with all the archive needs, its bytes unchanged, its history begun."""
    octets = cda.document()
    outcome = intake.take(_write(tmp_path, "result.xml", octets))
    assert outcome.status is Status.TAKEN
    (row,) = _rows(clinic_database)
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
    first = _write(tmp_path, "a/1.xml", cda.document())
    again = _write(tmp_path, "a/2.xml", cda.document())
    summary = intake.take_folder([tmp_path / "a"])
    assert (summary.taken, summary.known, summary.refused) == (1, 1, 0)
    outcomes = [intake.take(first), intake.take(again)]
    assert {one.status for one in outcomes} == {Status.KNOWN}
    assert len({one.public_id for one in outcomes}) == 1
    assert len(_rows(clinic_database)) == 1


def test_naming_a_path_twice_counts_twice(intake: Intake, tmp_path: Path) -> None:
    """Every file named has an outcome, even one named twice."""
    path = _write(tmp_path, "1.xml", cda.document())
    summary = intake.take_folder([path, path])
    assert summary.files == 2
    assert summary.taken >= 1


def test_one_id_for_two_contents(intake: Intake, clinic_database: Database, tmp_path: Path) -> None:
    """Of two contents with one CDA id the later gets its own, a warning, and the CDA id as reference."""
    intake.take(_write(tmp_path, "1.xml", cda.document(title="<title>Pierwszy</title>")))
    intake.take(_write(tmp_path, "2.xml", cda.document(title="<title>Drugi</title>")))
    first, second = _rows(clinic_database)
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
    rows = _rows(clinic_database)
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
        _write(tmp_path / "in", name, sample.octets)
    seen: list[Outcome] = []
    summary = intake.take_folder([tmp_path / "in"], seen.append)
    assert (summary.taken, summary.refused) == (80, 0)
    assert len(seen) == 80
    for row in _rows(clinic_database):
        assert row.kind == made[row.source_name].kind
        assert row.identifier == made[row.source_name].patient_pesel


# Attachments


def test_attachment_named_after_its_patient(
    intake: Intake, clinic_database: Database, tmp_path: Path
) -> None:
    """A file whose name begins with a valid PESEL and an underscore belongs to that patient."""
    intake.take(_write(tmp_path, f"{PESEL}_zdjecie.png", PNG))
    (row,) = _rows(clinic_database)
    assert (row.kind, row.mime_type, row.identifier) == ("attachment", "image/png", PESEL)
    assert row.unique_id.startswith("2.25.")
    assert row.header is None


def test_attachment_with_a_description(intake: Intake, clinic_database: Database, tmp_path: Path) -> None:
    """The file beside it names patient, kind, title and time; it is not taken for a document itself."""
    _write(tmp_path / "in", "scan.pdf", PDF)
    description = {
        "patient": {"id": PESEL, "given": "Jan", "family": "Próbny", "city": "Radom"},
        "kind": "own_patient_document",
        "title": "Wypis",
        "created": "2026-03-02T10:15:00",
    }
    _write(tmp_path / "in", "scan.pdf.json", json.dumps(description).encode())
    summary = intake.take_folder([tmp_path / "in"])
    assert summary.files == summary.taken == 1
    (row,) = _rows(clinic_database)
    assert (row.kind, row.title, row.family, row.city) == ("own_patient_document", "Wypis", "Próbny", "Radom")
    assert row.effective_at == datetime(2026, 3, 2, 9, 15, tzinfo=UTC)


def test_attachment_with_options(intake: Intake, clinic_database: Database, tmp_path: Path) -> None:
    """What the caller says goes before description and name."""
    path = _write(tmp_path, f"{PESEL}_x.pdf", PDF)
    _write(tmp_path, f"{PESEL}_x.pdf.json", b'{"patient": "44051401359", "kind": "attachment"}')
    intake.take(path, patient=CX("7", "1.2.3"), kind=Kind.SHARED_DOCUMENTATION)
    (row,) = _rows(clinic_database)
    assert (row.kind, row.identifier, row.authority) == ("shared_documentation", "7", "1.2.3")


def test_xml_that_is_no_cda_is_an_attachment(
    intake: Intake, clinic_database: Database, tmp_path: Path
) -> None:
    """Other XML is a document too if somebody says whose."""
    intake.take(_write(tmp_path, f"{PESEL}_x.xml", b"<ecg/>"))
    (row,) = _rows(clinic_database)
    assert (row.kind, row.mime_type) == ("attachment", "text/xml")


def test_a_patient_without_pesel(intake: Intake, clinic_database: Database, tmp_path: Path) -> None:
    """A patient with another identifier is known by that."""
    foreign = cda.PATIENT.replace(f"{cda.P1}.1.1.616", f"{cda.P1}.1.1.276").replace(PESEL, "L01X00T47")
    intake.take(_write(tmp_path, "1.xml", cda.document(patient=foreign)))
    (row,) = _rows(clinic_database)
    assert (row.identifier, row.authority) == ("L01X00T47", f"{cda.P1}.1.1.276")


def test_patients_are_kept_once_and_up_to_date(
    intake: Intake, clinic_database: Database, tmp_path: Path
) -> None:
    """All documents of a patient share one row; a newer name replaces, a missing one does not."""
    renamed = cda.PATIENT.replace("Próbny", "Nowy")
    intake.take(_write(tmp_path, "1.xml", cda.document(identity=_identity("1"))))
    intake.take(_write(tmp_path, "2.xml", cda.document(identity=_identity("2"), patient=renamed)))
    intake.take(_write(tmp_path, f"{PESEL}_3.pdf", PDF))
    rows = _rows(clinic_database)
    assert len({row.patient_key for row in rows}) == 1
    assert {row.family for row in rows} == {"Nowy"}


# Refusals


@pytest.mark.parametrize(
    ("name", "octets", "code"),
    [
        ("empty.xml", b"", "file.empty"),
        ("note.txt", b"just text", "cda.unsupported-media"),
        ("broken.xml", cda.document()[:-5], "cda.not-xml"),
        (f"{PESEL}_cut.xml", b"<ecg>", "cda.not-xml"),
        ("doctype.xml", b"<!DOCTYPE x []>" + cda.document(prolog=""), "cda.doctype"),
        ("noname.pdf", PDF, "patient.unknown"),
        ("44051401358_wrong.pdf", PDF, "patient.unknown"),
        ("nopatient.xml", cda.document(patient=""), "cda.header-incomplete"),
        ("huge.pdf", b"%PDF-" + b"0" * 100_000, "cda.too-large"),
    ],
)
def test_refusals(
    clinic_database: Database, clinic_store: ContentStore, tmp_path: Path, name: str, octets: bytes, code: str
) -> None:
    """Each unfit file is refused for its own reason; nothing of it is stored, the file stays."""
    settings = Settings(limits=Limits(document=50_000))
    path = _write(tmp_path, name, octets)
    outcome = Intake(clinic_database, clinic_store, settings).take(path, delete_source=True)
    assert outcome.status is Status.REFUSED
    assert outcome.reason is not None
    assert outcome.reason.code == code
    assert not outcome.reason.retryable
    assert path.read_bytes() == octets
    assert _rows(clinic_database) == []
    assert list(clinic_store.stored()) == []


@pytest.mark.parametrize(
    ("description", "field"),
    [
        (b"{", "(file)"),
        (b"[]", "(file)"),
        (b"{" + b" " * 70_000 + b"}", "(file)"),
        (b'{"patient": 7}', "patient"),
        (b'{"patient": "nobody"}', "patient"),
        (b'{"patient": {"id": ""}}', "patient.id"),
        (b'{"patient": {"id": "1", "authority": "x"}}', "patient.authority"),
        (b'{"patient": {"id": "1", "given": 1}}', "given"),
        (b'{"kind": "novel"}', "kind"),
        (b'{"title": 7}', "title"),
        (b'{"created": "yesterday"}', "created"),
    ],
)
def test_a_wrong_description_is_refused_by_field(
    intake: Intake, tmp_path: Path, description: bytes, field: str
) -> None:
    """What is wrong in the file beside a document is named by its field."""
    path = _write(tmp_path, "scan.pdf", PDF)
    _write(tmp_path, "scan.pdf.json", description)
    reason = intake.take(path).reason
    assert reason is not None
    assert (reason.code, reason.data) == ("sidecar.invalid", {"field": field})


def test_what_cannot_be_read(intake: Intake, tmp_path: Path) -> None:
    """Missing files, folders named as files, and pipes are refused without waiting for them."""
    pipe = tmp_path / "pipe.xml"
    os.mkfifo(pipe)
    for path in (tmp_path / "none.xml", tmp_path, pipe):
        reason = intake.take(path).reason
        assert reason is not None
        assert reason.code == "file.unreadable"


def test_a_rotten_file_does_not_stop_the_others(intake: Intake, tmp_path: Path) -> None:
    """Of many files only the rotten ones are refused; each has one outcome in the order of names."""
    for number in range(150):
        rotten = number % 50 == 7
        octets = b"<ClinicalDocument" if rotten else cda.document(identity=_identity(str(number)))
        _write(tmp_path / "in", f"{number:03}.xml", octets)
    seen: list[Outcome] = []
    summary = intake.take_folder([tmp_path / "in"], seen.append)
    assert (summary.taken, summary.refused) == (147, 3)
    assert [one.path.name for one in seen] == [f"{number:03}.xml" for number in range(150)]
    assert sum(summary.reasons.values()) == 3
    assert summary.as_json()["files"] == 150


def test_outcomes_show_no_names(intake: Intake, tmp_path: Path) -> None:
    """Neither the printed form of an outcome nor its error tells a file name, for it may hold a PESEL."""
    outcome = intake.take(_write(tmp_path, f"{PESEL}_note.txt", b"text"))
    assert PESEL not in repr(outcome)
    assert PESEL not in str(outcome.reason)


# Deleting originals, only if asked


def test_originals_stay(intake: Intake, tmp_path: Path) -> None:
    """Without being asked, no original is touched."""
    path = _write(tmp_path, "1.xml", cda.document())
    assert not intake.take(path).deleted
    assert path.exists()


def test_originals_go_when_asked_after_being_read_back(
    intake: Intake, clinic_database: Database, tmp_path: Path
) -> None:
    """The original and its description go after the copy has been read back equal and that is recorded."""
    path = _write(tmp_path, "scan.pdf", PDF)
    _write(tmp_path, "scan.pdf.json", json.dumps({"patient": PESEL}).encode())
    outcome = intake.take(path, delete_source=True)
    assert outcome.deleted
    assert not path.exists()
    assert not (tmp_path / "scan.pdf.json").exists()
    (row,) = _rows(clinic_database)
    with clinic_database.read() as connection:
        assert [event["event"] for event in history_of(connection, row.id)] == ["taken_in", "read_back_equal"]


def test_a_known_original_goes_too(intake: Intake, tmp_path: Path) -> None:
    """A crash between commit and deletion is made good by the next run."""
    path = _write(tmp_path, "1.xml", cda.document())
    intake.take(path)
    outcome = intake.take(path, delete_source=True)
    assert (outcome.status, outcome.deleted, path.exists()) == (Status.KNOWN, True, False)


def test_an_original_without_local_copy_stays(
    intake: Intake, clinic_database: Database, clinic_store: ContentStore, tmp_path: Path
) -> None:
    """If the content lies in the repository only, the original is kept and the outcome says why."""
    path = _write(tmp_path, "1.xml", cda.document())
    intake.take(path)
    (row,) = _rows(clinic_database)
    with clinic_database.begin() as connection:
        for source, target in (
            ("local", "queued"),
            ("queued", "sending"),
            ("sending", "archived"),
            ("archived", "remote"),
        ):
            move(connection, [row.id], State(source), State(target), "moved")
    clinic_store.remove(row.sha256)
    outcome = intake.take(path, delete_source=True)
    assert (outcome.status, outcome.deleted) == (Status.KNOWN, False)
    assert outcome.reason is not None
    assert outcome.reason.code == "file.original-kept"
    assert path.exists()
    assert list(clinic_store.stored()) == []


# Damage and large files


def test_lost_content_is_restored(
    intake: Intake, clinic_database: Database, clinic_store: ContentStore, tmp_path: Path
) -> None:
    """Importing a known document again brings back a copy that has been lost."""
    path = _write(tmp_path, "1.xml", cda.document())
    intake.take(path)
    (row,) = _rows(clinic_database)
    clinic_store.remove(row.sha256)
    assert intake.take(path).status is Status.KNOWN
    assert clinic_store.check(row.sha256).size == row.size


def test_large_files_are_copied_not_held(
    intake: Intake, clinic_database: Database, clinic_store: ContentStore, tmp_path: Path
) -> None:
    """A large document is stored, hashed and described like any other, and leaves no draft."""
    filler = "<component><nonXMLBody><text>" + "QUJD" * 1_500_000 + "</text></nonXMLBody></component>"
    octets = cda.document(rest=filler)
    path = _write(tmp_path, "large.xml", octets)
    assert intake.take(path).status is Status.TAKEN
    assert intake.take(path).status is Status.KNOWN
    _write(tmp_path, "large.bin", b"\0" * 5_000_000)
    assert intake.take(tmp_path / "large.bin").status is Status.REFUSED
    (row,) = _rows(clinic_database)
    assert read_all(clinic_store.open(row.sha256)) == octets
    assert list((clinic_store.root / ".incoming").iterdir()) == []


class _Meanwhile(ContentStore):
    """A store during whose copying somebody appends to the original."""

    source: Path

    def draft(self, source: Iterable[bytes | memoryview]) -> Draft:
        """Copy, and let the original grow."""
        made = super().draft(source)
        with self.source.open("ab") as file:
            file.write(b"more")
        return made


def test_a_file_that_grows_is_not_taken(
    clinic_database: Database, clinic_settings: Settings, intake: Intake, tmp_path: Path
) -> None:
    """A file still being written is refused and leaves no draft; when it rests, it is taken."""
    path = _write(tmp_path, f"{PESEL}_large.pdf", PDF + b"0" * 5_000_000)
    store = _Meanwhile(clinic_settings.clinic_home / "content")
    store.source = path
    reason = Intake(clinic_database, store, clinic_settings).take(path).reason
    assert reason is not None
    assert reason.data == {"problem": "it changed while being read"}
    assert list((store.root / ".incoming").iterdir()) == []
    assert intake.take(path).status is Status.TAKEN


@pytest.mark.parametrize(
    ("time", "born", "year"),
    [
        ("20260101", "19440514", 2046),
        ("20261231235900+0100", "19440514", 2046),
        ("20260601", "20240101", 2048),
        ("20260601", "20230101", 2046),
        ("someday", "19440514", datetime.now(UTC).year + 20),
    ],
)
def test_how_long_documents_are_kept(
    intake: Intake, clinic_database: Database, tmp_path: Path, time: str, born: str, year: int
) -> None:
    """Twenty years from the year of the entry in Poland, 22 for children up to two."""
    patient = cda.PATIENT.replace("19440514", born)
    octets = cda.document(time=f'<effectiveTime value="{time}"/>', patient=patient)
    intake.take(_write(tmp_path, "1.xml", octets))
    (row,) = _rows(clinic_database)
    assert row.destroy_after_year == year


@pytest.mark.parametrize("identity", ['<id root="not-an-oid" extension="1"/>', _identity("x" * 200)])
def test_an_id_that_xds_cannot_carry(
    intake: Intake, clinic_database: Database, tmp_path: Path, identity: str
) -> None:
    """A document whose id is no XDS id is taken in under its own, with a warning."""
    intake.take(_write(tmp_path, "1.xml", cda.document(identity=identity)))
    (row,) = _rows(clinic_database)
    assert row.unique_id.startswith("2.25.")
    assert {"code": "id.unusable", "field": "id"} in row.warnings


def test_imports_at_the_same_time(
    clinic_database: Database, clinic_store: ContentStore, clinic_settings: Settings, tmp_path: Path
) -> None:
    """Six imports of the same folder at once take each document exactly once."""
    for number in range(60):
        _write(tmp_path / "in", f"{number}.xml", cda.document(identity=_identity(str(number))))

    def run(_: int) -> tuple[int, int]:
        summary = Intake(clinic_database, clinic_store, clinic_settings).take_folder([tmp_path / "in"])
        return summary.taken, summary.taken + summary.known

    with ThreadPoolExecutor(6) as threads:
        results = list(threads.map(run, range(6)))
    assert sum(taken for taken, _ in results) == 60
    assert {total for _, total in results} == {60}
    assert len(_rows(clinic_database)) == 60


# Finding files


def test_folders_are_walked_in_order(tmp_path: Path) -> None:
    """Hidden files and descriptions are left out, lone JSON files are not, folders are walked in order."""
    for name in ("b/2.xml", "b/.hidden.xml", "a.pdf", "a.pdf.json", "lone.json", ".git/x.xml"):
        _write(tmp_path, name, b"x")
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
    """A PESEL or a CX string names a patient; anything else is refused."""
    assert parse_patient(f" {PESEL} ") == CX(PESEL, oids.PESEL)
    assert parse_patient("7^^^&1.2.3&ISO") == CX("7", "1.2.3")
    with pytest.raises(Exception, match="does not say which patient"):
        parse_patient("44051401358")
