"""The flow archive-documents, against the real service."""

from datetime import timedelta

import pytest
import sqlalchemy as sa
from prefect.client.orchestration import get_client

from blocks.errors import BlockMissing
from erepo.cda.kinds import Kind
from erepo.clinic.archiving.errors import ArchivingStopped
from erepo.clinic.tables import document, now, unit
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
    assert "- unit 1" in state.message
    page = await newest("archive-summary")
    assert any(line.startswith("- unit 1") and "(resort_v)" in line for line in page.splitlines())
    assert connected.states() == {"local": 3}


async def test_a_chosen_kind_goes_and_the_rest_is_counted(connected: ClinicUnderTest) -> None:
    """Kinds and days choose; the page tells how many stay, and for which reason."""
    connected.drop(26)
    await import_documents(quiet_seconds=0)
    with connected.database.read() as connection:
        question = sa.select(sa.func.count()).where(document.c.kind == "lab_result")
        wanted = connection.execute(question).scalar_one()
    await archive_documents(kinds=[Kind.LAB_RESULT], taken_in_from="2026-01-01")
    assert connected.states() == {"archived": wanted, "local": 26 - wanted}
    assert f"| due, but not chosen | {26 - wanted} |" in await newest("archive-summary")


async def test_a_dry_run_sends_nothing_and_leaves_a_page(
    connected: ClinicUnderTest, cloud: RunningCloud
) -> None:
    """What would be sent stands on the page, by kind, also while the service is down."""
    connected.drop(13)
    await import_documents(quiet_seconds=0)
    cloud.stop()
    await archive_documents(dry_run=True, kinds=[Kind.LAB_RESULT])
    assert connected.states() == {"local": 13}
    page = await newest("archive-outlook")
    assert "| Laboratory result | 1 |" in page
    assert "due, but not chosen" in page


async def test_a_dry_run_lists_what_is_in_the_way(connected: ClinicUnderTest) -> None:
    """Each missing code has its line on the page; the run is a good one."""
    with connected.database.begin() as connection:
        connection.execute(unit.update().values(resort_v=""))
    await archive_documents(dry_run=True)
    page = await newest("archive-outlook")
    assert "Nothing would be sent at all" in page
    assert any(line.startswith("- unit 1") and "(resort_v)" in line for line in page.splitlines())


@pytest.mark.parametrize("choice", [{"taken_in_from": "2026-02-31"}, {"effective_from": "1800-01-01"}])
async def test_days_that_cannot_be_are_refused(connected: ClinicUnderTest, choice: dict[str, str]) -> None:
    """A day of no calendar, or of no sensible year: the run fails with words before anything is sent."""
    state = await archive_documents(**choice, return_state=True)  # type: ignore[arg-type]
    assert state.is_failed()
    assert "Nothing was sent" in (state.message or "")


async def test_local_copies_leave_after_their_days(connected: ClinicUnderTest) -> None:
    """The same run that archives removes what is over and confirmed; the page counts it."""
    connected.drop(13)
    await import_documents(quiet_seconds=0)
    await archive_documents()
    with connected.database.begin() as connection:
        connection.execute(document.update().values(archived_at=now() - timedelta(days=31)))
    await archive_documents()
    assert connected.states() == {"remote": 13}
    assert "| local copies removed | 13 |" in await newest("archive-summary")
    assert not list((connected.settings.clinic_home / "content").glob("??/*"))


async def test_what_nobody_confirms_stays_and_the_run_tells_why(
    connected: ClinicUnderTest, cloud: RunningCloud, impatient: None
) -> None:
    """The service is down when copies are over: they stay, and the run fails with the cause."""
    connected.drop(13)
    await import_documents(quiet_seconds=0)
    await archive_documents()
    with connected.database.begin() as connection:
        connection.execute(document.update().values(archived_at=now() - timedelta(days=31)))
    cloud.stop()
    state = await archive_documents(return_state=True)
    assert (state.is_failed(), connected.states()) == (True, {"archived": 13})
    assert "does not answer" in (state.message or "")


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
