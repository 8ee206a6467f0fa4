"""Purging against the model of a repository: what leaves, what stays, and every crash window."""

import asyncio
import contextlib
import itertools
from collections.abc import Iterator
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from erepo.cda.kinds import Kind
from erepo.clinic.archiving import work as working
from erepo.clinic.content import ContentStore
from erepo.clinic.kinds import set_rule
from erepo.clinic.maintenance import open_window
from erepo.clinic.maintenance.errors import MaintenanceNow
from erepo.clinic.purging import PurgeReport, Purging, purge, removing
from erepo.clinic.purging import working as purging
from erepo.clinic.states import State, move
from erepo.clinic.tables import audit_event, document, now
from erepo.clinic.tables_purging import content_removal
from tests.support import fake_cloud as faults
from tests.support.archive_desk import Desk
from tests.support.crashing import Crash, fail_at
from tests.support.fake_cloud import FakeCloud

OLD = timedelta(days=31)


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    """A clinic without pauses."""
    monkeypatch.setattr(working, "PAUSE", 0.001)
    with contextlib.closing(Desk(tmp_path, in_flight=4)) as desk:
        yield desk


async def archived(desk: Desk, count: int = 6, *, age: timedelta = OLD, seed: int = 1) -> None:
    """Take documents in and archive them, so long ago."""
    desk.take_in(count, 3, seed=seed)
    await desk.run()
    with desk.database.begin() as connection:
        fresh = document.c.state == "archived"
        connection.execute(document.update().where(fresh).values(archived_at=now() - age))


def set_all(desk: Desk, **columns: Any) -> None:
    """Set columns of all documents."""
    with desk.database.begin() as connection:
        connection.execute(document.update().values(**columns))


def stored(desk: Desk) -> set[str]:
    """Return the SHA-256 of what lies in the clinic's own store."""
    return set(ContentStore.at(desk.settings).stored())


def check_nothing_is_lost(desk: Desk) -> None:
    """Content lies here unless its document is remote, and of those the repository has every octet."""
    here = stored(desk)
    for unique_id, digest, state in desk.rows(document.c.unique_id, document.c.sha256, document.c.state):
        if state != "remote":
            assert digest in here
        else:
            assert sha256(desk.cloud.octets[unique_id]).hexdigest() == digest


async def test_content_leaves_once_its_days_are_over(desk: Desk) -> None:
    """Archived 31 days ago with 30 local days: confirmed, remote, file gone, history written."""
    await archived(desk)
    report = await purge(desk.cloud, desk.database)
    assert (report.purged, report.complete, report.left_over) == (6, True, 0)
    assert report.bytes == sum(row[0] for row in desk.rows(document.c.size))
    assert desk.states() == {"remote": 6}
    assert stored(desk) == set()
    assert desk.rows(content_removal.c.document_id) == []
    assert all(purged and verified and path is None for purged, verified, path in desk.rows(
        document.c.purged_at, document.c.verified_at, document.c.content_path
    ))  # fmt: skip
    assert [row[0] for row in desk.rows(audit_event.c.event)].count("purged") == 6
    check_nothing_is_lost(desk)
    assert (await purge(desk.cloud, desk.database)).purged == 0


async def test_content_stays_for_its_days(desk: Desk) -> None:
    """Archived 29 days ago: it stays, and nobody is asked."""
    await archived(desk, age=timedelta(days=29))
    questions = desk.cloud.questions
    assert (await purge(desk.cloud, desk.database)).purged == 0
    assert (desk.states(), desk.cloud.questions) == ({"archived": 6}, questions)


async def test_kinds_of_p1_have_spent_their_days_before(desk: Desk) -> None:
    """What was archived a day ago after 30 days here leaves; after 29 days here it does not."""
    await archived(desk, age=timedelta(days=1))
    with desk.database.begin() as connection:
        set_rule(connection, Kind.PRESCRIPTION, auto_archive=True)
    set_all(desk, kind="prescription", taken_in_at=now() - timedelta(days=29))
    assert (await purge(desk.cloud, desk.database)).purged == 0
    set_all(desk, taken_in_at=now() - OLD)
    assert (await purge(desk.cloud, desk.database)).purged == 6


async def test_a_copy_stays_for_a_day_after_archiving(desk: Desk) -> None:
    """No local days at all: what was archived 23 hours ago stays until the repository has had its day."""
    await archived(desk, age=timedelta(hours=23))
    with desk.database.begin() as connection:
        for kind in Kind:
            set_rule(connection, kind, local_days=0)
    assert (await purge(desk.cloud, desk.database)).purged == 0
    set_all(desk, archived_at=now() - timedelta(hours=25))
    assert (await purge(desk.cloud, desk.database)).purged == 6


async def test_nothing_of_a_kind_that_is_off_leaves(desk: Desk) -> None:
    """A kind that was switched off after archiving keeps its content here."""
    await archived(desk)
    with desk.database.begin() as connection:
        for kind in Kind:
            set_rule(connection, kind, auto_archive=False)
    assert (await purge(desk.cloud, desk.database)).purged == 0


@pytest.mark.parametrize("columns", [{"legal_hold": True}, {"repository_unique_id": "1.2.3"}])
async def test_what_is_held_or_lies_elsewhere_stays(desk: Desk, columns: dict[str, Any]) -> None:
    """A legal hold keeps content here; so does another repository, which nobody can ask now."""
    await archived(desk)
    set_all(desk, **columns)
    assert (await purge(desk.cloud, desk.database)).purged == 0


@pytest.mark.parametrize("state", [one for one in State if one not in (State.ARCHIVED, State.REMOTE)])
async def test_only_archived_documents_are_purged(desk: Desk, state: State) -> None:
    """What is local, under way, coming back, blocked or gone is never touched."""
    await archived(desk)
    before = stored(desk)
    set_all(desk, state=state.value)
    assert (await purge(desk.cloud, desk.database)).purged == 0
    assert stored(desk) == before


@pytest.mark.parametrize("what", ["missing", "hash", "size", "content", "undelivered"])
async def test_what_the_repository_does_not_confirm_stays(desk: Desk, what: str) -> None:
    """One document in doubt keeps its content, and its reason is told; the others leave."""
    await archived(desk)
    doubtful = desk.unique_ids()[2]
    [key] = [key for key, (_, one) in desk.cloud.entries.items() if one.unique_id == doubtful]
    name, entry = desk.cloud.entries[key]
    match what:
        case "missing":
            del desk.cloud.entries[key]
        case "hash":
            desk.cloud.entries[key] = name, faults.replace(entry, hash="0" * 40)
        case "size":
            desk.cloud.entries[key] = name, faults.replace(entry, size=1)
        case "content":
            desk.cloud.octets[doubtful] = b"x" * (entry.size or 0)
        case _:
            del desk.cloud.octets[doubtful]
    report = await purge(desk.cloud, desk.database)
    expected = {"undelivered": "missing"}.get(what, what)
    assert (report.purged, report.reasons(), report.complete) == (5, {expected: 1}, False)
    assert desk.states() == {"archived": 1, "remote": 5}
    assert len(stored(desk)) == 1
    assert [row[0] for row in desk.rows(audit_event.c.event)].count("purge_refused") == 1


async def test_a_service_that_does_not_answer_leaves_everything_here(desk: Desk) -> None:
    """Nobody confirms, nothing leaves; cause and cure are told; the next run purges."""
    await archived(desk)
    desk.cloud.down = True
    report = await purge(desk.cloud, desk.database)
    assert (report.purged, report.unasked > 0, report.complete) == (0, True, False)
    assert report.problem is not None
    assert (report.problem.code, report.problem.retryable) == ("remote.unavailable", True)
    assert desk.states() == {"archived": 6}
    desk.cloud.down = False
    assert (await purge(desk.cloud, desk.database)).purged == 6


async def test_nothing_leaves_inside_a_maintenance_window(desk: Desk) -> None:
    """What may not archive may not purge; the same holds for a licence that is over."""
    await archived(desk)
    open_window(desk.database, now() - timedelta(minutes=1), now() + timedelta(hours=1))
    with pytest.raises(MaintenanceNow):
        await purge(desk.cloud, desk.database)
    assert desk.states() == {"archived": 6}


async def test_many_pages_and_many_questions(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Documents in doubt do not stand in the way of those behind them, however small the pages."""
    monkeypatch.setattr(purging, "SLICE", 1)
    monkeypatch.setattr("erepo.clinic.purging.choosing.PAGE", 2)
    monkeypatch.setattr(removing, "FILES", 1)
    await archived(desk, 9)
    for key, (name, entry) in list(desk.cloud.entries.items())[:3]:
        desk.cloud.entries[key] = name, faults.replace(entry, size=1)
    report = await purge(desk.cloud, desk.database)
    assert (report.purged, report.reasons()) == (6, {"size": 3})
    check_nothing_is_lost(desk)


async def test_two_at_once_purge_everything_once(desk: Desk) -> None:
    """The slower one finds nothing to do; each document has one event."""
    await archived(desk, 12)
    one, other = await asyncio.gather(purge(desk.cloud, desk.database), purge(desk.cloud, desk.database))
    assert one.purged + other.purged == 12
    assert (one.complete, other.complete) == (True, True)
    assert [row[0] for row in desk.rows(audit_event.c.event)].count("purged") == 12
    assert stored(desk) == set()


@pytest.mark.parametrize("change", ["hold", "rule", "days", "state"])
async def test_what_changes_while_the_repository_is_asked_counts(
    desk: Desk, change: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A hold, a rule or a move of another process between question and commit keeps the content here."""
    await archived(desk)
    asked = desk.cloud.retrieve

    async def retrieve(requests: Any) -> Any:
        with desk.database.begin() as connection:
            match change:
                case "hold":
                    connection.execute(document.update().values(legal_hold=True))
                case "state":
                    connection.execute(document.update().values(state="migrating"))
                case _:
                    for kind in Kind:
                        off = change == "rule"
                        set_rule(connection, kind, auto_archive=not off, local_days=None if off else 60)
        return await asked(requests)

    monkeypatch.setattr(desk.cloud, "retrieve", retrieve)
    report = await purge(desk.cloud, desk.database)
    assert (report.purged, len(stored(desk))) == (0, 6)


async def test_a_file_that_cannot_be_removed_is_told_and_removed_later(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The documents are remote, the cause has words, and the next run takes the files away."""
    await archived(desk)
    real = ContentStore.remove_all

    def refuse(*_: object) -> int:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(ContentStore, "remove_all", refuse)
    report = await purge(desk.cloud, desk.database)
    assert report.problem is not None
    assert (report.problem.code, report.problem.retryable) == ("purging.content-not-removed", False)
    assert len(stored(desk)) == 6
    monkeypatch.setattr(ContentStore, "remove_all", real)
    again = await purge(desk.cloud, desk.database)
    assert (again.purged, again.left_over, stored(desk)) == (6 - report.purged, report.purged, set())


async def test_a_copy_left_over_is_not_removed_once_it_is_the_last(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a crash left here goes only where the repository proves once more that it has it, undamaged."""
    await archived(desk, 2)
    monkeypatch.setattr(purging, "remove_noted", lambda *_: 0)
    await purge(desk.cloud, desk.database)
    monkeypatch.undo()
    one = desk.unique_ids()[0]
    octets, desk.cloud.octets[one] = desk.cloud.octets[one], b"others"
    report = await purge(desk.cloud, desk.database)
    assert (report.left_over, len(report.kept), len(stored(desk))) == (1, 1, 1)
    assert len(desk.rows(content_removal.c.document_id)) == 1
    desk.cloud.octets[one] = octets
    again = await purge(desk.cloud, desk.database)
    assert (again.left_over, again.kept, stored(desk)) == (1, [], set())


@pytest.mark.parametrize("state", ["migrating", "blocked"])
async def test_a_document_that_comes_back_keeps_its_content(
    desk: Desk, state: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A note that a crash has left is not held against content that was fetched again meanwhile."""
    await archived(desk, 1)
    monkeypatch.setattr(purging, "remove_noted", lambda *_: 0)
    await purge(desk.cloud, desk.database)
    monkeypatch.undo()
    with desk.database.begin() as connection:
        [[key]] = connection.execute(sa.select(document.c.id)).all()
        move(connection, [key], "remote", "migrating", "migrating")
        if state == "blocked":
            move(connection, [key], "migrating", "blocked", "blocked")
    await purge(desk.cloud, desk.database)
    assert len(stored(desk)) == 1
    left = desk.rows(content_removal.c.document_id)
    assert len(left) == (1 if state == "migrating" else 0)
    if state == "migrating":
        with desk.database.begin() as connection:
            move(connection, [key], "migrating", "remote", "given_up")
        assert (await purge(desk.cloud, desk.database)).left_over == 1
        assert stored(desk) == set()


_BOUNDARIES: list[tuple[Any, str]] = [
    (FakeCloud, "query"),
    (FakeCloud, "retrieve"),
    (purging, "make_remote"),
    (purging, "remove_noted"),
    (removing, "move"),
    (ContentStore, "path"),
    (ContentStore, "remove_all"),
]


@pytest.mark.parametrize("when", ["before", "after"])
async def test_a_crash_at_any_boundary_loses_nothing_and_leaves_nothing_over(
    desk: Desk, when: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """For k = 1, 2, …: end at the k-th step; nothing is lost then, and the next run leaves nothing over."""
    for moment in itertools.count(1):
        await archived(desk, 4, seed=moment)
        with monkeypatch.context() as patch:
            has_crashed = fail_at(moment, when, patch, _BOUNDARIES)
            with contextlib.suppress(Crash, BaseExceptionGroup):
                await purge(desk.cloud, desk.database)
        check_nothing_is_lost(desk)
        report = await purge(desk.cloud, desk.database)
        assert report.complete, report
        assert set(desk.states()) == {"remote"}
        assert (stored(desk), desk.rows(content_removal.c.document_id)) == (set(), [])
        if not has_crashed():
            break
    assert moment > 6


async def test_a_crash_inside_the_recovery(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ended between the commit and the files, and again inside the clearing up: the third run clears up."""
    await archived(desk)
    for _ in range(2):
        with monkeypatch.context() as patch:
            patch.setattr(ContentStore, "path", _end)
            with contextlib.suppress(Crash, BaseExceptionGroup):
                await purge(desk.cloud, desk.database)
        check_nothing_is_lost(desk)
    report = await purge(desk.cloud, desk.database)
    assert report.left_over > 0
    assert report.left_over + report.purged == 6
    assert stored(desk) == set()


def _end(*_: object) -> Path:
    raise Crash


async def test_portions_end_and_know_it(desk: Desk) -> None:
    """Each portion is a report of its own; the last one is empty."""
    await archived(desk, 3)
    run, reports = Purging(desk.cloud, desk.database), list[PurgeReport]()
    while not run.done:
        reports.append(await run.portion())
    assert reports[-1] == PurgeReport()
    assert sum(one.purged for one in reports) == 3
