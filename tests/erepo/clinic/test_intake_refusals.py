"""Taking documents in: every unfit file is refused for its own reason, and never stops the others."""

import os
from pathlib import Path

import pytest

from erepo.clinic.content import ContentStore
from erepo.clinic.database import Database
from erepo.clinic.intake import Intake, Outcome, Status
from erepo.settings import Limits, Settings
from tests.support import cda_documents as cda
from tests.support.documents import identity, rows_of, write

PESEL = "44051401359"
PDF = b"%PDF-1.7\n1 0 obj\n"


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
    path = write(tmp_path, name, octets)
    outcome = Intake(clinic_database, clinic_store, settings).take(path, delete_source=True)
    assert outcome.status is Status.REFUSED
    assert outcome.reason is not None
    assert outcome.reason.code == code
    assert not outcome.reason.retryable
    assert path.read_bytes() == octets
    assert rows_of(clinic_database) == []
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
    path = write(tmp_path, "scan.pdf", PDF)
    write(tmp_path, "scan.pdf.json", description)
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
        octets = b"<ClinicalDocument" if rotten else cda.document(identity=identity(str(number)))
        write(tmp_path / "in", f"{number:03}.xml", octets)
    seen: list[Outcome] = []
    summary = intake.take_folder([tmp_path / "in"], seen.append)
    assert (summary.taken, summary.refused) == (147, 3)
    assert [one.path.name for one in seen] == [f"{number:03}.xml" for number in range(150)]
    assert sum(summary.reasons.values()) == 3
    assert summary.as_json()["files"] == 150


def test_outcomes_show_no_names(intake: Intake, tmp_path: Path) -> None:
    """Neither the printed form of an outcome nor its error tells a file name, for it may hold a PESEL."""
    outcome = intake.take(write(tmp_path, f"{PESEL}_note.txt", b"text"))
    assert PESEL not in repr(outcome)
    assert PESEL not in str(outcome.reason)
