"""Migration against the model of a repository: what is chosen, what comes home, what is given up."""

from datetime import UTC, date, datetime, timedelta

import pytest
import sqlalchemy as sa

from erepo.clinic.archiving import summary
from erepo.clinic.maintenance import open_window
from erepo.clinic.maintenance.errors import MaintenanceNow
from erepo.clinic.migrating import (
    Selection,
    blocked,
    leases,
    ledger,
    look,
    migrate_batch,
    plan,
    reconcile,
    request_stop,
    unblock,
    working,
)
from erepo.clinic.migrating.errors import (
    DatesWrong,
    DocumentsNotBlocked,
    DocumentsUnknown,
    MigrationLost,
    MigrationTaken,
    NothingChosen,
)
from erepo.clinic.permissions import NoSuchUser, Permission, PermissionMissing, revoke
from erepo.clinic.tables import audit_event, document, now
from erepo.clinic.tables_migrating import migration_batch, migration_item
from tests.support.migration_desk import ALL, LOGIN, MigrationDesk


async def test_everything_comes_home_and_is_gone_there(desk: MigrationDesk) -> None:
    """Purged and unpurged documents of several patients end blocked, whole here, unknown there."""
    await desk.archive(20, 6, purge=12)
    told: list[str] = []
    total = await desk.migrate(progress=lambda messages, _: told.extend(one.code for one in messages))
    assert (total.migrated, total.documents, total.complete) == (20, 20, True)
    assert told == ["migrated"] * 20
    assert sorted(one.document for one in total.messages) == sorted(desk.public_ids())
    desk.assert_home()
    assert {row[0] for row in desk.rows(migration_batch.c.state)} == {"finished"}


async def test_archiving_leaves_blocked_documents_alone_until_unblocked(desk: MigrationDesk) -> None:
    """I6: never sent again by itself; unblocked, the same ids go again and are accepted."""
    await desk.archive(6, purge=3)
    await desk.migrate()
    assert desk.plan().planned == 0
    ids = desk.public_ids()
    assert unblock(desk.database, Selection(ids=ids[:2]), LOGIN) == 2
    total = summary(await desk.run())
    assert (total.archived, total.complete) == (2, True)
    assert desk.states() == {"archived": 2, "blocked": 4}
    assert unblock(desk.database, ALL, LOGIN) == 4
    assert summary(await desk.run()).archived == 4
    desk.assert_all_archived_once()
    assert (await desk.migrate()).migrated == 6
    desk.assert_home()


async def test_only_blocked_documents_can_be_unblocked(desk: MigrationDesk) -> None:
    """A named document in another state refuses all; a filter takes those that are blocked."""
    await desk.archive(4)
    await desk.migrate(Selection(ids=desk.public_ids()[:1]))
    with pytest.raises(DocumentsNotBlocked):
        unblock(desk.database, Selection(ids=desk.public_ids()), LOGIN)
    assert desk.states() == {"archived": 3, "blocked": 1}
    assert [one.state for one in blocked(desk.database, ALL)] == ["blocked"]
    assert unblock(desk.database, ALL, LOGIN) == 1


async def test_choosing_by_kind_patient_and_dates(desk: MigrationDesk) -> None:
    """Each filter takes what it names, several together what all of them name, and nothing else moves."""
    await desk.archive(12, 4)
    rows = desk.rows(document.c.kind, document.c.patient_key, document.c.effective_at)
    kind, patient, _ = rows[0]
    today = datetime.now(UTC).date()

    def found(**wanted: object) -> int:
        return look(desk.database, Selection(**wanted), LOGIN).documents  # type: ignore[arg-type]

    assert found(kinds=[kind]) == sum(row[0] == kind for row in rows)
    assert found(patient=patient) == sum(row[1] == patient for row in rows)
    assert found(kinds=[kind], patient=patient) == sum(row[:2] == (kind, patient) for row in rows)
    days = sorted(row[2].date() for row in rows)
    assert found(effective=(None, days[0] - timedelta(days=2))) == 0
    assert found(effective=(days[0] - timedelta(days=1), days[-1] + timedelta(days=1))) == 12
    assert found(archived=(today - timedelta(days=1), today + timedelta(days=1))) == 12
    assert found(archived=(today + timedelta(days=2), None)) == 0
    assert found(everything=True, most=5) == 5
    assert found(ids=desk.public_ids()[:3]) == 3
    assert desk.states() == {"archived": 12}
    with pytest.raises(DatesWrong):
        found(archived=(date(2026, 2, 1), date(2026, 1, 1)))
    for day in (date.min, date.max):
        with pytest.raises(DatesWrong):
            found(effective=(day, None))
        with pytest.raises(DatesWrong):
            found(archived=(None, day))


async def test_nothing_is_chosen_by_accident(desk: MigrationDesk) -> None:
    """No filter is no order for everything; an unknown id refuses the whole order."""
    await desk.archive(2)
    with pytest.raises(NothingChosen):
        plan(desk.database, desk.settings, Selection(), LOGIN)
    with pytest.raises(DocumentsUnknown):
        plan(desk.database, desk.settings, Selection(ids=[*desk.public_ids(), "nobody"]), LOGIN)
    assert desk.rows(migration_batch.c.id) == []


async def test_a_look_counts_and_changes_nothing(desk: MigrationDesk) -> None:
    """The dry run tells documents, octets, what lies here still and what is elsewhere."""
    await desk.archive(5, purge=2)
    sizes = sum(row[0] for row in desk.rows(document.c.size))
    seen = look(desk.database, ALL, LOGIN)
    assert (seen.documents, seen.bytes, seen.here, sum(seen.kinds.values())) == (5, sizes, 3, 5)
    await desk.migrate(Selection(ids=desk.public_ids()[:1]))
    seen = look(desk.database, Selection(ids=desk.public_ids()), LOGIN)
    assert (seen.documents, seen.elsewhere) == (4, 1)


async def test_only_who_may_migrate_does(desk: MigrationDesk) -> None:
    """Looking, ordering, stopping and unblocking all ask for the permission."""
    await desk.archive(2)
    with desk.database.begin() as connection:
        revoke(connection, LOGIN, Permission.MIGRATE, actor="test")
    for attempt in (
        lambda: look(desk.database, ALL, LOGIN),
        lambda: plan(desk.database, desk.settings, ALL, LOGIN),
        lambda: unblock(desk.database, ALL, LOGIN),
        lambda: request_stop(desk.database, LOGIN),
    ):
        with pytest.raises(PermissionMissing):
            attempt()
    with pytest.raises(NoSuchUser):
        look(desk.database, ALL, "nobody")
    assert desk.states() == {"archived": 2}


async def test_inside_a_maintenance_window_nothing_begins(desk: MigrationDesk) -> None:
    """Whoever works on the service wants it left alone."""
    await desk.archive(2)
    open_window(desk.database, now(), now() + timedelta(hours=1))
    with pytest.raises(MaintenanceNow):
        await desk.migrate()
    assert desk.states() == {"archived": 2}


async def test_a_damaged_remote_copy_stays_and_is_told(desk: MigrationDesk) -> None:
    """A copy that differs is not taken for the document: back to remote, nothing deleted, others go on."""
    await desk.archive(5, purge=5)
    victim = desk.unique_ids()[2]
    desk.cloud.spoilt[victim] = b"<other/>"
    total = await desk.migrate()
    assert (total.migrated, [one.code for one in total.failed]) == (4, ["migration.remote-damaged"])
    assert desk.states() == {"blocked": 4, "remote": 1}
    assert list(desk.cloud.octets) == [victim]
    assert [one[0] for one in desk.rows(document.c.reason_code) if one[0]] == ["migration.remote-damaged"]


async def test_a_damaged_remote_copy_does_no_harm_where_a_good_one_is_here(desk: MigrationDesk) -> None:
    """What was never purged is read from its file; it is the better copy."""
    await desk.archive(2)
    for name in desk.unique_ids():
        desk.cloud.spoilt[name] = b"<other/>"
    assert (await desk.migrate()).migrated == 2
    desk.assert_home()


async def test_a_damaged_copy_here_is_fetched_anew(desk: MigrationDesk) -> None:
    """Bytes that rotted on the clinic's disk are replaced by those of the repository."""
    await desk.archive(3)
    victim = next((desk.settings.clinic_home / "content").glob("??/*"))
    victim.write_bytes(b"rotten")
    assert (await desk.migrate()).migrated == 3
    desk.assert_home()


async def test_a_document_that_is_nowhere_is_an_alarm(desk: MigrationDesk) -> None:
    """Neither there nor here: typed, written down as an alarm, back where it was; nothing silent."""
    await desk.archive(3, purge=3)
    victim = desk.unique_ids()[0]
    del desk.cloud.octets[victim]
    total = await desk.migrate()
    assert (total.migrated, [one.code for one in total.failed]) == (2, ["migration.remote-missing"])
    assert "lost_alarm" in {row[0] for row in desk.rows(audit_event.c.event)}
    assert desk.states() == {"blocked": 2, "remote": 1}


async def test_a_service_that_does_not_answer_leaves_all_where_it_was(desk: MigrationDesk) -> None:
    """No storm; a typed problem that may pass; the next run brings everything home."""
    desk.settings = desk.settings.model_copy(update={"batch_documents": 10})
    desk.cloud.settings = desk.settings
    await desk.archive(30, 10, purge=30)
    desk.cloud.down = True
    total = await desk.migrate()
    assert total.problem is not None
    assert (total.problem.code, total.problem.retryable) == ("remote.unavailable", True)
    assert (desk.states(), total.migrated) == ({"remote": 30}, 0)
    desk.cloud.down = False
    assert (await desk.migrate()).migrated == 30
    desk.assert_home()


async def test_where_nobody_answers_nothing_is_begun(desk: MigrationDesk) -> None:
    """Documents with a copy here do not wait half-way either."""
    await desk.archive(6)
    desk.cloud.down = True
    total = await desk.migrate()
    assert (total.left, total.unresolved, desk.states()) == (6, 0, {"archived": 6})


async def test_a_stop_is_obeyed_and_the_rest_stays(
    desk: MigrationDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is in hand is finished, nothing more begins, and a later run takes the rest."""
    monkeypatch.setattr(working, "GROUP", 2)
    monkeypatch.setattr(working, "LANES", 1)
    await desk.archive(8)

    def stop(_: object, __: int) -> None:
        request_stop(desk.database, LOGIN)

    total = await desk.migrate(progress=stop)
    assert (total.migrated, total.stopped, total.left) == (2, True, 6)
    assert desk.states() == {"blocked": 2, "archived": 6}
    assert {row[0] for row in desk.rows(migration_batch.c.state)} == {"finished"}
    assert (await desk.migrate()).migrated == 6
    desk.assert_home()


async def test_a_batch_is_worked_on_by_one(desk: MigrationDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    """A second one is told so; one whose lease ended while it was only slow is fenced off."""
    await desk.archive(3)
    [batch] = plan(desk.database, desk.settings, ALL, LOGIN).batches
    monkeypatch.setattr(leases, "LIFE", -1)
    slow = leases.claim(desk.database, batch)
    monkeypatch.undo()
    assert slow is not None
    lease = leases.claim(desk.database, batch)
    assert lease is not None
    with pytest.raises(MigrationTaken):
        await migrate_batch(desk.cloud, desk.database, batch)
    docs = ledger.load(desk.database, lease, ("planned",))
    with pytest.raises(MigrationLost):
        ledger.begin(desk.database, slow, docs)
    ledger.close(desk.database, lease, leave=False)
    assert (await migrate_batch(desk.cloud, desk.database, batch)).migrated == 3
    desk.assert_home()


async def test_two_orders_for_the_same_documents(desk: MigrationDesk) -> None:
    """Each document is begun by one of them; the other skips it."""
    await desk.archive(6)
    batches = [plan(desk.database, desk.settings, ALL, LOGIN).batches[0] for _ in range(2)]
    results = [await migrate_batch(desk.cloud, desk.database, batch) for batch in batches]
    assert [(one.migrated, one.skipped) for one in results] == [(6, 0), (0, 6)]
    desk.assert_home()


async def test_what_was_planned_and_never_begun_is_not_begun_by_reconciling(desk: MigrationDesk) -> None:
    """An old order is not executed days later by somebody else's run."""
    await desk.archive(3)
    plan(desk.database, desk.settings, ALL, LOGIN)
    assert await reconcile(desk.cloud, desk.database) == []
    assert desk.states() == {"archived": 3}
    assert {row[0] for row in desk.rows(migration_item.c.step)} == {"left"}


async def test_every_step_has_its_history(desk: MigrationDesk) -> None:
    """Begun, secured and migrated stand in the audit of each document, by the person who ordered it."""
    await desk.archive(2)
    await desk.migrate()
    wanted = ("migration_begun", "content_secured", "migrated")
    with desk.database.read() as connection:
        rows = connection.execute(
            sa.select(audit_event.c.event, audit_event.c.actor).where(audit_event.c.event.in_(wanted))
        ).all()
    assert sorted(rows) == sorted((event, LOGIN) for event in wanted for _ in range(2))
