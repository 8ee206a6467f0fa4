"""Deleting in the repository: five kinds, never under a hold, whole in every crash window."""

import contextlib
import itertools
from dataclasses import replace

import pytest

from erepo.cda.kinds import KINDS, Kind
from erepo.clinic.deleting import (
    KindNotDeletable,
    NotInRepository,
    UnderHold,
    delete_documents,
    finish_deletions,
    ledger,
)
from erepo.clinic.permissions import Permission, PermissionMissing, grant, revoke
from erepo.clinic.retention import HoldReason, hold
from erepo.clinic.retention.errors import BeingDestroyed
from erepo.clinic.tables import audit_event, document
from erepo.clinic.tables_migrating import deletion
from erepo.errors import OutcomeUnknown
from erepo.xds.iti18 import QueryResult, StoredQuery
from tests.support.fake_cloud import ADDRESS
from tests.support.migration_desk import LOGIN, MigrationDesk
from tests.support.stepping import MESSAGES, Crash, fail_at

FIVE = {
    Kind.PRESCRIPTION,
    Kind.REFERRAL_SPECIALIST,
    Kind.REFERRAL_HOSPITAL,
    Kind.REFERRAL_DIAGNOSTIC_P1,
    Kind.REFERRAL_REHABILITATION,
}


def change(desk: MigrationDesk, ids: list[str], **values: object) -> None:
    """Change columns of documents."""
    with desk.database.begin() as connection:
        connection.execute(document.update().where(document.c.public_id.in_(ids)).values(**values))


async def prepared(desk: MigrationDesk, count: int = 4, *, seed: int = 1, purge: int = 2) -> list[str]:
    """Archive documents of a deletable kind."""
    known = set(desk.public_ids())
    await desk.archive(count, 2, seed=seed, purge=purge)
    ids = [one for one in desk.public_ids() if one not in known]
    change(desk, ids, kind="prescription")
    return ids


async def test_only_the_five_kinds(desk: MigrationDesk) -> None:
    """Each kind of the manual's list goes; one of another kind among them refuses the whole order."""
    assert {kind for kind, info in KINDS.items() if info.deletable} == FIVE
    ids = await prepared(desk, 6)
    for one, kind in zip(ids, sorted(FIVE), strict=False):
        change(desk, [one], kind=kind.value)
    change(desk, ids[5:], kind="lab_result")
    with pytest.raises(KindNotDeletable):
        await delete_documents(desk.cloud, desk.database, ids, LOGIN)
    assert len(desk.cloud.octets) == 6
    done = await delete_documents(desk.cloud, desk.database, ids[:5], LOGIN)
    assert (sorted(done.deleted), done.failed) == (sorted(ids[:5]), [])
    assert desk.states()["deleted"] == 5
    assert len(desk.cloud.octets) == len(desk.cloud.entries) == 1


async def test_nothing_is_left_here_or_there_but_the_history(desk: MigrationDesk) -> None:
    """Content here goes as well; who ordered it and who had it deleted stays written."""
    ids = await prepared(desk)
    await delete_documents(desk.cloud, desk.database, ids, LOGIN)
    assert list(desk.store.stored()) == []
    assert desk.rows(document.c.content_path) == [(None,)] * 4
    assert not desk.cloud.octets
    assert not desk.cloud.sets
    events = desk.rows(audit_event.c.event, audit_event.c.actor)
    assert sum(row == ("deletion_ordered", LOGIN) for row in events) == 4
    assert sum(row == ("deleted", LOGIN) for row in events) == 4


async def test_a_hold_protects(desk: MigrationDesk) -> None:
    """Under a legal hold nothing is deleted, also when the hold came after the order."""
    ids = await prepared(desk)
    change(desk, ids[:1], legal_hold=True)
    with pytest.raises(UnderHold):
        await delete_documents(desk.cloud, desk.database, ids, LOGIN)
    assert len(desk.cloud.octets) == 4
    change(desk, ids, legal_hold=False)
    ledger.intend(desk.database, ids, LOGIN)
    change(desk, ids[:1], legal_hold=True)
    done = await finish_deletions(desk.cloud, desk.database)
    assert ([one.code for one in done.failed], len(done.deleted)) == (["deletion.hold"], 3)
    assert len(desk.cloud.octets) == 1
    assert (await finish_deletions(desk.cloud, desk.database)).failed == []


async def test_a_hold_of_one_version_protects_the_others(desk: MigrationDesk) -> None:
    """What is wanted in proceedings is the document in all its versions: none of them is deleted."""
    ids = await prepared(desk)
    change(desk, ids[:2], set_id="1.2.3", patient_key=1)
    change(desk, ids[:1], legal_hold=True)
    with pytest.raises(UnderHold):
        await delete_documents(desk.cloud, desk.database, ids[1:2], LOGIN)
    ledger.intend(desk.database, ids[2:3], LOGIN)
    change(desk, ids[2:3], set_id="1.2.3", patient_key=1)
    done = await finish_deletions(desk.cloud, desk.database)
    assert ([one.code for one in done.failed], done.deleted) == (["deletion.hold"], [])
    assert len(desk.cloud.octets) == 4


async def test_no_hold_is_promised_for_what_is_being_removed(desk: MigrationDesk) -> None:
    """A hold that comes while the repository removes the document is refused, not given in vain."""
    ids = await prepared(desk)
    with desk.database.begin() as connection:
        grant(connection, LOGIN, Permission.HOLD, actor="test")
    refused: list[str] = []

    def try_to_hold(_: object) -> None:
        with desk.database.begin() as connection, pytest.raises(BeingDestroyed) as caught:
            hold(connection, ids[:1], HoldReason.COURT, LOGIN)
        refused.append(caught.value.code)

    desk.cloud.guard = try_to_hold
    done = await delete_documents(desk.cloud, desk.database, ids[:1], LOGIN)
    assert (done.deleted, set(refused)) == (ids[:1], {"retention.being-destroyed"})
    with desk.database.begin() as connection:
        assert hold(connection, ids[1:], HoldReason.COURT, LOGIN) == 3


async def test_what_a_registry_answers_too_much_stays(
    desk: MigrationDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A registry that names every entry it has when it is asked for one has only that one removed."""
    ids = await prepared(desk)
    honest = desk.cloud.query

    async def everything(query: StoredQuery) -> QueryResult:
        answer = await honest(query)
        if not answer.object_refs:
            return answer
        return replace(answer, object_refs=tuple(one.entry_uuid for _, one in desk.cloud.entries.values()))

    monkeypatch.setattr(desk.cloud, "query", everything)
    assert (await delete_documents(desk.cloud, desk.database, ids[:1], LOGIN)).deleted == ids[:1]
    assert len(desk.cloud.octets) == len(desk.cloud.entries) == 3


async def test_only_who_may_delete_does(desk: MigrationDesk) -> None:
    """The permission to migrate is not enough."""
    ids = await prepared(desk)
    with desk.database.begin() as connection:
        revoke(connection, LOGIN, Permission.DELETE, actor="test")
    with pytest.raises(PermissionMissing):
        await delete_documents(desk.cloud, desk.database, ids, LOGIN)
    assert len(desk.cloud.octets) == 4


async def test_what_is_not_in_the_repository_cannot_be_deleted_there(desk: MigrationDesk) -> None:
    """Unknown, blocked and deleted documents refuse the order."""
    ids = await prepared(desk)
    with pytest.raises(NotInRepository):
        await delete_documents(desk.cloud, desk.database, [*ids, "nobody"], LOGIN)
    await delete_documents(desk.cloud, desk.database, ids[:1], LOGIN)
    with pytest.raises(NotInRepository):
        await delete_documents(desk.cloud, desk.database, ids[:1], LOGIN)


async def test_migration_leaves_what_is_being_deleted_alone(desk: MigrationDesk) -> None:
    """An order to delete comes before an order for everything."""
    ids = await prepared(desk)
    ledger.intend(desk.database, ids[:2], LOGIN)
    assert (await desk.migrate()).migrated == 2
    done = await finish_deletions(desk.cloud, desk.database)
    assert sorted(done.deleted) == sorted(ids[:2])
    assert desk.states() == {"blocked": 2, "deleted": 2}


async def test_a_purge_in_between_does_no_harm(desk: MigrationDesk) -> None:
    """A document that became remote after the order is deleted like any other."""
    ids = await prepared(desk, purge=0)
    ledger.intend(desk.database, ids, LOGIN)
    desk.purge(2)
    assert len((await finish_deletions(desk.cloud, desk.database)).deleted) == 4


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("lost", [False, True], ids=["crash", "lost"])
async def test_a_failure_at_any_boundary_is_made_good(
    desk: MigrationDesk, when: str, lost: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """For k = 1, 2, …: the k-th step fails, and one in the recovery; the next call ends it, wholly."""
    for moment in itertools.count(1):
        ids = await prepared(desk, 3, seed=moment, purge=1)
        failed = []
        for again in (moment, moment // 2 + 1):
            with monkeypatch.context() as patch:
                error = (lambda: OutcomeUnknown(**ADDRESS)) if lost else Crash
                has_failed = fail_at(again, when, patch, error, MESSAGES if lost else None)
                with contextlib.suppress(Crash, OutcomeUnknown):
                    if again == moment:
                        await delete_documents(desk.cloud, desk.database, ids, LOGIN)
                    else:
                        await finish_deletions(desk.cloud, desk.database)
                failed.append(has_failed())
        await finish_deletions(desk.cloud, desk.database)
        left = desk.public_ids(["archived", "remote"])
        if left:
            assert (moment, when) == (1, "before")
            await delete_documents(desk.cloud, desk.database, left, LOGIN)
        assert desk.states() == {"deleted": moment * 3}
        assert list(desk.store.stored()) == []
        assert not desk.cloud.octets
        assert {row[0] for row in desk.rows(deletion.c.step)} == {"done"}
        if not failed[0]:
            break
    assert moment > 5
