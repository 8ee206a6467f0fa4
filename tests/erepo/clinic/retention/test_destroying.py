"""Destruction by two people: who may, what drops out, what is left, and the process that ends anywhere."""

import asyncio
import contextlib
import itertools
from datetime import timedelta
from typing import Any

import orjson
import pytest
import sqlalchemy as sa

from erepo.clinic.archiving import leases, summary
from erepo.clinic.permissions import PermissionMissing
from erepo.clinic.retention import (
    HoldReason,
    confirm_list,
    execute,
    executing,
    hold,
    needs_repository,
    read_report,
    withdraw,
    write_protocol,
)
from erepo.clinic.retention.errors import (
    BeingDestroyed,
    ListChanged,
    ProposalClosed,
    ProposalUnknown,
    SamePerson,
)
from erepo.clinic.tables import audit_event, document, patient, submission
from erepo.clinic.tables_retention import destruction_item
from erepo.errors import RemoteUnavailable
from tests.support.chains import another_patient, version
from tests.support.crashing import Crash, fail_at
from tests.support.keeping import LATER, Keeper
from tests.support.removing_cloud import RemovingCloud


async def archived(keeper: Keeper, *documents: bytes) -> list[str]:
    """Bring documents and archive them."""
    ids = keeper.bring(*documents)
    for _ in range(3):
        assert summary(await keeper.desk.run()).complete
    return ids


async def run(keeper: Keeper, proposal: Any) -> executing.Destruction:
    """Carry a proposal out."""
    return await execute(keeper.cloud, keeper.desk.database, keeper.desk.settings, proposal)


async def test_two_people_destroy_what_is_due_and_nothing_of_it_is_left(keeper: Keeper) -> None:
    """Entries, octets, content, names, numbers: gone everywhere; another patient's documents stay."""
    await archived(keeper, version(1), version(2))
    keeper.bring(version(1, name="C", series="S3"))
    await archived(keeper, version(1, name="B", series="S2", year=2040, patient=another_patient()))
    proposal = keeper.propose()
    assert proposal.documents == 3
    done = await run(keeper, keeper.confirm(proposal))
    assert (done.destroyed, done.dropped, done.open, done.problem) == (3, {}, 0, None)
    assert [entry.unique_id[-2:] for _, entry in keeper.cloud.entries.values()] == ["B1"]
    assert keeper.cloud.links == []
    assert len(list(keeper.store.stored())) == 1
    assert sorted(keeper.desk.rows(patient.c.identifier)) == [("-",), ("02070803628",)]
    for word in ("44051401359", "19440514", "^A1", "^A2", "^C1", "44051401"):
        assert keeper.octets_of(word) == [], word
    assert keeper.octets_of("02070803628")
    events = [row[0] for row in keeper.desk.rows(audit_event.c.event)]
    assert (events.count("taken_in"), events.count("destroyed")) == (4, 3)


async def test_the_protocol_says_who_when_and_how_many(keeper: Keeper) -> None:
    """A file with opaque ids, counts and logins; the proposal is finished."""
    [one] = await archived(keeper, version(1))
    proposal = keeper.propose()
    await run(keeper, keeper.confirm(proposal))
    path = write_protocol(keeper.desk.database, keeper.desk.settings, proposal.id)
    protocol = orjson.loads(path.read_bytes())
    assert protocol["counts"] == {"destroyed": 1}
    assert [line["document"] for line in protocol["documents"]] == [one]
    facts = protocol["proposal"]
    assert (facts["proposed_by"], facts["confirmed_by"], facts["state"]) == ("anna", "jan", "finished")
    assert facts["fingerprint"] == proposal.fingerprint
    assert protocol["by_kind_and_year"] == [{"kind": "lab_result", "kept_until": 2046, "documents": 1}]


async def test_who_may_propose_and_confirm(keeper: Keeper) -> None:
    """Not without permission, not the proposer, under no other login either; nothing is destroyed."""
    keeper.bring(version(1))
    with pytest.raises(PermissionMissing):
        keeper.propose("ewa")
    proposal = keeper.propose()
    for login, refusal in (("anna", SamePerson), ("anna2", SamePerson), ("ewa", PermissionMissing)):
        with pytest.raises(refusal):
            keeper.confirm(proposal, login)
    with pytest.raises(ProposalUnknown):
        confirm_list(keeper.desk.database, "nothing", "jan", LATER)
    assert keeper.desk.states() == {"local": 1}


async def test_a_proposal_expires_and_can_be_withdrawn(keeper: Keeper) -> None:
    """Too late, or taken back: it cannot be confirmed any more, and not be withdrawn twice."""
    keeper.bring(version(1))
    proposal = keeper.propose()
    with pytest.raises(ProposalClosed):
        confirm_list(keeper.desk.database, proposal.id, "jan", LATER + timedelta(days=15))
    assert withdraw(keeper.desk.database, proposal.id, "anna", LATER).state == "withdrawn"
    with pytest.raises(ProposalClosed):
        keeper.confirm(proposal)
    with pytest.raises(ProposalClosed):
        withdraw(keeper.desk.database, proposal.id, "anna", LATER)


async def test_a_list_that_was_changed_is_not_carried_out(keeper: Keeper) -> None:
    """The fingerprint of proposing is held against the list at confirming."""
    keeper.bring(version(1), version(1, name="B", series="S2"))
    proposal = keeper.propose()
    with keeper.desk.database.begin() as connection:
        first = sa.select(sa.func.min(destruction_item.c.document_id)).scalar_subquery()
        connection.execute(destruction_item.delete().where(destruction_item.c.document_id == first))
    with pytest.raises(ListChanged):
        keeper.confirm(proposal)


async def test_what_changed_since_proposing_drops_out(keeper: Keeper) -> None:
    """Held, prolonged by a new version, or on its way again: kept, with the reason in the protocol."""
    names = ("A", "B", "C", "D", "E")
    one, two, three, four, five = keeper.bring(*(version(1, name=name, series=name) for name in names))
    first, second = keeper.propose(), keeper.propose()
    with keeper.desk.database.begin() as connection:
        hold(connection, [one], HoldReason.COURT, "anna")
        moving = document.c.public_id == three
        connection.execute(document.update().where(moving).values(state="sending"))
    keeper.bring(version(2, name="B", series="B", year=2040))
    done = await run(keeper, keeper.confirm(first))
    assert done.dropped == {"held": 1, "prolonged": 1, "moving": 1}
    assert done.destroyed == 2
    kept = {one: "held", two: "prolonged", three: "moving"}
    assert keeper.items(first).items() >= {id_: ("dropped", why) for id_, why in kept.items()}.items()
    done = await run(keeper, keeper.confirm(second))
    assert done.dropped == {"held": 1, "prolonged": 1, "moving": 1, "elsewhere": 2}
    with keeper.desk.database.begin() as connection:
        for id_ in (four, five):
            with pytest.raises(BeingDestroyed):
                hold(connection, [id_], HoldReason.COURT, "anna")
        assert [each.document for each in read_report(connection, 2050).documents] == [one, three]


async def test_a_repository_that_is_down_leaves_the_destruction_begun(keeper: Keeper) -> None:
    """What has begun is shown, goes on with the same call, and is nobody's document meanwhile."""
    await archived(keeper, version(1))
    keeper.bring(version(1, name="B", series="S2"))
    proposal = keeper.confirm(keeper.propose())
    assert needs_repository(keeper.desk.database, proposal.id)
    keeper.cloud.down = True
    done = await run(keeper, proposal)
    assert (done.destroyed, done.open) == (1, 1)
    assert done.problem is not None
    assert done.problem.code == RemoteUnavailable.code
    assert keeper.desk.states() == {"deleted": 2}
    assert keeper.desk.plan().planned == 0
    keeper.cloud.down = False
    done = await run(keeper, keeper.confirm(proposal))
    assert (done.destroyed, done.open) == (2, 0)
    assert not needs_repository(keeper.desk.database, proposal.id)


async def test_two_confirmations_at_once_destroy_each_document_once(keeper: Keeper) -> None:
    """The slower one removes nothing that is erased by now: the same bytes may be here anew."""
    await archived(keeper, *(version(1, name=f"N{number}", series=f"N{number}") for number in range(9)))
    proposal = keeper.confirm(keeper.propose())
    both = await asyncio.gather(run(keeper, proposal), run(keeper, proposal))
    assert (9, 0) in {(done.destroyed, done.open) for done in both}, both
    events = [row[0] for row in keeper.desk.rows(audit_event.c.event)]
    assert events.count("destroyed") == 9
    [again] = keeper.bring(version(1, name="N1", series="N1"))
    await run(keeper, proposal)
    assert len(list(keeper.store.stored())) == 1
    assert keeper.year(again) == 2046


_BOUNDARIES: list[tuple[Any, str]] = [
    (executing, "_begin"),
    (executing, "_finish_some"),
    (executing, "_erase"),
    (executing, "_count"),
    (RemovingCloud, "remove_metadata"),
    (RemovingCloud, "remove_documents"),
    (RemovingCloud, "query"),
]


@pytest.mark.parametrize("when", ["before", "after"])
async def test_a_crash_at_any_boundary_of_a_destruction(
    keeper: Keeper, when: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """For k = 1, 2, …: it ends at its k-th step; the same call again destroys the rest, each once."""
    monkeypatch.setattr(leases, "is_dead", bool)
    for moment in itertools.count(1):
        name = f"K{moment}v"
        await archived(keeper, version(1, name=name, series=name), version(2, name=name, series=name))
        keeper.bring(version(1, name=f"{name}local", series=f"{name}local"))
        proposal = keeper.confirm(keeper.propose())
        with monkeypatch.context() as patch:
            has_crashed = fail_at(moment, when, patch, _BOUNDARIES)
            with contextlib.suppress(Crash):
                await run(keeper, proposal)
        done = await run(keeper, keeper.confirm(proposal))
        assert (done.destroyed, done.open, done.problem) == (3, 0, None)
        if not has_crashed():
            break
    assert moment > 6
    assert (keeper.cloud.entries, keeper.cloud.octets, keeper.cloud.links) == ({}, {}, [])
    assert list(keeper.store.stored()) == []
    assert keeper.desk.rows(patient.c.identifier) == [("-",)]
    assert {row[0] for row in keeper.desk.rows(submission.c.patient_key)} == {
        row[0] for row in keeper.desk.rows(patient.c.id)
    }
    events = [row[0] for row in keeper.desk.rows(audit_event.c.event)]
    assert events.count("destroyed") == len(keeper.desk.rows(document.c.id))
    assert keeper.octets_of("44051401359") == []
