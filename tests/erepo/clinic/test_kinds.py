"""Kind rules: the manual's defaults, changes by people, and what they do to waiting documents."""

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from erepo.cda.kinds import KINDS, Kind
from erepo.clinic.database import Database
from erepo.clinic.errors import UnknownKind
from erepo.clinic.kinds import KindRule, parse_kind, read_rules, set_rule
from erepo.clinic.tables import audit_event, document
from tests.support.documents import add_documents

TAKEN = datetime(2026, 3, 1, 12, tzinfo=UTC)

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


def _due(database: Database) -> set[datetime | None]:
    with database.read() as connection:
        return set(connection.execute(sa.select(document.c.due_at)).scalars())


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
    assert events[0].detail == {"auto_archive": True, "local_days": 5}


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
