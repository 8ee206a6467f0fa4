"""Archiving against the model of a repository: every crash window, every kind of answer."""

import contextlib
import itertools
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from erepo.cda.kinds import Kind
from erepo.clinic.archiving import leases, ledger, reconcile, send_batch, summary
from erepo.clinic.archiving import work as working
from erepo.clinic.archiving.errors import (
    ArchivingRefused,
    ArchivingStopped,
    BatchTaken,
    BatchUnknown,
    LeaseLost,
)
from erepo.clinic.archiving.results import BatchResult
from erepo.clinic.errors import StructureIncomplete
from erepo.clinic.tables import audit_event, batch, document, kind_rule, submission
from tests.support import fake_cloud as faults
from tests.support.archive_desk import Desk
from tests.support.crashing import Crash, fail_at
from tests.support.fake_cloud import FakeCloud


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    """A clinic without pauses between rounds."""
    monkeypatch.setattr(working, "PAUSE", 0.001)
    with contextlib.closing(Desk(tmp_path, in_flight=4)) as desk:
        yield desk


async def test_documents_of_one_patient_travel_together_and_all_arrive(desk: Desk) -> None:
    """Each submission has one patient; everything is archived once; results carry counts."""
    desk.take_in(20, 6)
    planned = desk.plan()
    assert (planned.documents, planned.planned) == (20, 20)
    total = summary([await send_batch(desk.cloud, desk.database, one) for one in planned.batches])
    assert (total.archived, total.rejected, total.complete) == (20, [], True)
    assert len(desk.cloud.sets) <= 6
    desk.assert_all_archived_once()


async def test_planning_again_plans_nothing_twice_and_returns_what_waits(desk: Desk) -> None:
    """An interrupted run's batches come first; no document is planned twice."""
    desk.take_in(6, 3)
    first = desk.plan()
    desk.take_in(4, 2, seed=2)
    second = desk.plan()
    assert second.batches[: len(first.batches)] == first.batches
    assert (second.planned, second.documents) == (4, 10)
    assert desk.plan().planned == 0


async def test_planning_keeps_to_limit_kinds_and_batch_size(desk: Desk) -> None:
    """Limits, kinds and the size of batches are those asked for."""
    desk.settings = desk.settings.model_copy(update={"batch_documents": 4})
    desk.take_in(12, 12)
    assert desk.plan(limit=5).planned == 5
    kind = desk.rows(document.c.kind, document.c.state)
    wanted = next(kind for kind, state in kind if state == "local")
    expected = sum(1 for one in kind if one == (wanted, "local"))
    assert desk.plan(kinds=(Kind(wanted),)).planned == expected
    desk.plan()
    assert all(documents <= 4 for (documents,) in desk.rows(batch.c.documents))


async def test_kinds_that_are_off_and_documents_not_due_stay_local(desk: Desk) -> None:
    """What is not archived by itself, or not yet due, is never planned."""
    desk.take_in(4, 2)
    with desk.database.begin() as connection:
        connection.execute(kind_rule.update().values(auto_archive=False))
    assert desk.plan().planned == 0
    with desk.database.begin() as connection:
        connection.execute(kind_rule.update().values(auto_archive=True))
        connection.execute(document.update().values(due_at=None))
    assert desk.plan().planned == 0


async def test_nothing_is_planned_while_the_structure_is_incomplete(desk: Desk) -> None:
    """A missing resort code is a clear refusal before anything is sent."""
    desk.take_in(2, 1)
    with desk.database.begin() as connection:
        connection.execute(sa.text("UPDATE cell SET resort_viii = ''"))
    with pytest.raises(StructureIncomplete) as caught:
        desk.plan()
    assert caught.value.data["field"] == "resort_viii"
    assert desk.states() == {"local": 2}


@pytest.mark.parametrize("fault", [faults.lost_answer, faults.lost_request, faults.busy, faults.unreachable])
async def test_a_single_failure_on_the_way_is_settled_in_the_same_run(
    desk: Desk, fault: faults.Fault
) -> None:
    """Lost requests, lost answers and busy answers here and there cost nothing but another question."""
    desk.take_in(12, 12)
    desk.cloud.faults = [None, fault, None, None, fault, None]
    total = summary(await desk.run(submission_documents=1))
    assert total.complete
    assert total.recovered == (2 if fault is faults.lost_answer else 0)
    desk.assert_all_archived_once()


async def test_a_request_that_arrives_after_we_asked_is_not_stored_twice(desk: Desk) -> None:
    """Asked too early, sent again, told it is a duplicate, asked again: archived once."""
    desk.take_in(3, 3)
    desk.cloud.faults = [faults.late]
    sent = desk.cloud.provide

    async def provide(one: Any) -> None:
        if len(desk.cloud.requests) >= 3:
            desk.cloud.deliver_late()
        await sent(one)

    desk.cloud.provide = provide  # type: ignore[method-assign]
    total = summary(await desk.run(submission_documents=1))
    assert (total.complete, total.recovered) == (True, 1)
    desk.assert_all_archived_once()


async def test_a_rotten_document_is_rejected_alone(desk: Desk) -> None:
    """A refused submission is split; only the rotten one ends rejected, with code, reason and next step."""
    desk.take_in(12, 2)
    rotten = desk.unique_ids()[5]
    desk.cloud.rotten = {rotten}
    total = summary(await desk.run())
    assert (total.archived, len(total.rejected), total.retry_later) == (11, 1, 0)
    assert total.rejected[0].code == "InvalidDocumentContent"
    assert "44051401359" not in str(total)
    [(state, code, text, step)] = [
        row[1:]
        for row in desk.rows(
            document.c.unique_id,
            document.c.state,
            document.c.reason_code,
            document.c.reason_text,
            document.c.next_step,
        )
        if row[0] == rotten
    ]
    assert (state, code) == ("rejected", "InvalidDocumentContent")
    assert text
    assert step
    assert desk.cloud.copies() == [one for one in desk.unique_ids() if one != rotten]


async def test_a_document_the_registry_knows_is_archived_instead_of_rejected(desk: Desk) -> None:
    """A clinic restored from an old backup neither stores its documents a second time nor rejects them."""
    desk.take_in(4, 2)
    await desk.run()
    with desk.database.begin() as connection:
        connection.execute(document.update().values(state="local", submission_id=None))
        connection.execute(submission.delete())
        connection.execute(batch.delete())
    total = summary(await desk.run())
    assert (total.archived, total.recovered, total.rejected) == (4, 4, [])
    assert desk.cloud.copies() == desk.unique_ids()


async def test_other_bytes_under_the_same_id_are_rejected(desk: Desk) -> None:
    """What the registry holds differently is never called archived."""
    desk.take_in(1, 1)
    desk.cloud.faults = [faults.lost_answer]
    sent = desk.cloud.query

    async def query(one: Any) -> Any:
        for key, (name, entry) in desk.cloud.entries.items():
            desk.cloud.entries[key] = (name, faults.replace(entry, hash="0" * 40))
        return await sent(one)

    desk.cloud.query = query  # type: ignore[method-assign]
    [result] = await desk.run()
    assert [one.code for one in result.rejected] == ["archiving.registered-differently"]
    assert desk.states() == {"rejected": 1}


async def test_content_lost_on_our_own_disk_is_rejected_and_others_go_on(desk: Desk) -> None:
    """A document whose local bytes are gone says so; nothing of it is sent."""
    desk.take_in(5, 1)
    victim = next((desk.settings.clinic_home / "content").glob("??/*"))
    victim.unlink()
    total = summary(await desk.run())
    assert (total.archived, [one.code for one in total.rejected]) == (4, ["archiving.local-content-lost"])


async def test_changed_content_on_our_own_disk_is_refused_by_the_service(desk: Desk) -> None:
    """The hash is that of the intake: bytes that changed since never become the archived document."""
    desk.take_in(2, 2)
    victim = next((desk.settings.clinic_home / "content").glob("??/*"))
    octets = bytearray(victim.read_bytes())
    octets[100] ^= 1
    victim.write_bytes(octets)
    total = summary(await desk.run())
    assert (total.archived, [one.code for one in total.rejected]) == (1, ["XDSRepositoryMetadataError"])


async def test_service_down_leaves_everything_queued_with_cause_and_cure(desk: Desk) -> None:
    """No storm, nothing lost, a typed problem in both languages; the next run delivers."""
    desk.take_in(40, 40)
    desk.cloud.down = True
    [result] = await desk.run()
    assert result.problem is not None
    assert (result.problem.code, result.problem.retryable) == ("remote.unavailable", True)
    assert result.problem.cause_pl
    assert result.problem.cure_en
    assert desk.states() == {"queued": 40}
    assert len(desk.cloud.requests) < 10
    with pytest.raises(ArchivingStopped):
        result.raise_for_problem()
    desk.cloud.down = False
    assert summary(await desk.run()).complete
    desk.assert_all_archived_once()


async def test_forbidden_stops_the_batch_and_rejects_nothing(desk: Desk) -> None:
    """An account that is refused rejects no document: they stay queued until it is repaired."""
    desk.take_in(10, 10)
    desk.cloud.faults = [faults.forbidden] * 10
    [result] = await desk.run()
    assert result.problem is not None
    assert result.problem.code == "http.forbidden"
    with pytest.raises(ArchivingRefused):
        result.raise_for_problem()
    assert desk.states() == {"queued": 10}


async def test_bad_requests_all_over_are_the_accounts_fault(desk: Desk) -> None:
    """When the service calls every request bad, no document is rejected."""
    desk.take_in(10, 10)
    desk.cloud.faults = [faults.bad_request] * 10
    [result] = await desk.run()
    assert result.problem is not None
    assert desk.states() == {"queued": 10}


async def test_one_bad_request_among_good_ones_is_the_documents_fault(desk: Desk) -> None:
    """One request that the service calls bad is rejected, the others are archived."""
    desk.take_in(10, 10)
    desk.cloud.faults = [None, None, faults.bad_request]
    [result] = await desk.run()
    assert (result.archived, [one.code for one in result.rejected]) == (9, ["http.bad-request"])


async def test_a_full_account_stops_and_rejects_nothing(desk: Desk) -> None:
    """No room is a matter of time, not of the document."""
    desk.take_in(10, 10)
    desk.cloud.faults = [faults.registry_says("XDSRepositoryOutOfResources")] * 20
    [result] = await desk.run()
    assert result.problem is not None
    assert desk.states() == {"queued": 10}


async def test_reconcile_asks_and_sends_nothing(desk: Desk) -> None:
    """Unknown outcomes are settled by questions alone."""
    desk.take_in(6, 6)
    [batch_id] = desk.plan(submission_documents=1).batches
    lease = leases.claim(desk.database, batch_id)
    assert lease is not None
    with desk.database.read() as connection:
        shipments = working.load(connection, batch_id, working.State.QUEUED)
    ledger.mark(desk.database, lease, shipments)
    ledger.close(desk.database, lease)
    builder = working.Builder(desk.database, desk.settings, "1.2.3")
    for shipment in shipments[:4]:
        desk.cloud.store(builder.build(shipment))
    found = await reconcile(desk.cloud, desk.database)
    assert (found.asked, found.archived, found.requeued, found.unresolved) == (6, 4, 2, 0)
    assert not desk.cloud.requests
    assert desk.states() == {"archived": 4, "queued": 2}
    assert summary(await desk.run()).complete
    desk.assert_all_archived_once()


async def test_two_archivers_do_not_send_the_same_batch(desk: Desk) -> None:
    """A batch is claimed by one; the other is told; a plan does not offer it."""
    desk.take_in(3, 1)
    [batch_id] = desk.plan().batches
    lease = leases.claim(desk.database, batch_id)
    assert lease is not None
    with pytest.raises(BatchTaken):
        await send_batch(desk.cloud, desk.database, batch_id)
    assert desk.plan().batches == []
    ledger.close(desk.database, lease)
    assert summary(await desk.run()).archived == 3


async def test_a_lease_that_ended_lets_another_in_and_the_first_cannot_write(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that was only slow is fenced off by every commit."""
    desk.take_in(3, 3)
    [batch_id] = desk.plan().batches
    monkeypatch.setattr(leases, "LIFE", -1)
    slow = leases.claim(desk.database, batch_id)
    monkeypatch.undo()
    assert slow is not None
    await send_batch(desk.cloud, desk.database, batch_id)
    for attempt in (lambda: ledger.mark(desk.database, slow, []), lambda: leases.renew(desk.database, slow)):
        with pytest.raises(LeaseLost):
            attempt()
    desk.assert_all_archived_once()


async def test_a_finished_or_unknown_batch_is_told_apart(desk: Desk) -> None:
    """A finished batch has nothing to do; an unknown one is an error."""
    desk.take_in(1, 1)
    [batch_id] = desk.plan().batches
    await send_batch(desk.cloud, desk.database, batch_id)
    assert await send_batch(desk.cloud, desk.database, batch_id) == BatchResult(batch_id)
    with pytest.raises(BatchUnknown):
        await send_batch(desk.cloud, desk.database, "nothing")


async def test_every_archived_document_has_its_history(desk: Desk) -> None:
    """Queued, sending and archived stand in the audit of each document."""
    desk.take_in(2, 1)
    await desk.run()
    events = [row[0] for row in desk.rows(audit_event.c.event) if row[0] in ("queued", "sending", "archived")]
    assert sorted(events) == sorted(["queued", "sending", "archived"] * 2)


_BOUNDARIES: list[tuple[Any, str]] = [
    (ledger, "mark"),
    (ledger, "archive"),
    (ledger, "requeue"),
    (ledger, "split"),
    (ledger, "reject"),
    (FakeCloud, "provide"),
    (FakeCloud, "query"),
]


def _crash_at(moment: int, when: str, monkeypatch: pytest.MonkeyPatch) -> Callable[[], bool]:
    """Let the process end before or after its `moment`-th step; it gives no batch back."""
    crashed = fail_at(moment, when, monkeypatch, _BOUNDARIES)
    close = ledger.close
    monkeypatch.setattr(ledger, "close", lambda *one: (0, 0) if crashed() else close(*one))
    return crashed


@pytest.mark.parametrize("when", ["before", "after"])
async def test_a_crash_at_any_boundary_loses_nothing_and_stores_nothing_twice(
    desk: Desk, when: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """For k = 1, 2, …: end the process at its k-th step, start again, until a run passes clean."""
    monkeypatch.setattr(leases, "is_dead", bool)
    for moment in itertools.count(1):
        desk.take_in(6, 3, seed=moment)
        desk.cloud.faults = [None, faults.lost_answer]
        with monkeypatch.context() as patch:
            has_crashed = _crash_at(moment, when, patch)
            with contextlib.suppress(Crash):
                await desk.run()
        total = summary(await desk.run())
        assert total.complete, total
        desk.assert_all_archived_once()
        if not has_crashed():
            break
    assert moment > 6
