"""What replaces or cancels a document is not destroyed before it: nothing stays cancelled by nobody."""

import pytest
import sqlalchemy as sa

from erepo.clinic.archiving import summary
from erepo.clinic.retention import (
    HoldReason,
    Proposal,
    execute,
    executing,
    hold,
    read_proposals,
    read_report,
    release_hold,
)
from erepo.clinic.retention.errors import NothingFallsDue
from erepo.clinic.tables import document
from erepo.clinic.verifying import verify
from tests.support.chains import CANCELLING, version
from tests.support.keeping import Keeper


async def cancelled(keeper: Keeper, *, made: int, since: int) -> tuple[str, str]:
    """Archive a document of a year, and one of another set that cancels it; return both ids."""
    target, canceller = keeper.bring(
        version(1, year=made), version(1, name="N", parent="A1", series="S9", year=since, **CANCELLING)
    )
    for _ in range(2):
        assert summary(await keeper.desk.run()).complete
    assert keeper.current() == ["N1"]
    return target, canceller


async def run(keeper: Keeper, proposal: Proposal) -> executing.Destruction:
    """Carry a proposal out."""
    return await execute(keeper.cloud, keeper.desk.database, keeper.desk.settings, proposal)


async def test_a_cancelling_document_stays_as_long_as_what_it_cancels(keeper: Keeper) -> None:
    """Its own time is over, its target's is not: neither due nor proposed; due together, both go."""
    target, canceller = await cancelled(keeper, made=2040, since=2026)
    with keeper.desk.database.read() as connection:
        assert (read_report(connection, 2050).due, read_report(connection, 2061).due) == (0, 2)
    with pytest.raises(NothingFallsDue):
        keeper.propose()
    with keeper.desk.database.begin() as connection:
        connection.execute(document.update().values(destroy_after_year=2040))
    done = await run(keeper, keeper.confirm(keeper.propose()))
    assert (done.destroyed, done.dropped, done.open) == (2, {}, 0)
    assert (keeper.cloud.entries, keeper.cloud.links) == ({}, [])
    with keeper.desk.database.read() as connection:
        (proposal,) = read_proposals(connection)
    assert keeper.items(proposal).keys() == {target, canceller}


async def test_a_hold_on_the_cancelled_one_keeps_what_cancels_it(keeper: Keeper) -> None:
    """Held between proposing and confirming: both stay, the entry there is still shown as cancelled."""
    target, canceller = await cancelled(keeper, made=2026, since=2026)
    proposal = keeper.propose()
    assert proposal.documents == 2
    with keeper.desk.database.begin() as connection:
        hold(connection, [target], HoldReason.COURT, "anna")
    done = await run(keeper, keeper.confirm(proposal))
    assert done.dropped == {"held": 1, "needed": 1}
    assert keeper.items(proposal) == {target: ("dropped", "held"), canceller: ("dropped", "needed")}
    report = await verify(keeper.cloud, keeper.desk.database)
    assert report.complete, report
    older, newer = keeper.chain(target).versions
    assert (older.cancelled, newer.link) == (True, "linked")
    with keeper.desk.database.begin() as connection:
        release_hold(connection, [target], HoldReason.COURT, "anna")
    assert (await run(keeper, keeper.confirm(keeper.propose()))).destroyed == 2


@pytest.mark.parametrize("first", [True, False])
async def test_the_older_one_goes_first_whatever_the_order_and_the_slices(
    keeper: Keeper, first: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One document a slice, taken in either way round; a chain over three sets: all go, none is dropped."""
    monkeypatch.setattr(executing, "SLICE", 1)
    chain = [
        version(1),
        version(1, name="N", parent="A1", series="S9"),
        version(1, name="M", parent="N1", series="S8"),
    ]
    keeper.bring(*(chain if first else reversed(chain)))
    for _ in range(3):
        assert summary(await keeper.desk.run()).complete
    begun = []
    real = executing.begin_good

    def watched(connection: sa.Connection, found: object, rows: list[sa.Row], *more: object) -> None:  # type: ignore[type-arg]
        ids = [row.id for row in rows]
        wanted = sa.select(document.c.unique_id).where(document.c.id.in_(ids))
        begun.extend(name[-2:] for name in connection.execute(wanted).scalars())
        real(connection, found, rows, *more)  # type: ignore[arg-type]

    monkeypatch.setattr(executing, "begin_good", watched)
    done = await run(keeper, keeper.confirm(keeper.propose()))
    assert (done.destroyed, done.dropped, done.open) == (3, {}, 0)
    assert begun == ["A1", "N1", "M1"]
