"""What a run takes and what it leaves: choices, kinds switched off meanwhile, and the look ahead."""

import contextlib
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from erepo.cda.kinds import Kind
from erepo.clinic.archiving import Choice, leases, ledger, read_day, send_batch, summary
from erepo.clinic.archiving import work as working
from erepo.clinic.archiving.errors import DayWrong, PeriodWrong
from erepo.clinic.archiving.withdrawing import withdraw
from erepo.clinic.kinds import set_rule
from erepo.clinic.maintenance import open_window
from erepo.clinic.outlook import Outlook, Reason, look_ahead
from erepo.clinic.tables import account, audit_event, batch, cell, document, now, submission, unit
from tests.support.archive_desk import Desk
from tests.support.documents import add_documents

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    """A clinic with an account and without pauses."""
    monkeypatch.setattr(working, "PAUSE", 0.001)
    with contextlib.closing(Desk(tmp_path, in_flight=4)) as desk:
        with desk.database.begin() as connection:
            words = ("service_url", "registry_url", "repository_url", "repository_unique_id", "source_id")
            connection.execute(
                account.insert().values(account="0000000000001003", **dict.fromkeys(words, "x"))
            )
        yield desk


def add(desk: Desk, count: int = 1, **columns: Any) -> None:
    """Add documents that are due."""
    with desk.database.begin() as connection:
        add_documents(connection, count, **{"due_at": NOON, **columns})


def ahead(desk: Desk, **chosen: Any) -> Outlook:
    """Look ahead with a choice."""
    return look_ahead(desk.database, desk.settings, Choice(**chosen))


def test_days_are_polish_and_both_ends_belong(desk: Desk) -> None:
    """A document taken in a quarter past midnight in Poland belongs to the new day, not to UTC's old one."""
    midnight = datetime(2026, 3, 1, 23, 0, tzinfo=UTC)
    for minutes in (-15, 15):
        add(desk, taken_in_at=midnight + timedelta(minutes=minutes))
    assert desk.plan(taken_in_from=date(2026, 3, 3)).planned == 0
    assert desk.plan(taken_in_to=date(2026, 2, 28)).planned == 0
    assert desk.plan(taken_in_from=date(2026, 3, 2), taken_in_to=date(2026, 3, 2)).planned == 1
    assert desk.plan(taken_in_from=date(2026, 3, 1), taken_in_to=date(2026, 3, 1)).planned == 1


def test_documents_without_a_date_are_not_chosen_by_date(desk: Desk) -> None:
    """Whoever chooses by the date of making leaves out what has none; without dates it is taken."""
    add(desk, effective_at=NOON)
    add(desk, effective_at=None)
    chosen = {"effective_from": date(2026, 3, 2), "effective_to": date(2026, 3, 2)}
    outlook = ahead(desk, **chosen)
    assert (outlook.documents, outlook.by_reason()) == (1, {Reason.NOT_CHOSEN: 1})
    assert desk.plan(**chosen).planned == 1
    assert desk.plan().planned == 1


def test_a_choice_makes_nothing_due(desk: Desk) -> None:
    """Kinds that are off, and documents that are not due, stay though they are named."""
    add(desk, kind="prescription")
    add(desk, due_at=now() + timedelta(days=1))
    assert desk.plan(kinds=(Kind.PRESCRIPTION, Kind.LAB_RESULT)).planned == 0


@pytest.mark.parametrize(
    "chosen",
    [
        {"taken_in_from": date(2026, 3, 2), "taken_in_to": date(2026, 3, 1)},
        {"effective_from": date(2026, 3, 2), "effective_to": date(2026, 3, 1)},
        {"taken_in_from": date(1, 1, 1)},
        {"effective_to": date(9999, 12, 31)},
    ],
)
def test_periods_that_cannot_be_are_refused(chosen: dict[str, date]) -> None:
    """An end before its beginning, or years outside all zones, is told and nothing is done."""
    with pytest.raises(PeriodWrong):
        Choice(**chosen)  # type: ignore[arg-type]


def test_days_of_a_form() -> None:
    """Empty is no day; a day is a day; the 31st of February is refused."""
    assert (read_day(" "), read_day("2026-03-01")) == (None, date(2026, 3, 1))
    with pytest.raises(DayWrong):
        read_day("2026-02-31")


async def test_what_an_earlier_run_began_is_ended_whatever_is_chosen(desk: Desk) -> None:
    """Batches of a run that was cut off are sent by one that chooses something else; the choice holds too."""
    desk.take_in(6, 3)
    desk.cloud.down = True
    await desk.run()
    assert desk.states() == {"queued": 6}
    desk.take_in(4, 2, seed=2)
    desk.cloud.down = False
    kinds = {kind for kind, state in desk.rows(document.c.kind, document.c.state) if state == "local"}
    other = next(kind for kind in Kind if kind.value not in kinds)
    assert ahead(desk, kinds=(other,)).waiting == 6
    planned = desk.plan(kinds=(other,))
    assert (planned.planned, planned.documents) == (0, 6)
    total = summary([await send_batch(desk.cloud, desk.database, one) for one in planned.batches])
    assert total.archived == 6
    assert desk.states() == {"archived": 6, "local": 4}


async def test_a_kind_switched_off_leaves_the_plan(desk: Desk) -> None:
    """Off means never moved, also for what waits since the service did not answer; switched on, it goes."""
    desk.take_in(8, 2)
    desk.cloud.down = True
    await desk.run()
    desk.cloud.down = False
    counts = {kind: 0 for (kind,) in desk.rows(document.c.kind)}
    for (kind,) in desk.rows(document.c.kind):
        counts[kind] += 1
    off = next(iter(counts))
    with desk.database.begin() as connection:
        set_rule(connection, Kind(off), auto_archive=False)
    total = summary(await desk.run())
    assert (total.archived, total.complete) == (8 - counts[off], True)
    assert desk.states() == {"archived": 8 - counts[off], "local": counts[off]}
    assert [row[0] for row in desk.rows(audit_event.c.event)].count("withdrawn") == counts[off]
    assert {row[0] for row in desk.rows(batch.c.state)} == {"finished"}
    assert {row[0] for row in desk.rows(submission.c.state)} <= {"accepted", "failed"}
    with desk.database.begin() as connection:
        set_rule(connection, Kind(off), auto_archive=True)
    await desk.run()
    desk.assert_all_archived_once()


async def test_what_another_archiver_holds_is_left_to_it(desk: Desk) -> None:
    """A change acts on the next run: the one that is going on keeps what is in its hands."""
    desk.take_in(3, 1)
    [batch_id] = desk.plan().batches
    lease = leases.claim(desk.database, batch_id)
    assert lease is not None
    with desk.database.begin() as connection:
        for kind in Kind:
            set_rule(connection, kind, auto_archive=False)
    assert withdraw(desk.database) == 0
    ledger.close(desk.database, lease)
    assert withdraw(desk.database) == 3
    assert desk.states() == {"local": 3}


async def test_a_request_that_arrives_after_its_document_left_the_plan(desk: Desk) -> None:
    """Sent, lost on the way, withdrawn, arrived after all: later it is found, not stored twice."""
    desk.take_in(3, 1)
    [batch_id] = desk.plan().batches
    with desk.database.read() as connection:
        shipments = working.load(connection, batch_id, working.State.QUEUED)
    builder = working.Builder(desk.database, desk.settings, "1.2.3")
    late = [builder.build(one) for one in shipments]
    with desk.database.begin() as connection:
        for kind in Kind:
            set_rule(connection, kind, auto_archive=False)
    desk.plan()
    for one in late:
        desk.cloud.store(one)
    with desk.database.begin() as connection:
        for kind in Kind:
            set_rule(connection, kind, auto_archive=True)
    total = summary(await desk.run())
    assert (total.archived, total.recovered) == (3, 3)
    desk.assert_all_archived_once()


def test_looking_ahead_tells_each_reason_and_changes_nothing(desk: Desk) -> None:
    """Due, off, too early, not chosen, beyond the limit, blocked, refused: each is counted once."""
    add(desk, 3)
    add(desk, 2, kind="attachment")
    add(desk, 1, kind="prescription")
    add(desk, 1, kind="discharge_summary", due_at=now() + timedelta(days=3))
    add(desk, 1, state="blocked")
    add(desk, 1, state="rejected")
    add(desk, 1, state="queued")
    add(desk, 1, state="archived", archived_at=NOON - timedelta(days=90))
    before = desk.states()
    outlook = ahead(desk, kinds=(Kind.LAB_RESULT,), limit=2)
    assert [(one.kind, one.documents, one.bytes) for one in outlook.due] == [("lab_result", 2, 20)]
    assert (outlook.waiting, outlook.documents, outlook.obstacles) == (1, 3, [])
    assert [(one.kind, one.documents) for one in outlook.purge] == [("lab_result", 1)]
    assert outlook.by_reason() == {
        Reason.OFF: 1,
        Reason.LATER: 1,
        Reason.NOT_CHOSEN: 2,
        Reason.LIMIT: 1,
        Reason.BLOCKED: 1,
        Reason.REJECTED: 1,
    }
    [later] = [one for one in outlook.skipped if one.reason is Reason.LATER]
    assert later.earliest is not None
    assert later.earliest > now()
    assert (desk.states(), desk.rows(batch.c.id), desk.cloud.questions) == (before, [], 0)
    assert desk.plan(kinds=(Kind.LAB_RESULT,), limit=2).planned == 2


def test_looking_ahead_names_everything_in_the_way(desk: Desk) -> None:
    """A pause, no account, and each missing code and user by record, all at once."""
    with desk.database.begin() as connection:
        connection.execute(unit.update().values(resort_v=""))
        connection.execute(cell.update().values(resort_viii="", resort_x=""))
        connection.execute(account.delete())
    open_window(desk.database, now() - timedelta(minutes=1), now() + timedelta(hours=1))
    found = ahead(desk).obstacles
    assert [one.code for one in found] == [
        "maintenance.now",
        "archiving.account-missing",
        "structure.incomplete",
    ]
    lines = found[2].cure_pl.splitlines()[1:]
    assert lines == [
        '- jednostka 1 "Zaklad" (units[1]): kod resortowy cz. V (resort_v)',
        '- komórka 1 jednostki 1 "Poradnia POZ" (units[1].cells[1]): kod resortowy cz. VIII (resort_viii)',
        '- komórka 1 jednostki 1 "Poradnia POZ" (units[1].cells[1]): kod resortowy cz. X (resort_x)',
    ]
    assert '- unit 1 "Zaklad" (units[1]): resort code, part V (resort_v)' in found[2].cure_en.splitlines()


def test_no_question_grows_with_the_archive(desk: Desk) -> None:
    """Planning, withdrawing, looking ahead and changing a rule read what is still to go, by its state."""
    plans: list[str] = []

    def note(_1: Any, cursor: Any, words: str, values: Any, _2: Any, many: bool) -> None:
        if "FROM document" in words and not many:
            cursor.execute(f"EXPLAIN QUERY PLAN {words}", values)
            plans.extend(row[-1] for row in cursor.fetchall() if " document " in f"{row[-1]} ")

    sa.event.listen(desk.database.engine, "before_cursor_execute", note)
    ahead(desk, kinds=(Kind.LAB_RESULT,), taken_in_from=date(2026, 1, 1))
    withdraw(desk.database)
    desk.plan()
    with desk.database.begin() as connection:
        for kind in (Kind.LAB_RESULT, Kind.PRESCRIPTION):
            set_rule(connection, kind, auto_archive=True, local_days=3)
            set_rule(connection, kind, auto_archive=False)
    assert len(plans) > 8
    allowed = (
        "ix_document_state_due_at",
        "ix_document_state_kind",
        "ix_document_in_hand",
        "ix_document_kept_since",
        "ix_document_submission_id",
    )
    assert [one for one in plans if not any(index in one for index in allowed)] == []
