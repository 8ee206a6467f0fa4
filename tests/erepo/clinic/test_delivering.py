"""Deliveries under any sequence of faults; group commits; what verify says about a registry's mistakes."""

import asyncio
import contextlib
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from erepo.clinic.archiving import summary
from erepo.clinic.archiving import work as working
from erepo.clinic.archiving.committing import GroupCommit, first_error
from erepo.clinic.archiving.errors import LeaseLost
from erepo.clinic.archiving.grouping import Waiting, group, pack
from erepo.clinic.tables import batch
from erepo.clinic.verifying import verify
from tests.support import fake_cloud as faults
from tests.support.archive_desk import Desk

PASSING = [
    None,
    faults.lost_answer,
    faults.lost_request,
    faults.late,
    faults.busy,
    faults.unreachable,
    faults.forbidden,
    faults.registry_says("XDSRegistryBusy"),
    faults.registry_says("XDSRepositoryOutOfResources"),
]


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    runs=st.lists(st.lists(st.sampled_from(PASSING), max_size=12), min_size=1, max_size=3),
    patients=st.integers(1, 8),
)
def test_any_sequence_of_passing_faults_ends_with_each_document_archived_once(
    runs: list[list[faults.Fault | None]], patients: int
) -> None:
    """Whatever happens on the way in a few runs, whatever arrives late: clean runs finish it, each once."""
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(working, "PAUSE", 0.0)
        with contextlib.closing(Desk(Path(folder), in_flight=3)) as desk:
            desk.take_in(8, patients)
            for chosen in runs:
                desk.cloud.faults = list(chosen)
                asyncio.run(desk.run())
                desk.cloud.deliver_late()
                assert "rejected" not in desk.states()
            desk.cloud.faults = []
            asyncio.run(desk.run())
            desk.cloud.deliver_late()
            asyncio.run(desk.run())
            desk.assert_all_archived_once()


@given(
    st.lists(st.tuples(st.integers(0, 4), st.integers(1, 9_000_000)), max_size=80),
    st.integers(1, 25),
    st.integers(1, 60),
)
def test_grouping_keeps_every_document_once_and_within_the_limits(
    drawn: list[tuple[int, int]], documents: int, batch_documents: int
) -> None:
    """No document is lost or doubled; one patient a submission; a too large one travels alone."""
    waiting = [Waiting(number, patient, size) for number, (patient, size) in enumerate(drawn)]
    groups = list(group(waiting, documents=documents))
    assert sorted(one.id for together in groups for one in together) == list(range(len(waiting)))
    for together in groups:
        assert len({one.patient for one in together}) == 1
        assert len(together) <= documents
        assert len(together) == 1 or sum(one.size for one in together) <= 5 * 1024**2
    batches = list(pack(groups, batch_documents))
    assert [together for one in batches for together in one] == groups
    for one in batches:
        assert len(one) == 1 or sum(map(len, one)) <= batch_documents


async def test_what_comes_in_during_a_commit_goes_into_the_next_one() -> None:
    """Items are committed in groups, in order, all of them before the block ends."""
    groups: list[list[int]] = []
    async with GroupCommit[int](lambda items: groups.append(list(items)), gather=0.01) as commits:
        for number in range(100):
            await commits.add(number)
            if number % 10 == 0:
                await asyncio.sleep(0.002)
    assert [number for items in groups for number in items] == list(range(100))
    assert len(groups) < 50


async def test_a_failed_commit_is_told_to_those_who_add_and_to_the_block() -> None:
    """A commit that fails never passes unnoticed."""

    def commit(_: Sequence[int]) -> None:
        raise OSError("disk full")

    async def use() -> None:
        async with GroupCommit(commit, gather=0) as commits:
            await commits.add(1)
            with pytest.raises(OSError, match="disk full"):
                await _add_until_told(commits)

    with pytest.raises(OSError, match="disk full"):
        await use()


async def _add_until_told(commits: GroupCommit[int]) -> None:
    for number in range(2, 12_000):
        await asyncio.sleep(0.01)
        await commits.add(number)


def test_one_typed_error_comes_out_of_nested_groups() -> None:
    """Callers see the first error, not the group of the lanes it came from."""
    with pytest.raises(LeaseLost), first_error():
        raise ExceptionGroup("lanes", [ExceptionGroup("more", [LeaseLost(batch="b"), OSError()])])


async def test_a_lease_lost_in_mid_run_ends_it_with_a_typed_error(tmp_path: Path) -> None:
    """When another archiver has taken over, this one stops; the other brings everything to its end, once."""
    with contextlib.closing(Desk(tmp_path, in_flight=2)) as desk:
        desk.take_in(6, 6)
        sent = desk.cloud.provide

        async def provide(submission: faults.Submission) -> None:
            with desk.database.begin() as connection:
                connection.execute(batch.update().values(run_key="elsewhere|1|1|x|1"))
            await sent(submission)

        desk.cloud.provide = provide  # type: ignore[method-assign]
        with pytest.raises(LeaseLost):
            await desk.run(submission_documents=1)
        desk.cloud.provide = sent  # type: ignore[method-assign]
        assert summary(await desk.run()).complete
        desk.assert_all_archived_once()


async def test_verify_names_what_the_registry_has_twice_or_wrong(tmp_path: Path) -> None:
    """Two entries, another size, another hash, octets that are gone: each is named, the rest is equal."""
    with contextlib.closing(Desk(tmp_path)) as desk:
        desk.take_in(6, 1)
        await desk.run()
        entries = desk.cloud.entries
        keys = sorted(entries, key=lambda key: entries[key][1].unique_id)
        entries["twice"] = entries[keys[0]]
        for key, change in ((keys[1], {"size": 1}), (keys[2], {"hash": "f" * 40})):
            entries[key] = (entries[key][0], replace(entries[key][1], **change))  # type: ignore[arg-type]
        del desk.cloud.octets[entries[keys[3]][1].unique_id]
        report = await verify(desk.cloud, desk.database, read_back=True)
    assert sorted(one.what for one in report.differing) == ["hash", "size", "twice"]
    assert (report.checked, report.equal, len(report.missing)) == (6, 2, 1)
    assert not report.complete
