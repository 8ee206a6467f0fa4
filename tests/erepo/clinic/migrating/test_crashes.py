"""Migration in every crash window, with every message lost, twice in a row: nothing is ever lost."""

import asyncio
import contextlib
import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from erepo.clinic.archiving import leases, send_batch
from erepo.clinic.archiving import work as archiving
from erepo.clinic.archiving.errors import BatchTaken
from erepo.clinic.migrating import Selection, request_stop, unblock, working
from erepo.clinic.migrating.errors import MigrationTaken
from erepo.clinic.tables import document
from erepo.errors import OutcomeUnknown, RemoteUnavailable
from tests.support.fake_cloud import ADDRESS
from tests.support.migration_desk import ALL, LOGIN, MigrationDesk
from tests.support.stepping import MESSAGES, Crash, fail_at


async def run_to_the_crash(desk: MigrationDesk) -> None:
    """Migrate until the process ends."""
    with contextlib.suppress(Crash):
        await desk.migrate()


async def prepare(desk: MigrationDesk, seed: int) -> None:
    """Archive a few documents more, most of them without a copy here, one of them with a rotten one."""
    await desk.archive(4, 2, seed=seed, purge=2)
    if seed % 2:
        here = [
            sha256 for state, sha256 in desk.rows(document.c.state, document.c.sha256) if state == "archived"
        ]
        desk.store.path(here[0]).write_bytes(b"rotten")


@pytest.mark.parametrize("when", ["before", "after"])
async def test_a_crash_at_any_boundary_loses_nothing(
    desk: MigrationDesk, when: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """For k = 1, 2, …: end the process at its k-th step, again inside the recovery, then run clean."""
    monkeypatch.setattr(leases, "is_dead", bool)
    desk.proven_only()
    for moment in itertools.count(1):
        await prepare(desk, moment)
        crashed = []
        for again in (moment, moment // 2 + 1):
            with monkeypatch.context() as patch:
                has_crashed = fail_at(again, when, patch)
                await run_to_the_crash(desk)
                crashed.append(has_crashed())
            assert desk.unsafe() == []
            sent = len(desk.cloud.requests)
            assert desk.plan().planned == 0
            assert len(desk.cloud.requests) == sent
        total = await desk.migrate()
        assert total.complete, total
        desk.assert_home()
        if not crashed[0]:
            break
    assert moment > 10


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("times", [1, 2])
async def test_any_message_may_be_lost(
    desk: MigrationDesk, when: str, times: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A request or its answer lost, once or twice, costs a question more and nothing else."""
    desk.proven_only()
    for moment in itertools.count(1):
        await prepare(desk, moment)
        lost = False
        for again in (moment, moment // 2 + 1)[:times]:
            with monkeypatch.context() as patch:
                has_failed = fail_at(again, when, patch, lambda: OutcomeUnknown(**ADDRESS), MESSAGES)
                await desk.migrate()
                lost = lost or has_failed()
            assert desk.unsafe() == []
        total = await desk.migrate()
        assert total.complete, total
        desk.assert_home()
        if not lost:
            break
    assert moment > 5


async def test_the_proof_is_made_again_after_a_crash(
    desk: MigrationDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A copy that rots between its commit and the next run is fetched anew before anything is removed."""
    monkeypatch.setattr(leases, "is_dead", bool)
    desk.proven_only()
    await desk.archive(3, purge=3)
    with monkeypatch.context() as patch:
        fail_at(1, "before", patch, Crash, [(type(desk.cloud), "remove_metadata")])
        await run_to_the_crash(desk)
    for file in (desk.settings.clinic_home / "content").glob("??/*"):
        file.write_bytes(b"rotten")
    assert desk.states() == {"migrating": 3}
    assert desk.unsafe() == []
    total = await desk.migrate()
    assert (total.recovered, total.complete) == (3, True)
    desk.assert_home()


async def test_what_may_be_half_removed_stays_on_its_way(
    desk: MigrationDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Entries gone, the copy here rotten, nobody answers: nothing is called remote that may not be."""
    monkeypatch.setattr(leases, "is_dead", bool)
    await desk.archive(3, purge=3)
    with monkeypatch.context() as patch:
        fail_at(1, "after", patch, Crash, [(type(desk.cloud), "remove_metadata")])
        await run_to_the_crash(desk)
    for file in (desk.settings.clinic_home / "content").glob("??/*"):
        file.write_bytes(b"rotten")
    desk.cloud.down = True
    for _ in range(2):
        total = await desk.migrate()
        assert (total.unresolved, desk.states()) == (3, {"migrating": 3})
    desk.cloud.down = False
    assert (await desk.migrate()).recovered == 3
    desk.assert_home()


async def test_two_migrators_and_an_archiver_at_once(desk: MigrationDesk) -> None:
    """Whatever meets, each document ends in one place, whole."""
    desk.settings = desk.settings.model_copy(update={"batch_documents": 5})
    desk.cloud.settings = desk.settings
    desk.proven_only()
    await desk.archive(20, 5, purge=10)
    desk.take_in(10, 5, seed=2)

    async def archive() -> None:
        for batch in desk.plan().batches:
            with contextlib.suppress(BatchTaken):
                await send_batch(desk.cloud, desk.database, batch)

    await asyncio.gather(desk.migrate(), archive(), desk.migrate())
    assert desk.unsafe() == []
    await desk.migrate()
    desk.assert_home()


_ACTION = st.one_of(
    st.tuples(st.just("crash"), st.integers(1, 25), st.booleans()),
    st.tuples(st.just("lose"), st.integers(1, 14), st.booleans()),
    st.tuples(st.just("down"), st.integers(1, 14), st.booleans()),
    st.tuples(st.just("stop"), st.just(0), st.booleans()),
    st.tuples(st.just("unblock"), st.integers(1, 3), st.booleans()),
    st.tuples(st.just("purge"), st.integers(1, 3), st.booleans()),
    st.tuples(st.just("archive"), st.just(0), st.booleans()),
)


async def act(desk: MigrationDesk, name: str, number: int, after: bool, patch: pytest.MonkeyPatch) -> None:
    """Let one thing happen."""
    when = "after" if after else "before"
    match name:
        case "crash":
            fail_at(number, when, patch)
            await run_to_the_crash(desk)
        case "lose":
            fail_at(number, when, patch, lambda: OutcomeUnknown(**ADDRESS), MESSAGES)
            await desk.migrate()
        case "down":
            fail_at(number, when, patch, lambda: RemoteUnavailable(**ADDRESS), MESSAGES)
            await desk.migrate()
        case "stop":
            with contextlib.suppress(MigrationTaken):
                await desk.migrate(progress=lambda *_: request_stop(desk.database, LOGIN))
        case "unblock":
            ids = desk.public_ids(["blocked"])[:number]
            unblock(desk.database, Selection(ids=ids) if ids else ALL, LOGIN)
        case "purge":
            desk.purge(number)
        case _:
            await desk.run()


@settings(max_examples=8, deadline=None)
@given(actions=st.lists(_ACTION, max_size=6))
def test_any_sequence_keeps_the_invariants(
    tmp_path_factory: pytest.TempPathFactory, actions: list[tuple[str, int, bool]]
) -> None:
    """I1 (nothing lost), I3 (nothing removed unproven) and I6 (blocked is not sent) hold in every moment."""
    folder = tmp_path_factory.mktemp("any")

    async def story() -> None:
        with (
            contextlib.closing(MigrationDesk(folder, in_flight=4)) as desk,
            pytest.MonkeyPatch.context() as own,
        ):
            own.setattr(working, "PAUSE", 0.001)
            own.setattr(archiving, "PAUSE", 0.001)
            own.setattr(leases, "is_dead", bool)
            desk.proven_only()
            await desk.archive(5, 2, purge=3)
            for name, number, after in actions:
                kept = set(desk.public_ids(["blocked"]))
                with pytest.MonkeyPatch.context() as patch:
                    await act(desk, name, number, after, patch)
                assert desk.unsafe() == []
                if name != "unblock":
                    assert kept <= set(desk.public_ids(["blocked"]))
            assert (await desk.migrate()).complete
            # Of what was unblocked and not sent yet, nothing is there to come home.
            await desk.run()
            assert (await desk.migrate()).complete
            desk.assert_home()

    asyncio.run(story())
