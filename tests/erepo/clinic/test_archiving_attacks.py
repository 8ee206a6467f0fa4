"""Archiving when everything around it goes wrong: no content folder, foreign registries, clocks set back."""

import contextlib
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from erepo.clinic.archiving import summary
from erepo.clinic.archiving import work as working
from erepo.clinic.archiving.errors import DescriptionUnusable
from erepo.clinic.tables import batch, document, submission
from erepo.xds.iti41 import Submission
from tests.support import fake_cloud as faults
from tests.support.archive_desk import Desk
from tests.support.fake_cloud import FakeCloud


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    """A clinic without pauses between rounds."""
    monkeypatch.setattr(working, "PAUSE", 0.001)
    with contextlib.closing(Desk(tmp_path, in_flight=4)) as desk:
        yield desk


async def test_a_content_folder_that_is_not_there_rejects_nothing(desk: Desk) -> None:
    """An unmounted folder is no document's fault: the run says so, and delivers once it is back."""
    desk.take_in(6, 6)
    store = desk.settings.clinic_home / "content"
    away = store.rename(store.with_name("away"))
    total = summary(await desk.run())
    assert total.problem is not None
    assert (total.problem.code, total.retry_later) == ("archiving.store-unavailable", 6)
    away.rename(store)
    assert summary(await desk.run()).complete
    desk.assert_all_archived_once()


async def test_a_machine_that_refuses_to_read_rejects_nothing(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Too many open files while content is read is no document's fault."""
    desk.take_in(3, 3)

    def refuse(_: Path) -> bytes:
        raise OSError(24, "Too many open files")

    with monkeypatch.context() as patch:
        patch.setattr(Path, "read_bytes", refuse)
        assert summary(await desk.run()).rejected == []
    assert summary(await desk.run()).complete


async def test_documents_that_cannot_be_described_do_not_hold_up_the_others(desk: Desk) -> None:
    """More of them than the breaker has patience for, in front of the queue: they alone are rejected."""

    async def unusable(cloud: FakeCloud, submission: Submission) -> None:
        raise DescriptionUnusable(problem="ValueError")

    desk.take_in(12, 12)
    desk.cloud.faults = [unusable] * 6
    total = summary(await desk.run(submission_documents=1))
    assert (total.archived, [one.code for one in total.rejected]) == (
        6,
        ["archiving.description-unusable"] * 6,
    )


async def test_a_registry_that_calls_a_known_document_a_duplicate(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A clinic restored from an old backup asks by the documents' ids too, and comes to an end."""
    desk.take_in(6, 2)
    await desk.run()
    _forget_archiving(desk)
    real = desk.cloud.store

    def store(sent: Submission) -> None:
        if any(entry.unique_id in desk.cloud.octets for entry, _ in sent.entries):
            desk.cloud.faults = [faults.registry_says("XDSDuplicateUniqueIdInRegistry")]
        real(sent)

    monkeypatch.setattr(desk.cloud, "store", store)
    desk.cloud.faults = [faults.registry_says("XDSDuplicateUniqueIdInRegistry")] * 2
    assert summary(await desk.run()).complete
    desk.assert_all_archived_once()


async def test_an_id_that_is_taken_but_never_shown_ends_rejected(desk: Desk) -> None:
    """A registry that says duplicate and shows nothing is not asked for ever; the reason names the cure."""
    desk.take_in(1, 1)
    desk.cloud.faults = [faults.registry_says("XDSDuplicateUniqueIdInRegistry")] * 9
    [rejected] = summary(await desk.run()).rejected
    assert "erepo rejected again" in rejected.cure_en


async def test_requests_that_are_always_lost_are_told_with_a_cause(desk: Desk) -> None:
    """Fewer documents than the breaker has patience for still end with a problem that names the cause."""
    desk.take_in(2, 2)
    desk.cloud.faults = [faults.lost_request] * 9
    total = summary(await desk.run())
    assert total.problem is not None
    assert (total.problem.code, total.retry_later) == ("remote.outcome-unknown", 2)


async def test_a_full_account_is_told_as_such(desk: Desk) -> None:
    """The words name the account's limit and its cure, not that it will pass by itself."""
    desk.take_in(6, 6)
    desk.cloud.faults = [faults.registry_says("XDSRepositoryOutOfResources")] * 9
    problem = summary(await desk.run()).problem
    assert problem is not None
    assert "limit" in problem.cause_en
    assert "shop" in problem.cure_en


async def test_a_lease_from_a_clock_that_has_been_set_back_holds_nothing_up(desk: Desk) -> None:
    """A lease that would last for a day, left by a machine that is gone, is taken at once."""
    desk.take_in(2, 2)
    desk.plan()
    with desk.database.begin() as connection:
        lease = f"elsewhere-0-pid:[1]|7|1|ab|{time.time() + 86_400:.0f}"
        connection.execute(batch.update().values(run_key=lease, state="sending"))
    assert summary(await desk.run()).archived == 2


def _forget_archiving(desk: Desk) -> None:
    with desk.database.begin() as connection:
        connection.execute(document.update().values(state="local", submission_id=None))
        connection.execute(sa.delete(submission))
        connection.execute(sa.delete(batch))
