"""Legal holds, and the report in which they stand apart."""

import pytest
import sqlalchemy as sa

from erepo.clinic.permissions import PermissionMissing
from erepo.clinic.retention import HoldReason, hold, parse_reason, read_report, release_hold
from erepo.clinic.retention.errors import HoldReasonUnknown, NothingFallsDue, YearNotOver
from erepo.clinic.retention.rows import is_held
from erepo.clinic.tables import audit_event, document
from tests.support.chains import version
from tests.support.keeping import Keeper


def test_a_hold_protects_every_version(keeper: Keeper) -> None:
    """Held by one version, due for none of them; free again when its last reason is gone."""
    first, _, other = keeper.bring(version(1), version(2), version(1, name="B", series="S2"))
    database = keeper.desk.database
    with database.begin() as connection:
        assert hold(connection, [first], HoldReason.COURT, "anna") == 1
        assert hold(connection, [first], HoldReason.COURT, "jan") == 0
        assert hold(connection, [first], HoldReason.CLAIM, "jan") == 1
        held = sa.select(sa.func.count()).select_from(document).where(is_held())
        assert connection.execute(held).scalar_one() == 2
        report = read_report(connection, 2050)
    assert (report.due, report.held, report.without_year) == (1, 2, 0)
    assert [(one.kind, one.kept_until, one.due, one.held) for one in report.counts] == [
        ("lab_result", 2046, 1, 2)
    ]
    assert [one.document for one in report.documents if not one.held] == [other]
    with database.begin() as connection:
        assert release_hold(connection, [first], HoldReason.COURT, "anna") == 1
        assert read_report(connection, 2050).held == 2
        assert release_hold(connection, [first], HoldReason.CLAIM, "anna") == 1
        assert read_report(connection, 2050).held == 0
        assert connection.execute(held).scalar_one() == 0
    rows = keeper.desk.rows(audit_event.c.event, audit_event.c.detail)
    assert [row for row in rows if row[0].startswith("hold")] == [
        ("hold_set", {"reason": "court"}),
        ("hold_set", {"reason": "claim"}),
        ("hold_released", {"reason": "court"}),
        ("hold_released", {"reason": "claim"}),
    ]


def test_what_falls_due_falls_due_after_its_year(keeper: Keeper) -> None:
    """Kept until the end of 2046: nothing is due in 2046, all of it in 2047; what is held is not proposed."""
    [one] = keeper.bring(version(1))
    with keeper.desk.database.begin() as connection:
        assert (read_report(connection, 2046).due, read_report(connection, 2047).due) == (0, 1)
        hold(connection, [one], HoldReason.OTHER, "anna")
    with pytest.raises(NothingFallsDue):
        keeper.propose()
    with pytest.raises(YearNotOver):
        keeper.propose(year=2051)


def test_wrong_holds_are_told(keeper: Keeper) -> None:
    """A person without permission and an unknown reason are refused."""
    [one] = keeper.bring(version(1))
    with pytest.raises(HoldReasonUnknown):
        parse_reason("because")
    with keeper.desk.database.begin() as connection:
        for act in (hold, release_hold):
            with pytest.raises(PermissionMissing):
                act(connection, [one], HoldReason.COURT, "ewa")
