"""No patient data enters Prefect (design §3.2): all flows run with marked patients, then it is read."""

import asyncio
import logging
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from prefect import flow, get_run_logger, task
from prefect.settings import PREFECT_HOME

from erepo.clinic.tables import document, now, patient
from flows.archive_documents import archive_documents
from flows.import_documents import import_documents
from flows.onboard_clinic import onboard_clinic
from flows.verify_archive import verify_archive
from tests.flows.test_onboard_clinic import form, office  # noqa: F401 — fixtures
from tests.support.cloud import RunningCloud
from tests.support.flow_clinic import PREFECT, ClinicUnderTest
from tests.support.prefect import written

pytestmark = PREFECT

MARK = "Brzęczyszczykiewicz"
MARKED_PESEL = "44051401458"


@task(persist_result=True)
async def careless(text: str) -> str:
    """Do all that is forbidden."""
    get_run_logger().warning("looking at %s", text)
    return text


@flow(name="careless")
async def careless_flow(text: str) -> None:
    """Do all that is forbidden, and fail."""
    raise ValueError(await careless(text))


async def test_the_scan_finds_what_is_there(prefect_database: Path) -> None:
    """A careless flow leaves its word in parameters, logs, states and pickled results: all are read."""
    word = "Zażółćgęśląjaźń"
    await careless_flow(word, return_state=True)
    for _ in range(600):
        hits = {where for where, text in written(prefect_database, PREFECT_HOME.value()) if word in text}
        if {"table log", "table flow_run", "table flow_run_state"} <= hits and any(
            "storage" in one for one in hits
        ):
            return
        await asyncio.sleep(0.2)
    pytest.fail(f"found only in {hits}")


def mark(clinic: ClinicUnderTest) -> set[str]:
    """Drop documents of all kinds and rotten ones whose every part tells a patient; return the tell-tales."""
    clinic.drop(13, seed=11)
    box = clinic.inbox
    (box / f"{MARK}_{MARKED_PESEL}.xml").write_text(f"<ClinicalDocument><name>{MARK}</name>")
    (box / f"{MARKED_PESEL[:-1]}0_{MARK}.pdf").write_bytes(b"%PDF-1.4 " + MARKED_PESEL.encode())
    (box / f"{MARK}.docx").write_bytes(b"PK\x03\x04" + MARKED_PESEL.encode())
    (box / f"dtd_{MARK}.xml").write_text(f'<!DOCTYPE a [<!ENTITY b "{MARKED_PESEL}">]><a>&b;</a>')
    return {MARK, MARKED_PESEL, *(file.name for file in box.iterdir())}


def telltales(clinic: ClinicUnderTest) -> set[str]:
    """Return what the clinic's database knows of its patients and their documents."""
    with clinic.database.read() as connection:
        people = connection.execute(sa.select(patient.c.identifier, patient.c.family, patient.c.street)).all()
        documents = connection.execute(
            sa.select(document.c.unique_id, document.c.sha256, document.c.title)
        ).all()
    # A title alone ("Karta informacyjna") tells nothing of a person; ids and names do.
    return {text for row in people for text in row if len(text) > 4} | {
        text for row in documents for text in row[:2]
    }


async def test_no_patient_data_enters_prefect(
    clinic: ClinicUnderTest,
    cloud: RunningCloud,
    form: dict[str, object],  # noqa: F811 — the fixture
    impatient: None,
    prefect_database: Path,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    """Good runs, refusals, a rejected document, a dead service, unforeseen errors: zero hits anywhere."""
    caplog.set_level(logging.DEBUG)
    marks = mark(clinic)
    connection = str(form["connection"])
    await onboard_clinic(**form)
    await import_documents(connection, quiet_seconds=0)
    with clinic.database.begin() as rows:
        first = sa.select(sa.func.min(document.c.id)).scalar_subquery()
        rows.execute(document.update().where(document.c.id == first).values(sha1="0" * 40))
    cloud.stop()
    await archive_documents(connection, return_state=True)
    cloud.start()
    await archive_documents(connection)
    await archive_documents(connection, dry_run=True, taken_in_from="2026-01-01")
    with clinic.database.begin() as rows:
        rows.execute(document.update().values(archived_at=now() - timedelta(days=31)))
    await archive_documents(connection)
    assert clinic.states()["remote"] >= 1
    await verify_archive(connection, notify="nobody-has-this", return_state=True)
    await _unforeseen(clinic, connection)
    marks |= telltales(clinic)
    assert len(marks) > 30
    assert clinic.states()["rejected"] >= 1
    output = capfd.readouterr()
    texts = list(written(prefect_database, PREFECT_HOME.value()))
    texts += [("log", caplog.text), ("standard output", output.out), ("standard error", output.err)]
    hits = {(where, text.count(one)) for one in marks for where, text in texts if one in text}
    assert hits == set()
    assert any("archive-" in text for where, text in texts if where == "table flow_run")
    assert any("ArchivingStopped" in text for where, text in texts if where.startswith("table"))


async def _unforeseen(clinic: ClinicUnderTest, connection: str) -> None:
    """Let the content of a document vanish and its row hold nonsense, as no program foresees."""
    clinic.drop(3, seed=12)
    await import_documents(connection, quiet_seconds=0)
    with clinic.database.begin() as rows:
        rows.execute(document.update().where(document.c.state == "local").values(header={"patient": MARK}))
    await archive_documents(connection, return_state=True)
    with clinic.database.begin() as rows:
        rows.execute(sa.text("ALTER TABLE submission RENAME TO lost"))
    await archive_documents(connection, return_state=True)
    with clinic.database.begin() as rows:
        rows.execute(sa.text("ALTER TABLE lost RENAME TO submission"))
