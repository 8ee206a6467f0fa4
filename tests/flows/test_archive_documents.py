"""The flow archive-documents, against the real service."""

import pytest
import sqlalchemy as sa
from prefect.client.orchestration import get_client

from blocks.errors import BlockMissing
from erepo.clinic.archiving.errors import ArchivingStopped
from erepo.clinic.tables import document, unit
from flows.archive_documents import archive_documents
from flows.import_documents import import_documents
from tests.flows.test_import_documents import newest
from tests.support.chains import version
from tests.support.cloud import RunningCloud
from tests.support.documents import write
from tests.support.flow_clinic import PREFECT, ClinicUnderTest

pytestmark = PREFECT


async def test_everything_due_is_archived(connected: ClinicUnderTest) -> None:
    """Documents of all kinds reach the repository; the page counts them."""
    connected.drop(26)
    await import_documents(quiet_seconds=0)
    await archive_documents()
    assert connected.states() == {"archived": 26}
    page = await newest("archive-summary")
    assert "| archived | 26 |" in page
    assert "| rejected | 0 |" in page


async def test_nothing_due_is_said_so(connected: ClinicUnderTest) -> None:
    """An empty run is a good run."""
    await archive_documents()
    assert "Nothing was due." in await newest("archive-summary")


async def test_many_batches_move_the_bar_and_are_tasks_of_their_own(
    connected: ClinicUnderTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One task per batch, and the bar ends at the full count."""
    monkeypatch.setenv("EREPO_BATCH_DOCUMENTS", "4")
    connected.drop(26)
    await import_documents(quiet_seconds=0)
    state = await archive_documents(return_state=True)
    async with get_client() as client:
        assert state.state_details.flow_run_id is not None
        run = await client.read_flow_run(state.state_details.flow_run_id)
    assert run.name.startswith("archive-2")
    assert connected.states() == {"archived": 26}
    assert await newest("archive-progress") == "100"


async def test_the_service_is_down_and_nothing_is_lost(
    connected: ClinicUnderTest, cloud: RunningCloud, impatient: None
) -> None:
    """The run fails with cause and cure in its message; the next run delivers everything."""
    connected.drop(13)
    await import_documents(quiet_seconds=0)
    cloud.stop()
    state = await archive_documents(return_state=True)
    assert state.is_failed()
    assert state.message is not None
    assert "does not answer" in state.message
    assert "nothing is lost" in state.message
    assert set(connected.states()) <= {"queued", "sending"}
    assert "Stopped early" in await newest("archive-summary")
    cloud.start()
    await archive_documents()
    assert connected.states() == {"archived": 13}


async def test_only_retryable_errors_are_tried_again(
    connected: ClinicUnderTest, cloud: RunningCloud, impatient: None
) -> None:
    """A service that is away is asked five times."""
    connected.drop(3)
    await import_documents(quiet_seconds=0)
    cloud.stop()
    with pytest.raises(ArchivingStopped):
        await archive_documents()


async def test_one_rotten_document_does_not_stop_the_others(connected: ClinicUnderTest) -> None:
    """It ends rejected, named on the page by its opaque id with its reason; the run is a good one."""
    connected.drop(13)
    await import_documents(quiet_seconds=0)
    with connected.database.begin() as connection:
        row = connection.execute(sa.select(document.c.id, document.c.public_id).limit(1)).one()
        # The service compares what it receives with the hash it is told.
        connection.execute(document.update().where(document.c.id == row.id).values(sha1="0" * 40))
    await archive_documents()
    assert connected.states() == {"archived": 12, "rejected": 1}
    assert row.public_id in await newest("archive-summary")


async def test_an_incomplete_structure_is_refused_before_anything_is_sent(connected: ClinicUnderTest) -> None:
    """The message names the record and the field; it is not tried again."""
    connected.drop(3)
    await import_documents(quiet_seconds=0)
    with connected.database.begin() as connection:
        connection.execute(unit.update().values(resort_v=""))
    state = await archive_documents(return_state=True)
    assert state.is_failed()
    assert state.message is not None
    assert "resort_v" in state.message or "V" in state.message
    assert connected.states() == {"local": 3}


async def test_a_missing_block_is_named_with_its_cure(
    clinic: ClinicUnderTest, prefect_database: object
) -> None:
    """Who starts archiving before onboarding is told so."""
    with pytest.raises(BlockMissing, match="onboard-clinic"):
        await archive_documents(connection="never-written")


async def test_a_correction_is_sent_in_the_run_of_what_it_corrects(connected: ClinicUnderTest) -> None:
    """The run plans again once the older versions have arrived."""
    for number in (1, 2, 3):
        write(connected.inbox, f"{number}.xml", version(number))
    await import_documents(quiet_seconds=0)
    await archive_documents()
    assert connected.states() == {"archived": 3}
    assert "| archived | 3 |" in await newest("archive-summary")
