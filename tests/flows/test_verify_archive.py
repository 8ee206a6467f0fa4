"""Archiving into the eArchiwum and verifying it by the real flows: the database's block alone is needed."""

from pathlib import Path

import httpx
import pytest
import sqlalchemy as sa
from prefect.settings import PREFECT_API_URL

from erepo.clinic.intake import Intake
from erepo.clinic.repositories import init_earchive
from erepo.clinic.tables import document, now
from erepo.clinic.tables_earchive import repair
from flows.archive_documents import archive_documents
from flows.check_account import check_account
from flows.rotate_certificates import rotate_certificates
from flows.sync_structure import sync_structure
from flows.verify_archive import verify_archive
from tasks import verifying
from tests.support.flow_clinic import PREFECT, ClinicUnderTest

pytestmark = PREFECT

#: No such block: other tests leave one under the usual name.
NOBODY = "nobody-has-this"


def artifact(key: str) -> str:
    """Return the latest page under a key."""
    answer = httpx.post(
        f"{PREFECT_API_URL.value()}/artifacts/latest/filter",
        json={"artifacts": {"key": {"any_": [key]}}},
        timeout=60,
    )
    return str(answer.json()[0]["data"])


@pytest.fixture
def archive(database_only: ClinicUnderTest, tmp_path: Path) -> Path:
    """Set an eArchiwum up for a clinic that has no account, with documents that are due."""
    folder = tmp_path / "share"
    folder.mkdir()
    init_earchive(database_only.database, database_only.settings, folder)
    database_only.drop(8)
    Intake.at(database_only.database, database_only.settings).take_folder([database_only.inbox])
    with database_only.database.begin() as connection:
        connection.execute(document.update().where(document.c.due_at.is_not(None)).values(due_at=now()))
    return folder


async def test_an_earchiwum_clinic_archives_and_is_verified(
    database_only: ClinicUnderTest, archive: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Archived and read back; then a flipped bit ends the run Failed, with event, page, and plan."""
    for flow in (check_account, sync_structure, rotate_certificates):
        state = await flow(return_state=True)
        assert state.is_completed(), flow
        assert "eArchiwum" in (state.message or "")
    await archive_documents()
    archived = database_only.states()["archived"]
    assert archived > 0
    monkeypatch.setenv("EREPO_VERIFY__DAYS", "1")
    await verify_archive(notify=NOBODY)
    assert f"{archived}/{archived}" in artifact("verify-summary")
    victim = next((archive / "blobs").glob("*/??/*"))
    victim.chmod(0o600)
    victim.write_bytes(victim.read_bytes()[:-1] + b"!")
    told = []

    async def emit(*event: object) -> None:
        told.append(event)

    monkeypatch.setattr(verifying, "emit", emit)
    with database_only.database.begin() as connection:
        connection.execute(document.update().values(read_back_at=None))
    state = await verify_archive(notify=NOBODY, return_state=True)
    assert state.is_failed()
    with database_only.database.read() as connection:
        [row] = connection.execute(sa.select(repair.c.action, repair.c.told_at, document.c.public_id).join(
            document)).all()  # fmt: skip
    assert row.action == "replace"
    assert row.told_at is not None
    assert [(one[0], one[1]) for one in told] == [
        ("erepo.archive.difference", f"erepo.document.{row.public_id}")
    ]
    page = artifact("verify-summary")
    assert row.public_id in page
    assert "remove and send again" in page
    await verify_archive(notify=NOBODY, return_state=True)
    assert len(told) == 1
