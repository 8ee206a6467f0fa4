"""Kind rules: the manual's defaults, changes by people, and what they do to waiting documents."""

import contextlib
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from erepo.cda.kinds import KINDS, Kind
from erepo.clinic.database import Database, open_database
from erepo.clinic.errors import KindUnchanged, LocalDaysWrong, UnknownKind
from erepo.clinic.kinds import (
    KindRule,
    RuleChange,
    change_rule,
    list_rules,
    parse_kind,
    read_rules,
    set_rule,
)
from erepo.clinic.permissions import NoSuchUser, Permission, PermissionMissing, grant
from erepo.clinic.tables import audit_event, document, staff
from erepo.errors import InvalidInput
from tests.support import postgres
from tests.support.documents import add_documents
from tests.support.waiting import until

TAKEN = datetime(2026, 3, 1, 12, tzinfo=UTC)
ARCHIVED = TAKEN + timedelta(days=30, minutes=1)

# Manual 1.1.5: since 7.2.0 these four are off, all others on.
OFF = {
    Kind.PRESCRIPTION,
    Kind.REFERRAL_SPECIALIST,
    Kind.REFERRAL_HOSPITAL,
    Kind.REFERRAL_DIAGNOSTIC_P1,
}


def test_defaults_of_the_manual(clinic_database: Database) -> None:
    """A new database has a rule for each kind; the four kinds processed by P1 are off."""
    with clinic_database.read() as connection:
        rules = read_rules(connection)
    assert list(rules) == list(KINDS)
    assert {kind for kind, rule in rules.items() if not rule.auto_archive} == OFF


def _rule(kind: Kind, *, archive: bool, days: int) -> KindRule:
    return KindRule(kind, archive, days, 20)


@pytest.mark.parametrize(
    ("rule", "due"),
    [
        (_rule(Kind.LAB_RESULT, archive=True, days=30), TAKEN),
        (_rule(Kind.PRESCRIPTION, archive=True, days=30), TAKEN + timedelta(days=30)),
        (_rule(Kind.PRESCRIPTION, archive=True, days=0), TAKEN),
        (_rule(Kind.PRESCRIPTION, archive=False, days=0), None),
        (_rule(Kind.LAB_RESULT, archive=False, days=0), None),
    ],
)
def test_when_a_document_is_due(rule: KindRule, due: datetime | None) -> None:
    """Kinds of P1 wait for their local days, others are due at once, kinds that are off never."""
    assert rule.due_at(TAKEN) == due


_DUE = sa.select(document.c.due_at)


def _due(database: Database) -> set[datetime | None]:
    with database.read() as connection:
        return set(connection.execute(_DUE).scalars())


def test_a_change_reaches_waiting_documents(clinic_database: Database) -> None:
    """Switching a kind on or off, or its days, acts on local documents of that kind and is recorded."""
    with clinic_database.begin() as connection:
        add_documents(connection, 2, kind="prescription", taken_in_at=TAKEN)
        rule = set_rule(connection, Kind.PRESCRIPTION, auto_archive=True, local_days=5, actor="admin")
    assert (rule.auto_archive, rule.local_days) == (True, 5)
    assert _due(clinic_database) == {TAKEN + timedelta(days=5)}
    with clinic_database.begin() as connection:
        set_rule(connection, Kind.PRESCRIPTION, local_days=0)
    assert _due(clinic_database) == {TAKEN}
    with clinic_database.begin() as connection:
        set_rule(connection, Kind.PRESCRIPTION, auto_archive=False)
    assert _due(clinic_database) == {None}
    with clinic_database.read() as connection:
        events = connection.execute(sa.select(audit_event).order_by(audit_event.c.id)).all()
    assert [(row.event, row.subject_id) for row in events] == [("kind_rule_changed", "prescription")] * 3
    assert events[0].actor == "admin"
    before = {"auto_archive": False, "local_days": 30}
    assert events[0].detail == {"auto_archive": True, "local_days": 5, "before": before}


@pytest.mark.parametrize("state", ["local", "rejected", "blocked"])
@pytest.mark.parametrize("origin", ["own", "foreign"])
def test_a_change_reaches_all_that_may_still_go(clinic_database: Database, state: str, origin: str) -> None:
    """Off and on again, other days meanwhile: the date is that of the rule now, wherever it came from."""
    with clinic_database.begin() as connection:
        add_documents(connection, 1, kind="prescription", state=state, origin=origin, taken_in_at=TAKEN)
        add_documents(connection, 1, kind="lab_result", state=state, origin=origin, taken_in_at=TAKEN)
        for kind in (Kind.PRESCRIPTION, Kind.LAB_RESULT):
            set_rule(connection, kind, auto_archive=True)
            set_rule(connection, kind, auto_archive=False)
            set_rule(connection, kind, local_days=7)
            assert set(connection.execute(_DUE.where(document.c.kind == kind)).scalars()) == {None}
            set_rule(connection, kind, auto_archive=True)
    assert _due(clinic_database) == {TAKEN, TAKEN + timedelta(days=7)}


def test_days_of_kinds_that_are_due_at_once_date_nothing(clinic_database: Database) -> None:
    """Their days tell how long content stays after archiving, not when a document goes."""
    with clinic_database.begin() as connection:
        add_documents(connection, 1, kind="lab_result", taken_in_at=TAKEN, due_at=TAKEN)
        set_rule(connection, Kind.LAB_RESULT, local_days=0)
        set_rule(connection, Kind.LAB_RESULT, local_days=400)
    assert _due(clinic_database) == {TAKEN}


@pytest.mark.parametrize(
    ("kind", "days", "end"),
    [
        (Kind.LAB_RESULT, 30, ARCHIVED + timedelta(days=30)),
        (Kind.LAB_RESULT, 0, ARCHIVED + timedelta(days=1)),
        (Kind.PRESCRIPTION, 30, ARCHIVED + timedelta(days=1)),
        (Kind.PRESCRIPTION, 60, TAKEN + timedelta(days=60)),
    ],
)
def test_until_when_content_stays(kind: Kind, days: int, end: datetime) -> None:
    """Kinds of P1 have spent their days before archiving; everything stays for a day after it."""
    assert _rule(kind, archive=True, days=days).stays_until(TAKEN, ARCHIVED) == end
    assert _rule(kind, archive=False, days=days).stays_until(TAKEN, ARCHIVED) is None


def test_a_person_needs_the_permission(clinic_database: Database) -> None:
    """With it the change bears the person's login, without it nothing changes, nor for a stranger."""
    change = RuleChange("prescription", auto_archive=True, local_days=5)
    with clinic_database.begin() as connection:
        for login in ("anna", "bob"):
            connection.execute(staff.insert().values(login=login))
        grant(connection, "anna", Permission.SET_KINDS, actor="admin")
        for login, refusal in (("bob", PermissionMissing), ("eve", NoSuchUser)):
            with pytest.raises(refusal):
                change_rule(connection, change, login=login)
        assert not read_rules(connection)[Kind.PRESCRIPTION].auto_archive
        assert change_rule(connection, change, login="anna").local_days == 5
        change_rule(connection, RuleChange("Prescription", local_days=6))
        assert [one.kind for one in list_rules(connection)] == list(KINDS)
    with clinic_database.read() as connection:
        question = sa.select(audit_event.c.actor).where(audit_event.c.event == "kind_rule_changed")
        actors = connection.execute(question.order_by(audit_event.c.id)).scalars().all()
    assert actors == ["anna", "administrator"]


@pytest.mark.parametrize(
    ("change", "error"),
    [
        (RuleChange("novel", auto_archive=True), UnknownKind),
        (RuleChange("prescription"), KindUnchanged),
        (RuleChange("prescription", local_days=-1), LocalDaysWrong),
        (RuleChange("prescription", local_days=36_501), LocalDaysWrong),
    ],
)
def test_changes_that_cannot_be_are_refused(
    clinic_database: Database, change: RuleChange, error: type[InvalidInput]
) -> None:
    """An unknown kind, nothing to change, days outside the range: a typed error in both languages."""
    with clinic_database.begin() as connection, pytest.raises(error) as caught:
        change_rule(connection, change)
    assert all(caught.value.explain("pl"))


def test_a_change_waits_for_those_who_date_documents_by_the_rule() -> None:
    """On PostgreSQL: a document dated by the old rule and committed afterwards is dated anew all the same."""
    with postgres.database() as url, contextlib.closing(open_database(url)) as database:
        database.upgrade()
        with ThreadPoolExecutor(1) as threads:
            with database.begin() as taking_in:
                rule = read_rules(taking_in, hold=True)[Kind.PRESCRIPTION]
                add_documents(taking_in, 1, kind="prescription", taken_in_at=TAKEN, due_at=rule.due_at(TAKEN))
                changing = threads.submit(_switch_on, database)
                until(lambda: _waits(database))
            changing.result(60)
        assert _due(database) == {TAKEN + timedelta(days=30)}


def _switch_on(database: Database) -> None:
    with database.begin() as connection:
        set_rule(connection, Kind.PRESCRIPTION, auto_archive=True)


def _waits(database: Database) -> bool:
    question = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
    with database.read() as connection:
        return bool(connection.execute(sa.text(question)).scalar())


def test_a_change_leaves_others_alone(clinic_database: Database) -> None:
    """Documents of other kinds, and those already on their way, keep their dates."""
    with clinic_database.begin() as connection:
        add_documents(connection, 1, kind="lab_result", due_at=TAKEN)
        add_documents(connection, 1, kind="prescription", state="archived", due_at=TAKEN)
        set_rule(connection, Kind.PRESCRIPTION, auto_archive=True, local_days=9)
        set_rule(connection, Kind.PRESCRIPTION, auto_archive=False)
    assert _due(clinic_database) == {TAKEN}


def test_changing_nothing_is_no_event(clinic_database: Database) -> None:
    """Setting what is set already leaves no trace."""
    with clinic_database.begin() as connection:
        set_rule(connection, Kind.LAB_RESULT, auto_archive=True)
        assert connection.execute(sa.select(sa.func.count()).select_from(audit_event)).scalar() == 0


def test_upgrade_keeps_what_people_set(clinic_database: Database) -> None:
    """Starting again does not bring the defaults back."""
    with clinic_database.begin() as connection:
        set_rule(connection, Kind.LAB_RESULT, auto_archive=False, local_days=1)
    clinic_database.upgrade()
    with clinic_database.read() as connection:
        assert read_rules(connection)[Kind.LAB_RESULT] == _rule(Kind.LAB_RESULT, archive=False, days=1)


def test_names_of_kinds() -> None:
    """Dashes and capitals do not matter in the name of a kind; an unknown one is refused with the list."""
    assert parse_kind("Lab-Result") is Kind.LAB_RESULT
    with pytest.raises(UnknownKind, match="lab_result"):
        parse_kind("novel")
