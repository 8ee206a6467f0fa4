"""The main job against the real service: official and generated documents in, archived, found, read back."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from erepo.cda.kinds import KINDS, Kind
from erepo.cda.samples import generate
from erepo.clinic.archiving import reconcile, send_batch, summary
from erepo.clinic.content import ContentStore
from erepo.clinic.intake import Intake
from erepo.clinic.kinds import set_rule
from erepo.clinic.tables import document
from erepo.clinic.verifying import verify
from erepo.content import read_all
from erepo.xds import iti18, iti43
from tests.support.clinic_side import Clinic, new_clinic
from tests.support.cloud import RunningCloud, running_cloud

EXAMPLES = Path(__file__).parents[3] / "shared" / "pik" / "examples"
#: Kinds of the official examples, by the end of their file names.
EXAMPLE_KINDS = {
    "3-1": Kind.PRESCRIPTION,
    "4-1": Kind.REFERRAL_HOSPITAL,
    "4-2": Kind.REFERRAL_REHABILITATION,
    "4-3": Kind.REFERRAL_DIAGNOSTIC_P1,
    "14-1": Kind.CANCELLING_DOCUMENT,
    "15-1": Kind.OTHER_PIK,
    "15-1B-pdf": Kind.OTHER_PIK,
    "16-1": Kind.DIAGNOSTIC_RESULT,
    "17-1": Kind.LAB_RESULT,
    "17-3B-jpeg": Kind.LAB_RESULT,
    "18-1": Kind.DISCHARGE_SUMMARY,
    "19-1": Kind.ADMISSION_REFUSAL,
    "20-1": Kind.OTHER_PIK,
    "26-1": Kind.PRESCRIPTION,
    "27-1": Kind.OTHER_PIK,
    "28-1": Kind.REFERRING_DOCTOR_INFORMATION,
}


@pytest.fixture
def cloud(tmp_path: Path) -> Iterator[RunningCloud]:
    """Run a service of its own."""
    with running_cloud(tmp_path / "service") as cloud:
        yield cloud


@pytest.fixture
def clinic(tmp_path: Path, cloud: RunningCloud) -> Iterator[Clinic]:
    """Set up a clinic with an account."""
    with new_clinic(tmp_path / "clinic", cloud.tenant) as clinic:
        yield clinic


def take_in(clinic: Clinic, folder: Path) -> None:
    """Take a folder in and make everything in it due, also kinds that are not archived by themselves."""
    with clinic.database.begin() as connection:
        for kind in KINDS:
            set_rule(connection, kind, auto_archive=True, local_days=0)
    files = sorted(folder.iterdir())
    outcome = Intake.at(clinic.database, clinic.settings).take_folder(files)
    assert outcome.taken == len(files)


@pytest.mark.skipif(not EXAMPLES.is_dir(), reason="the official examples are not here")
async def test_every_official_example_is_archived_found_and_returned_byte_equal(clinic: Clinic) -> None:
    """The 16 official documents, half of which share one id, keep their kinds and come back byte-equal."""
    take_in(clinic, EXAMPLES)
    await clinic.send_all()

    originals = {
        path.read_bytes(): path.stem.removeprefix("2.16.840.1.113883.3.4424.13.10.1.")
        for path in EXAMPLES.iterdir()
    }
    with clinic.database.read() as connection:
        rows = connection.execute(sa.select(document.c.unique_id, document.c.kind, document.c.state)).all()
    kinds = {}
    async with clinic.connection() as connection:
        for row in rows:
            found = await connection.query(iti18.get_documents(unique_ids=[row.unique_id]))
            assert len(found.metadata.documents) == 1
            wanted = iti43.DocumentRequest(connection.repository_unique_id, row.unique_id)
            (answer,) = (await connection.retrieve([wanted])).documents
            kinds[originals[read_all(answer.content)]] = row.kind
    assert {row.state for row in rows} == {"archived"}
    assert kinds == EXAMPLE_KINDS


async def test_generated_documents_of_every_kind_come_back_equal(clinic: Clinic, tmp_path: Path) -> None:
    """Documents of all our kinds and of plain attachments are archived and read back equal."""
    folder = tmp_path / "documents"
    folder.mkdir()
    for sample in generate(11, 120):
        (folder / sample.file_name).write_bytes(sample.octets)
    take_in(clinic, folder)

    await clinic.send_all()

    async with clinic.connection() as connection:
        report = await verify(connection, clinic.database, read_back=True)
    assert (report.checked, report.equal) == (120, 120)


async def test_one_rotten_document_among_500_stops_no_other(clinic: Clinic, tmp_path: Path) -> None:
    """A document the service refuses ends rejected with its reason; the other 499 are archived."""
    clinic.take_in(
        [one.octets for one in generate(5, 500, kinds=["lab_result"], size=9_000)], tmp_path / "in"
    )
    with clinic.database.read() as connection:
        row = connection.execute(sa.select(document).limit(1).offset(250)).one()
    path = ContentStore.at(clinic.settings).path(row.sha256)
    path.chmod(0o600)
    path.write_bytes(path.read_bytes().replace(b"ClinicalDocument", b"clinicalDocument"))

    await clinic.send_all()

    assert clinic.states() == {"archived": 499, "rejected": 1}
    with clinic.database.read() as connection:
        rotten = connection.execute(sa.select(document).where(document.c.state == "rejected")).one()
    assert rotten.public_id == row.public_id
    assert rotten.reason_code
    assert rotten.reason_text
    assert rotten.next_step


async def test_a_service_that_is_down_for_the_whole_run_loses_nothing(
    cloud: RunningCloud, clinic: Clinic, tmp_path: Path
) -> None:
    """The run ends with cause and cure, every document stays queued, and the next run delivers all."""
    clinic.take_in([one.octets for one in generate(6, 60, kinds=["lab_result"], size=9_000)], tmp_path / "in")
    cloud.kill()
    results = await clinic.send_all()

    problem = summary(results, 0).problem
    assert problem is not None
    assert problem.retryable
    assert "127.0.0.1" in problem.cause_en
    assert "next run" in problem.cure_en
    assert clinic.states() == {"queued": 60}

    cloud.start()
    async with clinic.connection() as connection:
        await reconcile(connection, clinic.database)
        for batch in clinic.plan().batches:
            await send_batch(connection, clinic.database, batch)
    assert clinic.states() == {"archived": 60}


async def test_what_a_restored_service_has_forgotten_is_sent_again(
    cloud: RunningCloud, clinic: Clinic, tmp_path: Path
) -> None:
    """After the service came back from an older backup, verify names what is lost and queues it again."""
    clinic.take_in([one.octets for one in generate(7, 10, kinds=["lab_result"], size=9_000)], tmp_path / "in")
    await clinic.send_all()
    cloud.stop()
    backup = tmp_path / "backup"
    shutil.copytree(cloud.settings.cloud_home, backup)
    cloud.start()
    clinic.take_in(
        [one.octets for one in generate(8, 5, kinds=["lab_result"], size=9_000)], tmp_path / "more"
    )
    await clinic.send_all()
    cloud.stop()
    shutil.rmtree(cloud.settings.cloud_home)
    shutil.copytree(backup, cloud.settings.cloud_home)
    cloud.start()

    words = run(clinic, "verify", "--send-again", status=1)
    assert "verified 10/15, different 0, missing 5" in words
    assert "5 of the missing will be sent" in words
    run(clinic, "archive", status=0)
    assert "verified 15/15" in run(clinic, "verify", "--read-back", status=0)


def run(clinic: Clinic, *arguments: str, status: int) -> str:
    """Run one command of the clinic to its expected end and return what it wrote."""
    process = clinic.start(*arguments)
    words = process.communicate(timeout=300)
    assert process.returncode == status, words
    return words[0].decode()
